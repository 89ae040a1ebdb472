//! The balance against what ears would get, heard in full: parts convolved with responses made here.

use super::*;
use crate::panorama::{Decomposer, Options};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;
use std::f64::consts::{PI, TAU};

const RATE: f64 = 48_000.0;

fn noise(frames: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..frames).map(|_| 0.2 * next()).collect()
}

/// What is below about 500 Hz of a sound, or what is above.
fn split(x: &[f32], low: bool) -> Vec<f32> {
    let mut state = 0.0;
    let one = |x: &f32| {
        state += 0.065 * (x - state);
        if low { 4.0 * state } else { x - state }
    };
    x.iter().map(one).collect()
}

fn add_panned(sum: &mut [Vec<f32>; 2], x: &[f32], pan: f64, gain: f32) {
    let (sin, cos) = ((pan + 1.0) * PI / 4.0).sin_cos();
    for (sum, g) in sum.iter_mut().zip([cos, sin]) {
        sum.iter_mut().zip(x).for_each(|(s, x)| *s += gain * g as f32 * x);
    }
}

/// A voice in the middle, a bright player at the side, bass that the channels have unlike, ambience.
fn song(frames: usize) -> [Vec<f32>; 2] {
    let mut mix = [split(&noise(frames, 1), true), split(&noise(frames, 2), true)];
    for (x, unlike) in mix.iter_mut().zip([3, 4]) {
        x.iter_mut().zip(noise(frames, unlike)).for_each(|(x, y)| *x += 0.1 * y);
    }
    add_panned(&mut mix, &noise(frames, 5), 0.0, 1.0);
    add_panned(&mut mix, &split(&noise(frames, 6), false), -0.7, 1.0);
    mix
}

/// A head and places in a nutshell: the farther ear later, and darker above 1 kHz; the sides brighter than the middle.
fn places(decomposer: &Decomposer) -> Vec<Pair> {
    let layout = decomposer.layout();
    let one = |part: usize| -> Pair {
        let side = if part >= layout.sectors() {
            1.2 * (2.0 * (part - layout.sectors()) as f64 - 1.0)
        } else {
            layout.pan(part)
        };
        [-1.0, 1.0].map(|ear: f64| {
            let far = (-side * ear).max(0.0);
            let mut response = vec![0.0f32; 80];
            let at = (20.0 + 15.0 * far - 15.0 * (side * ear).max(0.0)) as usize;
            // The farther ear loses treble, the places at the side gain some.
            let dark = 0.8f32 * far as f32;
            let mut level = 1.0;
            for n in 0..40 {
                response[at + n] += level * (1.0 - dark);
                level *= dark;
            }
            response[at + 1] -= 0.4 * side.abs() as f32;
            response
        })
    };
    (0..layout.len()).map(one).collect()
}

/// All parts of a song, in blocks of these lengths in turn, with a balance that listens, or without.
fn opened(x: &[Vec<f32>; 2], mut balance: Option<&mut Balance>, blocks: &[usize]) -> Vec<Vec<f32>> {
    let mut decomposer = Decomposer::new(RATE, &Options::default()).unwrap();
    let layout = decomposer.layout();
    let mut step = vec![vec![0.0; decomposer.hop_frames()]; layout.len()];
    let mut all = vec![Vec::new(); layout.len()];
    let (mut at, mut turn) = (0, 0);
    while at < x[0].len() {
        let block = (at + blocks[turn % blocks.len()]).min(x[0].len());
        turn += 1;
        while at < block {
            let to = block.min(at + decomposer.frames_to_hop());
            let (left, right) = (&x[0][at..to], &x[1][at..to]);
            match &mut balance {
                Some(balance) => {
                    decomposer.process_with(left, right, &mut step, balance.gains());
                    balance.listen(&step, to - at);
                }
                None => decomposer.process(left, right, &mut step),
            }
            all.iter_mut().zip(&step).for_each(|(all, step)| all.extend(&step[..to - at]));
            at = to;
        }
    }
    all
}

fn new_balance() -> Balance {
    let decomposer = Decomposer::new(RATE, &Options::default()).unwrap();
    Balance::new(RATE, &decomposer, &places(&decomposer), &[])
}

fn heard(parts: &[Vec<f32>], places: &[Pair]) -> [Vec<f32>; 2] {
    let mut ears = [vec![0.0; parts[0].len()], vec![0.0; parts[0].len()]];
    for (part, place) in parts.iter().zip(places) {
        for (ear, response) in ears.iter_mut().zip(place) {
            for (late, h) in response.iter().enumerate().filter(|(_, h)| **h != 0.0) {
                ear[late..].iter_mut().zip(part).for_each(|(y, x)| *y += h * x);
            }
        }
    }
    ears
}

