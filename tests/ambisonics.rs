//! The Ambisonic bus against the heads that it is decoded for.
#![cfg(feature = "sofa")]

#[path = "reference/field.rs"]
mod field;
mod reference;

use field::{BANDS, Diffuse, band_powers, centre, hear, lines, time_difference};
use periphon::ambisonics::{Decoder, DecoderFilters, DesignOptions, Rotator, channels, encode};
use periphon::coords::{Rotation, Vec3};
use periphon::hrtf::HrtfSet;
use reference::{Noise, convolve, difference_db};
use std::sync::{Arc, LazyLock};

const RATE: f64 = 48_000.0;

static KU100: LazyLock<Arc<HrtfSet>> = LazyLock::new(|| periphon::hrtf::open("ku100", RATE).unwrap());
static KEMAR: LazyLock<Arc<HrtfSet>> = LazyLock::new(|| periphon::hrtf::open("kemar", RATE).unwrap());

/// Level error of both ears, dB, and coherence error, by third octave.
fn diffuse_errors(filters: &DecoderFilters, truth: &Diffuse) -> (Vec<f64>, Vec<f64>) {
    let (got, want) = (Diffuse::of_decoder(filters).bands(), truth.bands());
    let level = |g: f64, w: f64| 10.0 * (g / w).log10();
    got.iter()
        .zip(&want)
        .map(|(g, w)| {
            let (l, r) = (level(g.left, w.left), level(g.right, w.right));
            (if l.abs() > r.abs() { l } else { r }, g.coherence() - w.coherence())
        })
        .unzip()
}

fn most(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |m, x| m.max(x.abs()))
}

fn mean(x: &[f64]) -> f64 {
    x.iter().map(|x| x.abs()).sum::<f64>() / x.len() as f64
}

#[test]
fn report() {
    for (name, set) in [("ku100", &*KU100), ("kemar", &*KEMAR)] {
        let truth = Diffuse::of_set(set, 0);
        println!("{name} {:.1?}", truth.bands().iter().map(|b| 10.0 * (b.left / truth.bands()[13].left).log10()).collect::<Vec<_>>());
        for order in [3] {
            let t = std::time::Instant::now();
            let filters = DecoderFilters::design_with(set, order, &DesignOptions { taps: std::env::var("TAPS").ok().map(|s| s.parse().unwrap()), ..DesignOptions::default() }).unwrap();
            let took = t.elapsed().as_secs_f64() * 1e3;
            let (level, coherence) = diffuse_errors(&filters, &truth);
            println!("{name} {} {level:.2?} {coherence:.3?}", filters.taps());
            let q = quality(set, &filters);
            println!(
                "{name} {order}: level max {:.2} mean {:.2} dB, coherence max {:.3} mean {:.3}, LSD {:.2} dB, ILD {:.2} dB, ITD max {:.1} mean {:.1} us; {took:.0} ms",
                 most(&level), mean(&level), most(&coherence), mean(&coherence), q.lsd, q.ild, q.itd_max * 1e6, q.itd_mean * 1e6
            );
        }
    }
}

struct Quality {
    lsd: f64,
    ild: f64,
    itd_max: f64,
    itd_mean: f64,
}

/// Plane waves from measured directions against the set itself.
fn quality(set: &HrtfSet, filters: &DecoderFilters) -> Quality {
    let lines = lines(filters);
    let mut t = field::Transform::new();
    let directions = set.shells()[0].mesh.directions();
    let mut q = Quality { lsd: 0.0, ild: 0.0, itd_max: 0.0, itd_mean: 0.0 };
    // Every seventh measured direction, none of those that were made up.
    let chosen: Vec<usize> = (0..set.measured()).step_by(7).collect();
    for v in &chosen {
        let got = hear(&lines, directions[*v]);
        let want = [t.of(set.response(*v as u32, 0)), t.of(set.response(*v as u32, 1))];
        let powers = |x: &[field::Line; 2]| x.each_ref().map(|x| band_powers(x, set.sample_rate()));
        let (g, w) = (powers(&got), powers(&want));
        // 200 Hz to 16 kHz.
        let bands = 6..BANDS;
        let count = bands.len() as f64;
        for ear in 0..2 {
            let square: f64 = bands.clone().map(|b| (10.0 * (g[ear][b] / w[ear][b]).log10()).powi(2)).sum();
            q.lsd += (square / count).sqrt() / 2.0;
        }
        q.ild += bands.map(|b| 10.0 * (g[0][b] * w[1][b] / (g[1][b] * w[0][b])).log10().abs()).sum::<f64>() / count;
        let e = (time_difference(&got, set.sample_rate()) - time_difference(&want, set.sample_rate())).abs();
        q.itd_max = q.itd_max.max(e);
        q.itd_mean += e;
    }
    let n = chosen.len() as f64;
    Quality { lsd: q.lsd / n, ild: q.ild / n, itd_max: q.itd_max, itd_mean: q.itd_mean / n }
}

/// Noise in every channel.
fn noise_bus(order: usize, frames: usize) -> Vec<Vec<f32>> {
    let mut noise = Noise(5);
    (0..channels(order)).map(|_| noise.vec(frames)).collect()
}

fn decode(decoder: &mut Decoder, bus: &[Vec<f32>], blocks: &[usize]) -> [Vec<f32>; 2] {
    let frames = bus[0].len();
    let mut out = [vec![0.0; frames], vec![0.0; frames]];
    let (mut at, mut i) = (0, 0);
    while at < frames {
        let n = blocks[i % blocks.len()].min(frames - at);
        let part: Vec<&[f32]> = bus.iter().map(|c| &c[at..at + n]).collect();
        let [left, right] = &mut out;
        decoder.process(&part, &mut left[at..at + n], &mut right[at..at + n]);
        (at, i) = (at + n, i + 1);
    }
    out
}

#[test]
fn decoding_is_direct_convolution_for_any_blocks() {
    for (set, order) in [(&*KU100, 1), (&*KU100, 3), (&*KEMAR, 3), (&*KU100, 7)] {
        let filters = Arc::new(DecoderFilters::design(set, order).unwrap());
        let bus = noise_bus(order, 3000);
        let want: [Vec<f64>; 2] = std::array::from_fn(|ear| {
            let mut sum = vec![0.0; 3000];
            for (c, x) in bus.iter().enumerate() {
                let y = convolve(x, filters.filter(c, ear), 3000);
                sum.iter_mut().zip(y).for_each(|(s, y)| *s += y);
            }
            sum
        });
        for (max, blocks) in
            [(256, &[256][..]), (64, &[64]), (1, &[1, 2, 3]), (4096, &[4096]), (300, &[300, 7, 1, 64, 299]), (32, &[1000])]
        {
            let got = decode(&mut Decoder::new(&filters, max).unwrap(), &bus, blocks);
            for ear in 0..2 {
                let d = difference_db(&got[ear], &want[ear]);
                assert!(d < -120.0, "order {order}, blocks {blocks:?}, ear {ear}: {d:.1} dB");
            }
        }
    }
}
