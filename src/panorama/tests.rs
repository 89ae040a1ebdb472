use super::decompose::{Decomposer, Options};
use super::parts::PartsLayout;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

fn noise(frames: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..frames).map(|_| 0.25 * next()).collect()
}

fn tone(frames: usize, hz: f64, rate: f64) -> Vec<f32> {
    (0..frames).map(|n| (0.3 * (TAU * hz * n as f64 / rate).sin()) as f32).collect()
}

fn panned(x: &[f32], pan: f64) -> [Vec<f32>; 2] {
    let (sin, cos) = ((pan + 1.0) * PI / 4.0).sin_cos();
    [cos, sin].map(|g| x.iter().map(|x| g as f32 * x).collect())
}

fn plus(a: &[Vec<f32>; 2], b: &[Vec<f32>; 2]) -> [Vec<f32>; 2] {
    std::array::from_fn(|c| a[c].iter().zip(&b[c]).map(|(a, b)| a + b).collect())
}

fn energy(x: &[f32]) -> f64 {
    x.iter().map(|x| f64::from(*x).powi(2)).sum()
}

fn peak(x: &[Vec<f32>; 2]) -> f32 {
    x.iter().flatten().fold(0.0, |m, x| m.max(x.abs()))
}

/// All parts of a signal, in step with it.
fn parts(x: &[Vec<f32>; 2], rate: f64, sectors: usize, blocks: &[usize]) -> Vec<Vec<f32>> {
    let mut decomposer = Decomposer::new(rate, &Options { sectors }).unwrap();
    let late = decomposer.latency_frames();
    let frames = x[0].len();
    let [left, right] = x.clone().map(|mut x| {
        x.resize(frames + late, 0.0);
        x
    });
    let mut all = vec![vec![0.0f32; frames + late]; sectors + 2];
    let (mut at, mut turn) = (0, 0);
    while at < frames + late {
        let to = (at + blocks[turn % blocks.len()]).min(frames + late);
        let mut out: Vec<&mut [f32]> = all.iter_mut().map(|p| &mut p[at..to]).collect();
        decomposer.process(&left[at..to], &right[at..to], &mut out);
        (at, turn) = (to, turn + 1);
    }
    // A part may begin before its sound does, as its mirror image in another one: together they are silent.
    let layout = PartsLayout::new(sectors).unwrap();
    let (mut early, mut other) = (vec![0.0; late], vec![0.0; late]);
    layout.add_up(&all, |_| true, &mut early, &mut other);
    assert!(early.iter().chain(&other).all(|y| y.abs() < 1e-5 * peak(x)), "nothing sounds before it may");
    all.into_iter().map(|p| p[late..].to_vec()).collect()
}

/// Mixtures of all kinds: panned tones and noise, ambience, mono, one side only, out of phase, silence between.
fn mixtures(frames: usize, rate: f64) -> Vec<[Vec<f32>; 2]> {
    let ambience = [noise(frames, 1), noise(frames, 2)];
    let voice = panned(&tone(frames, 700.0, rate), 0.0);
    let side = panned(&noise(frames, 3), -0.6);
    let mut gated = side.clone();
    gated.iter_mut().for_each(|c| c[frames / 3..frames / 2].fill(0.0));
    let mono = noise(frames, 4);
    let inverse: Vec<f32> = mono.iter().map(|x| -x).collect();
    vec![
        plus(&plus(&ambience, &voice), &side),
        gated,
        [mono.clone(), mono.clone()],
        [vec![0.0; frames], mono.clone()],
        [mono, inverse],
        ambience,
    ]
}

#[test]
fn the_parts_add_up_to_the_input() {
    for rate in [8_000.0, 44_100.0, 96_000.0] {
        for sectors in [3, 5, 7, 9] {
            for x in mixtures(9_000, rate) {
                let parts = parts(&x, rate, sectors, &[512]);
                let layout = PartsLayout::new(sectors).unwrap();
                let mut sum = [vec![0.0; 9_000], vec![0.0; 9_000]];
                let [left, right] = &mut sum;
                layout.add_up(&parts, |_| true, left, right);
                let error: f64 =
                    (0..2).map(|c| energy(&sum[c].iter().zip(&x[c]).map(|(a, b)| a - b).collect::<Vec<_>>())).sum();
                let db = 10.0 * (error / (energy(&x[0]) + energy(&x[1]))).log10();
                assert!(db < -125.0, "{sectors} at {rate}: {db:.1} dB");
            }
        }
    }
}