/// Powers of both together and of the mono sum in the third octaves of 100 Hz to 10 kHz.
fn powers(x: &[Vec<f32>; 2]) -> [Vec<f64>; 2] {
    let len = x[0].len().next_power_of_two();
    let transform = FftPlanner::new().plan_fft_forward(len);
    let of = |x: &mut dyn Iterator<Item = f32>| -> Vec<f64> {
        let mut spectrum: Vec<Complex<f64>> = x.map(|x| Complex::new(f64::from(x), 0.0)).collect();
        spectrum.resize(len, Complex::default());
        transform.process(&mut spectrum);
        let bin = |hz: f64| (hz * len as f64 / RATE) as usize;
        let half = (1.0f64 / 6.0).exp2();
        let bands = (-10..=10).map(|b| 1000.0 * (f64::from(b) / 3.0).exp2());
        bands.map(|hz| spectrum[bin(hz / half)..bin(hz * half)].iter().map(Complex::norm_sqr).sum()).collect()
    };
    let [left, right] = [0, 1].map(|c| of(&mut x[c].iter().copied()));
    let mono = of(&mut x[0].iter().zip(&x[1]).map(|(a, b)| a + b));
    [left.iter().zip(right).map(|(a, b)| a + b).collect(), mono]
}

/// The worst change of both spectra, dB, of the last `frames`.
fn worst(ears: &[Vec<f32>; 2], x: &[Vec<f32>; 2], frames: usize) -> [f64; 2] {
    let late = 1024;
    let end = ears[0].len();
    let ears = ears.each_ref().map(|e| e[end - frames..].to_vec());
    let x = x.each_ref().map(|x| x[end - frames - late..end - late].to_vec());
    let (have, want) = (powers(&ears), powers(&x));
    [0, 1].map(|q| {
        let db: Vec<f64> = have[q].iter().zip(&want[q]).map(|(a, b)| 10.0 * (a / b).log10()).collect();
        let mean = db.iter().sum::<f64>() / db.len() as f64;
        db.iter().fold(0.0, |m, x| (x - mean).abs().max(m))
    })
}

#[test]
fn a_song_keeps_its_balance_whatever_its_places_sound_like() {
    let x = song(8 * 48_000);
    let mut balance = new_balance();
    let places = places(&Decomposer::new(RATE, &Options::default()).unwrap());
    let without = worst(&heard(&opened(&x, None, &[480]), &places), &x, 4 * 48_000);
    let with = worst(&heard(&opened(&x, Some(&mut balance), &[480]), &places), &x, 4 * 48_000);
    assert!(without[0] > 2.0 && without[1] > 2.5, "the test needs something to do: {without:.2?}");
    // These places are worse than any real ones: what is asked for is more than the gains may do.
    assert!((0..2).all(|q| with[q] < 0.75 * without[q]), "{with:.2?}, without {without:.2?}");
}

#[test]
fn blocks_of_any_length_and_a_fresh_start_give_the_same_bits() {
    let x = song(40_000);
    let mut balance = new_balance();
    let whole = opened(&x, Some(&mut balance), &[40_000]);
    assert!(balance.gains() != &PairGains::unity(balance.gains().mid.len()), "it has something to do");
    for blocks in [&[1][..], &[64], &[255, 1, 777], &[4_096]] {
        balance.reset();
        assert!(opened(&x, Some(&mut balance), blocks) == whole, "{blocks:?}");
    }
}

#[test]
fn where_places_leave_the_balance_as_it_is_the_parts_add_up_to_the_song() {
    let x = song(20_000);
    let layout = new_balance().layout;
    let sum = |parts: &[Vec<f32>]| {
        let mut sum = [vec![0.0; 20_000], vec![0.0; 20_000]];
        let [left, right] = &mut sum;
        layout.add_up(parts, |_| true, left, right);
        sum
    };
    // Places that are all alike need no balance.
    let decomposer = Decomposer::new(RATE, &Options::default()).unwrap();
    let alike: Vec<Pair> = (0..layout.len()).map(|p| layout.gains(p).map(|g| vec![g])).collect();
    let mut balance = Balance::new(RATE, &decomposer, &alike, &[]);
    let same = sum(&opened(&x, Some(&mut balance), &[512]));
    for (sum, x) in same.iter().zip(&x) {
        assert!(sum[1024..].iter().zip(x).all(|(a, b)| (a - b).abs() < 1e-5), "as it was");
    }
}

