//! The pressure in a shoebox by its definition: a sum over images, frequency by frequency, in f64.
//!
//! Allen and Berkley, J. Acoust. Soc. Am. 65(4), 1979, pp. 943–950. The places and reflections are written down anew
//! here, apart from the code that they judge.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::f64::consts::TAU;

/// One arrival: metres, the reflections at the six walls (x0, x1, y0, y1, z0, z1), and the way from the receiver.
pub struct Seen {
    pub distance: f64,
    pub hits: [i32; 6],
    pub way: [f64; 3],
}

/// All images of up to `order`.
pub fn images(size: [f64; 3], source: [f64; 3], receiver: [f64; 3], order: i32) -> Vec<Seen> {
    let mut all = Vec::new();
    for nx in -order..=order {
        for ny in -order..=order {
            for nz in -order..=order {
                if nx.abs() + ny.abs() + nz.abs() > order {
                    continue;
                }
                let (mut way, mut hits) = ([0.0; 3], [0; 6]);
                for (axis, n) in [nx, ny, nz].into_iter().enumerate() {
                    let (l, s) = (size[axis], source[axis]);
                    way[axis] = f64::from(n) * l + if n % 2 == 0 { s } else { l - s } - receiver[axis];
                    // The wall on the image's side is hit first.
                    let (far, near) = ((n.abs() + 1) / 2, n.abs() / 2);
                    (hits[2 * axis], hits[2 * axis + 1]) = if n > 0 { (near, far) } else { (far, near) };
                }
                let distance = way.iter().map(|w| w * w).sum::<f64>().sqrt();
                all.push(Seen { distance, hits, way });
            }
        }
    }
    all
}

/// Adds an impulse of complex `gain` (re, im) at `delay_s` to a spectrum at the frequencies `hz`.
pub fn add(spectrum: &mut [(f64, f64)], hz: &[f64], delay_s: f64, gain: impl Fn(f64) -> (f64, f64)) {
    for (sum, f) in spectrum.iter_mut().zip(hz) {
        let (s, c) = (-TAU * f * delay_s).sin_cos();
        let (re, im) = gain(*f);
        sum.0 += re * c - im * s;
        sum.1 += re * s + im * c;
    }
}

/// The spectrum of a response at the frequencies `hz`, by its definition.
pub fn transform(response: &[f32], hz: &[f64], sample_rate: f64) -> Vec<(f64, f64)> {
    hz.iter()
        .map(|f| {
            let (s, c) = (-TAU * f / sample_rate).sin_cos();
            let (mut turn, mut sum) = ((1.0f64, 0.0f64), (0.0, 0.0));
            for x in response {
                sum.0 += f64::from(*x) * turn.0;
                sum.1 += f64::from(*x) * turn.1;
                turn = (turn.0 * c - turn.1 * s, turn.0 * s + turn.1 * c);
            }
            sum
        })
        .collect()
}

/// Energy of the difference of two spectra over that of `want`, dB.
pub fn null_db(got: &[(f64, f64)], want: &[(f64, f64)]) -> f64 {
    let energy = |z: (f64, f64)| z.0 * z.0 + z.1 * z.1;
    let off: f64 = got.iter().zip(want).map(|(g, w)| energy((g.0 - w.0, g.1 - w.1))).sum();
    let all: f64 = want.iter().map(|w| energy(*w)).sum();
    10.0 * (off / all).max(1e-30).log10()
}