#[test]
fn blocks_of_any_length_give_the_same_bits() {
    let x = &mixtures(7_000, 48_000.0)[0];
    let whole = parts(x, 48_000.0, 7, &[8_192]);
    for blocks in [&[1][..], &[64], &[255, 1, 777], &[256, 4_096]] {
        assert!(parts(x, 48_000.0, 7, blocks) == whole, "{blocks:?}");
    }
}

#[test]
fn a_sound_goes_where_it_is_panned() {
    for sectors in [3, 5, 7, 9] {
        let layout = PartsLayout::new(sectors).unwrap();
        for sector in 0..sectors {
            let x = panned(&noise(20_000, 9), layout.pan(sector));
            let parts = parts(&x, 48_000.0, sectors, &[1_000]);
            let all: f64 = energy(&x[0]) + energy(&x[1]);
            let own = energy(&parts[sector]) / all;
            // The bass is the centre's: 160 of 24000 Hz.
            assert!(own > 0.98, "{sector} of {sectors}: {own:.3}");
            let ambience: f64 = layout.ambience().iter().map(|a| energy(&parts[*a])).sum();
            assert!(ambience < 0.01 * all, "{sector} of {sectors}: {:.4} is ambience", ambience / all);
        }
    }
}

#[test]
fn an_onset_begins_in_all_parts_when_it_begins() {
    // Bursts on the left over a chord in the middle, and the same chord without them.
    let (rate, frames) = (48_000.0, 60_000);
    let chord: Vec<f32> = (0..frames)
        .map(|n| {
            [220.0, 277.2, 329.6, 1108.7, 3135.0].map(|f| 0.005 * (TAU * f * n as f64 / rate).sin()).iter().sum::<f64>()
                as f32
        })
        .collect();
    let at: Vec<usize> = (1..7).map(|i| 8_000 * i + 37 * i * i).collect();
    let mut bursts = vec![0.0f32; frames];
    let grain = noise(2_000, 11);
    for at in &at {
        for n in 0..2_000 {
            bursts[at + n] += 4.0 * grain[n] * (-(n as f32) / 200.0).exp();
        }
    }
    let out = parts(&plus(&panned(&chord, 0.0), &panned(&bursts, -2.0 / 3.0)), rate, 7, &[480]);
    let mut own = 0.0;
    let mut before = [0.0f64; 9];
    for at in at {
        own += energy(&out[1][at..at + 480]);
        for (part, sum) in before.iter_mut().enumerate().filter(|(p, _)| *p != 3) {
            // The chord has left the other parts well before the onset, if it was there at all.
            *sum += energy(&out[part][at - 900..at - 48]);
        }
    }
    let db = 10.0 * (before.iter().sum::<f64>() / own).log10();
    assert!(db < -32.0, "{db:.1} dB");
}

#[test]
fn mono_is_the_centre_and_nothing_else() {
    let x = noise(20_000, 5);
    let parts = parts(&[x.clone(), x.clone()], 48_000.0, 7, &[480]);
    for (part, signal) in parts.iter().enumerate().filter(|(p, _)| *p != 3) {
        let db = 10.0 * (energy(signal) / energy(&x)).log10();
        assert!(db < -110.0, "part {part}: {db:.1} dB");
    }
}

#[test]
fn what_is_out_of_phase_or_unlike_is_ambience() {
    let x = noise(30_000, 6);
    let inverse: Vec<f32> = x.iter().map(|x| -x).collect();
    let out = parts(&[x.clone(), inverse], 48_000.0, 7, &[480]);
    let direct: f64 = out[..7].iter().map(|p| energy(p)).sum();
    assert!(direct < 1e-9 * energy(&x), "{direct:e}");
    let unlike = [noise(30_000, 7), noise(30_000, 8)];
    let out = parts(&unlike, 48_000.0, 7, &[480]);
    let ambience = (energy(&out[7]) + energy(&out[8])) / (energy(&unlike[0]) + energy(&unlike[1]));
    assert!(ambience > 0.5, "{ambience:.2}");
}

#[test]
fn low_bass_stays_in_one_piece() {
    let x = panned(&tone(24_000, 50.0, 48_000.0), -0.9);
    let out = parts(&x, 48_000.0, 7, &[480]);
    let settled = |p: &[f32]| energy(&p[4_000..]);
    for sector in (0..7).filter(|s| *s != 3) {
        assert!(settled(&out[sector]) < 1e-3 * settled(&x[0]), "sector {sector}");
    }
}