#[test]
fn gains_are_gentle_and_slow() {
    // A band that plays bright noise on one side and dark noise in the middle in turn is asked for everything.
    let frames = 12 * 48_000;
    let mut x = [vec![0.0; frames], vec![0.0; frames]];
    add_panned(&mut x, &split(&noise(frames, 1), true), 0.0, 1.0);
    for at in (0..frames).step_by(96_000) {
        let bright = split(&noise(48_000, at as u32), false);
        for (x, y) in x[0][at..at + 48_000].iter_mut().zip(bright) {
            *x += 3.0 * y;
        }
    }
    let mut balance = new_balance();
    let (mut fastest, mut most) = (0.0f64, 0.0f64);
    let mut decomposer = Decomposer::new(RATE, &Options::default()).unwrap();
    let mut step = vec![vec![0.0; 256]; 9];
    let mut before = balance.gains().clone();
    for (n, (left, right)) in x[0].chunks(256).zip(x[1].chunks(256)).enumerate() {
        decomposer.process_with(left, right, &mut step, balance.gains());
        balance.listen(&step, left.len());
        let now = balance.gains();
        let pairs = now.mid.iter().zip(&before.mid).chain(now.side.iter().zip(&before.side));
        for (now, before) in pairs {
            most = most.max(20.0 * f64::from(*now).log10().abs());
            if n * 256 > 3 * 48_000 {
                fastest = fastest.max(20.0 * f64::from(now / before).log10().abs() * RATE / 256.0);
            }
        }
        before = now.clone();
    }
    assert!(most > 1.0 && most < 4.01, "{most:.2} dB");
    // The beginning's haste has a twentieth left.
    assert!(fastest > 0.05 && fastest < 2.4, "{fastest:.2} dB a second");
}

#[test]
fn a_tone_is_not_pumped_by_what_plays_around_it() {
    let frames = 12 * 48_000;
    let tone: Vec<f32> = (0..frames).map(|n| 0.1 * (TAU * 1000.0 * n as f64 / RATE).sin() as f32).collect();
    let mut x = song(frames);
    // The rest comes and goes every second.
    for x in &mut x {
        for (n, x) in x.iter_mut().enumerate() {
            *x *= if (n / 48_000) % 2 == 0 { 1.0 } else { 0.05 };
        }
    }
    add_panned(&mut x, &tone, 0.0, 1.0);
    let mut balance = new_balance();
    let parts = opened(&x, Some(&mut balance), &[512]);
    // The tone's level from one tenth of a second to the next, where it is nearly alone.
    let level = |at: usize| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, x) in parts[3][at..at + 4_800].iter().enumerate() {
            let (sin, cos) = (TAU * 1000.0 * n as f64 / RATE).sin_cos();
            re += f64::from(*x) * cos;
            im += f64::from(*x) * sin;
        }
        20.0 * re.hypot(im).log10()
    };
    let levels: Vec<f64> = (4..12).step_by(2).map(|s| 48_000 * s - 24_000).map(level).collect();
    for two in levels.windows(2) {
        assert!((two[1] - two[0]).abs() < 0.5, "{levels:.2?}");
    }
}

#[test]
fn silence_mono_and_opposed_channels_are_left_alone() {
    let mut balance = new_balance();
    let unity = PairGains::unity(balance.gains().mid.len());
    opened(&[vec![0.0; 50_000], vec![0.0; 50_000]], Some(&mut balance), &[512]);
    assert_eq!(balance.gains(), &unity);
    balance.reset();
    let one = noise(100_000, 3);
    let parts = opened(&[one.clone(), one.clone()], Some(&mut balance), &[512]);
    let energy = |x: &[f32]| x.iter().map(|x| f64::from(x * x)).sum::<f64>();
    for part in (0..9).filter(|p| *p != 3) {
        assert!(energy(&parts[part]) < 1e-10 * energy(&parts[3]), "part {part}");
    }
    balance.reset();
    opened(&[one.clone(), one.iter().map(|x| -x).collect()], Some(&mut balance), &[512]);
    let gains = balance.gains();
    assert!(gains.mid.iter().chain(&gains.side).all(|g| (0.6..1.6).contains(g)));
}

#[test]
fn the_loudest_and_the_softest_sound_have_gains_within_their_range() {
    for level in [1e6f32, 1e-5] {
        let x = song(60_000).map(|c| c.iter().map(|x| level * x).collect::<Vec<f32>>());
        let mut balance = new_balance();
        let parts = opened(&x, Some(&mut balance), &[512]);
        assert!(parts.iter().flatten().all(|x| x.is_finite()));
        let gains = balance.gains();
        assert!(gains.mid.iter().chain(&gains.side).all(|g| (0.63..1.59).contains(g)), "{level}");
        assert!(balance.bands().any(|(_, [u, _])| u != 0.0), "{level}");
    }
}