#[test]
fn reset_is_as_new_and_damage_is_silence() {
    let x = &mixtures(3_000, 48_000.0)[0];
    let mut d = Decomposer::new(48_000.0, &Options::default()).unwrap();
    let mut first = vec![vec![0.0f32; 3_000]; 9];
    d.process(&x[0], &x[1], &mut first);
    let mut damaged = x.clone();
    for (i, bad) in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30].into_iter().enumerate() {
        damaged[i % 2][100 * i + 7] = bad;
    }
    let mut out = vec![vec![0.0f32; 3_000]; 9];
    d.process(&damaged[0], &damaged[1], &mut out);
    assert_eq!(d.non_finite(), 4);
    assert!(out.iter().flatten().all(|x| x.is_finite()));
    d.reset();
    d.process(&x[0], &x[1], &mut out);
    assert!(out == first);
    assert_eq!(d.non_finite(), 0);
}

#[test]
fn the_loudest_sound_that_counts_and_the_softest_are_taken_apart() {
    for rate in [8_000.0, 384_000.0] {
        for level in [1e6f32, 1e-6] {
            let x = panned(&noise(40_000, 3), 1.0).map(|c| c.iter().map(|x| 4.0 * x * level).collect::<Vec<f32>>());
            let out = parts(&x, rate, 3, &[4_096]);
            assert!(out.iter().flatten().all(|x| x.is_finite()));
            assert!(energy(&out[2]) > 0.95 * energy(&x[1]), "{rate} {level}");
        }
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    for (rate, sectors) in [(7_999.0, 7), (f64::NAN, 7), (400_000.0, 7), (48_000.0, 4), (48_000.0, 0), (48_000.0, 11)] {
        assert!(Decomposer::new(rate, &Options { sectors }).is_err(), "{rate} {sectors}");
    }
}

/// The definition, in double precision: sums instead of transforms, angles instead of cosines.
fn literal(x: &[Vec<f32>; 2], rate: f64, sectors: usize) -> Vec<Vec<f64>> {
    let len = (1024.0 * (rate / 46_000.0).log2().round().exp2()) as usize;
    let (hop, bins, frames) = (len / 4, len / 2 + 1, x[0].len());
    let sample = |c: usize, n: isize| usize::try_from(n).ok().and_then(|n| x[c].get(n)).map_or(0.0, |x| f64::from(*x));
    let window = |n: usize| (PI * n as f64 / len as f64).sin();
    let mirrored = |v: &[f64], k: usize| {
        let at = |k: isize| v[if k.unsigned_abs() < v.len() { k.unsigned_abs() } else { v.len() - 2 }];
        0.5 * at(k as isize) + 0.25 * (at(k as isize - 1) + at(k as isize + 1))
    };
    let keep = (-(hop as f64) / (0.03 * rate)).exp();
    let hold = 10f64.powf(-6.0 * hop as f64 / rate);
    let mut smooth = vec![[0.0f64; 3]; bins];
    let mut held = vec![0.0; bins];
    // Transforms are padded to sixteens with silence.
    let bands = bins.div_ceil(16);
    let (mut past, mut jumps) = (vec![0.0; bands], Vec::<Vec<f64>>::new());
    let mut out = vec![vec![0.0; frames]; sectors];
    let mut start = hop as isize - len as isize;
    while start < frames as isize {
        let spectra: Vec<Vec<(f64, f64)>> = (0..2)
            .map(|c| {
                (0..bins)
                    .map(|k| {
                        (0..len).fold((0.0, 0.0), |(re, im), n| {
                            let (sin, cos) = (TAU * (k * n % len) as f64 / len as f64).sin_cos();
                            let y = window(n) * sample(c, start + n as isize);
                            (re + y * cos, im - y * sin)
                        })
                    })
                    .collect()
            })
            .collect();
        let scale = 1.0 / (len * len) as f64;
        let product = |a: (f64, f64), b: (f64, f64)| (a.0 * b.0 + a.1 * b.1) * scale;
        let raw: [Vec<f64>; 3] =
            [(0, 0), (1, 1), (0, 1)].map(|(a, b)| (0..bins).map(|k| product(spectra[a][k], spectra[b][k])).collect());
        let mut decay = vec![0.0; bins];
        for k in 0..bins {
            for q in 0..3 {
                smooth[k][q] = keep * smooth[k][q] + (1.0 - keep) * mirrored(&raw[q], k);
            }
            let power = mirrored(&raw[0], k) + mirrored(&raw[1], k);
            decay[k] = (0.12 * held[k] / (power + 1e-20)).min(1.0);
            held[k] = hold * held[k] + (1.0 - hold) * power;
        }
        let wide: [Vec<f64>; 3] = raw.each_ref().map(|raw| {
            let sums: Vec<f64> = (0..bands).map(|b| raw.iter().skip(16 * b).take(16).sum()).collect();
            let at = |b: isize| {
                sums[if b < 0 {
                    1
                } else if b as usize >= bands {
                    bands - 2
                } else {
                    b as usize
                }]
            };
            (0..bands as isize).map(|b| 0.5 * at(b) + 0.25 * (at(b - 1) + at(b + 1))).collect()
        });
        let jump = (0..bands).map(|b| {
            let power = wide[0][b] + wide[1][b];
            let jump = (power / (past[b] + 1e-20) - 1.5) / 2.5;
            past[b] = keep * past[b] + (1.0 - keep) * power;
            jump.clamp(0.0, 1.0)
        });
        jumps.push(jump.collect());
        let last = &jumps[jumps.len().saturating_sub(4)..];
        let onset: Vec<f64> = (0..bands).map(|b| last.iter().fold(0.0, |m, j| j[b].max(m))).collect();
        let between = |v: &[f64], k: usize| {
            let x = ((k as f64 - 7.5) / 16.0).clamp(0.0, (bands - 1) as f64);
            let b = (x as usize).min(bands - 2);
            v[b] + (x - b as f64) * (v[b + 1] - v[b])
        };
        let mut masks = vec![vec![0.0; bins]; sectors];
        for k in 0..bins {
            let o = between(&onset, k);
            let [ll, rr, lr] = std::array::from_fn(|q| (1.0 - o) * smooth[k][q] + o * between(&wide[q], k));
            let lr = f64::max(lr, 0.0);
            let excess = (ll - rr).hypot(2.0 * lr);
            let old = (1.0 - o) * mirrored(&decay, k);
            let (low, high) = (0.3 + 0.6 * old, 0.95 + 0.049 * old);
            let t = ((excess / (ll + rr + 1e-20) - low) / (high - low)).clamp(0.0, 1.0);
            let hz = k as f64 * rate / len as f64;
            let o = (hz.max(1.0) / 80.0).log2().clamp(0.0, 1.0);
            let (direct, open) = (t * t * (3.0 - 2.0 * t), o * o * (3.0 - 2.0 * o));
            let angle = if excess > 0.0 { (2.0 * lr).atan2(ll - rr) } else { FRAC_PI_2 };
            let direction = angle / PI * (sectors - 1) as f64;
            for (s, mask) in masks.iter_mut().enumerate() {
                let near = ((0.5 - (direction - s as f64).abs()) * 3.0 + 0.5).clamp(0.0, 1.0);
                mask[k] = near * direct * open + if s == sectors / 2 { 1.0 - open } else { 0.0 };
            }
        }
        for (s, mask) in masks.iter().enumerate() {
            let angle = s as f64 / (sectors - 1) as f64 * FRAC_PI_2;
            let picked: Vec<(f64, f64)> = (0..bins)
                .map(|k| {
                    let along = |l: f64, r: f64| mask[k] * (angle.cos() * l + angle.sin() * r);
                    let (l, r) = (spectra[0][k], spectra[1][k]);
                    (along(l.0, r.0), along(l.1, r.1))
                })
                .collect();
            for n in 0..len {
                let Some(y) = usize::try_from(start + n as isize).ok().and_then(|n| out[s].get_mut(n)) else {
                    continue;
                };
                let sum: f64 = (0..bins)
                    .map(|k| {
                        let (sin, cos) = (TAU * (k * n % len) as f64 / len as f64).sin_cos();
                        let both = if k == 0 || k == len / 2 { 1.0 } else { 2.0 };
                        both * (picked[k].0 * cos - picked[k].1 * sin)
                    })
                    .sum();
                *y += window(n) * sum / len as f64 / 2.0;
            }
        }
        start += hop as isize;
    }
    out
}

#[test]
fn the_decomposition_is_its_definition() {
    let rate = 8_000.0;
    for x in &mixtures(1_500, rate)[..2] {
        let fast = parts(x, rate, 5, &[100]);
        let slow = literal(x, rate, 5);
        let all = energy(&x[0]) + energy(&x[1]);
        for sector in 0..5 {
            let error: f64 = fast[sector].iter().zip(&slow[sector]).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum();
            let db = 10.0 * (error / all).log10();
            assert!(db < -95.0, "sector {sector}: {db:.1} dB");
        }
    }
}
