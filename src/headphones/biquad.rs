//! Second-order filters: coefficients from a shape, and what they do to the spectrum.
//!
//! The formulas are the bilinear ones of R. Bristow-Johnson's *Cookbook formulae for audio equalizer biquad filter
//! coefficients*. The bilinear transform squeezes everything towards the Nyquist frequency, so one and the same filter
//! is another one at another sample rate. Parametric equalisers for headphones are computed with these very formulas at
//! 44.1 kHz (AutoEq, `autoeq/peq.py` and its `DEFAULT_FS`), squeeze included: that response is what the numbers stand for. At other rates
//! [`design`] finds the filter that comes closest to it.

use super::equaliser::{Filter, Shape};
use super::fit;
use std::f64::consts::PI;

/// The sample rate whose bilinear response a parametric filter stands for, Hz.
pub const REFERENCE_HZ: f64 = 44_100.0;

/// `y = b0 x + b1 x[-1] + b2 x[-2] - a1 y[-1] - a2 y[-2]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Biquad {
    /// Feed-forward.
    pub b: [f64; 3],
    /// Feedback; the first, 1, left out.
    pub a: [f64; 2],
}

/// The squared magnitude of `c0 + c1/z + c2/z²` at `phi = sin²(ω/2)`: a form that keeps its digits at low frequencies.
pub(super) fn power(c: [f64; 3], phi: f64) -> f64 {
    let [c0, c1, c2] = c;
    let sum = c0 + c1 + c2;
    sum * sum - 4.0 * phi * (c1 * (c0 + c2) + 4.0 * c0 * c2) + 16.0 * phi * phi * c0 * c2
}

/// sin²(ω/2) of a frequency.
pub(super) fn phi(hz: f64, sample_rate: f64) -> f64 {
    (PI * hz / sample_rate).sin().powi(2)
}

impl Biquad {
    /// Leaves everything as it is.
    pub const IDENTITY: Self = Self { b: [1.0, 0.0, 0.0], a: [0.0, 0.0] };

    /// The gain at `hz`, dB, not below -300.
    pub fn gain_db(&self, hz: f64, sample_rate: f64) -> f64 {
        let at = phi(hz, sample_rate);
        let gain = power(self.b, at) / power([1.0, self.a[0], self.a[1]], at);
        10.0 * gain.max(1e-30).log10()
    }

    /// The magnitude of the slower of the two poles: what rings on shrinks by it from frame to frame.
    pub fn pole_radius(&self) -> f64 {
        let [a1, a2] = self.a;
        let apart = a1 * a1 - 4.0 * a2;
        if apart <= 0.0 { a2.max(0.0).sqrt() } else { 0.5 * (a1.abs() + apart.sqrt()) }
    }

    /// True if it rings off and so would its inverse.
    pub(super) fn is_sound(&self) -> bool {
        let inside = |c: [f64; 3]| c[0] > 0.0 && c[2].abs() < c[0] && c[1].abs() < c[0] + c[2];
        inside(self.b) && inside([1.0, self.a[0], self.a[1]])
    }
}

/// The cookbook's filter. `frequency_hz` must be below half the sample rate.
pub(super) fn cookbook(f: &Filter, sample_rate: f64) -> Biquad {
    let (sin, cos) = (2.0 * PI * f.frequency_hz / sample_rate).sin_cos();
    let alpha = sin / (2.0 * f.q);
    let amp = 10f64.powf(f.gain_db / 40.0);
    let beta = 2.0 * amp.sqrt() * alpha;
    let (up, down) = (amp + 1.0, amp - 1.0);
    let (b, a) = match f.shape {
        Shape::Peak => {
            ([1.0 + alpha * amp, -2.0 * cos, 1.0 - alpha * amp], [1.0 + alpha / amp, -2.0 * cos, 1.0 - alpha / amp])
        }
        Shape::LowShelf => (
            [amp * (up - down * cos + beta), 2.0 * amp * (down - up * cos), amp * (up - down * cos - beta)],
            [up + down * cos + beta, -2.0 * (down + up * cos), up + down * cos - beta],
        ),
        Shape::HighShelf => (
            [amp * (up + down * cos + beta), -2.0 * amp * (down + up * cos), amp * (up + down * cos - beta)],
            [up - down * cos + beta, 2.0 * (down - up * cos), up - down * cos - beta],
        ),
        Shape::LowPass => {
            let b = 1.0 - cos;
            ([0.5 * b, b, 0.5 * b], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
        }
        Shape::HighPass => {
            let b = 1.0 + cos;
            ([0.5 * b, -b, 0.5 * b], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
        }
    };
    Biquad { b: b.map(|c| c / a[0]), a: [a[1] / a[0], a[2] / a[0]] }
}

/// The filter for a sample rate: that of the cookbook at [`REFERENCE_HZ`], and elsewhere the one that comes closest to
/// its magnitude from 20 Hz to 20 kHz. (Filters above 19.8 kHz refer to the next octave of that rate. Low and high
/// passes are those of the cookbook at the rate itself: nobody measures headphones with them.) Always stable.
pub fn design(filter: &Filter, sample_rate: f64) -> Biquad {
    let highest = 0.49 * sample_rate;
    let inside = Filter { frequency_hz: filter.frequency_hz.min(highest), ..*filter };
    match filter.shape {
        Shape::LowPass if filter.frequency_hz >= highest => Biquad::IDENTITY,
        Shape::LowPass | Shape::HighPass => cookbook(&inside, sample_rate),
        _ if filter.gain_db == 0.0 => Biquad::IDENTITY,
        _ => {
            let mut reference = REFERENCE_HZ;
            while filter.frequency_hz > 0.45 * reference {
                reference *= 2.0;
            }
            if sample_rate == reference {
                return cookbook(filter, sample_rate);
            }
            fit::closest(&cookbook(filter, reference), reference, &inside, sample_rate)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain_by_sum(q: &Biquad, hz: f64, rate: f64) -> f64 {
        let w = 2.0 * PI * hz / rate;
        let at = |c: [f64; 3]| {
            let re = c[0] + c[1] * w.cos() + c[2] * (2.0 * w).cos();
            let im = c[1] * w.sin() + c[2] * (2.0 * w).sin();
            re.hypot(im)
        };
        20.0 * (at(q.b) / at([1.0, q.a[0], q.a[1]])).log10()
    }

    #[test]
    fn the_gain_is_that_of_the_polynomials() {
        let f = Filter { shape: Shape::Peak, frequency_hz: 3000.0, gain_db: 7.0, q: 1.4 };
        let q = cookbook(&f, 48_000.0);
        for hz in [100.0, 1000.0, 3000.0, 9000.0, 20_000.0] {
            assert!((q.gain_db(hz, 48_000.0) - gain_by_sum(&q, hz, 48_000.0)).abs() < 1e-9, "{hz}");
        }
    }

    #[test]
    fn shapes_have_their_gains_where_they_should() {
        let rate = 48_000.0;
        let gain = |shape, hz: f64| {
            let f = Filter { shape, frequency_hz: 1000.0, gain_db: 6.0, q: 0.7 };
            cookbook(&f, rate).gain_db(hz, rate)
        };
        assert!((gain(Shape::Peak, 1000.0) - 6.0).abs() < 1e-9 && gain(Shape::Peak, 10.0).abs() < 0.01);
        assert!((gain(Shape::LowShelf, 10.0) - 6.0).abs() < 0.01 && (gain(Shape::LowShelf, 1000.0) - 3.0).abs() < 1e-9);
        assert!((gain(Shape::HighShelf, 23_000.0) - 6.0).abs() < 0.01);
        assert!((gain(Shape::HighShelf, 1000.0) - 3.0).abs() < 1e-9 && gain(Shape::HighShelf, 10.0).abs() < 0.01);
        assert!((gain(Shape::LowPass, 1000.0) - 20.0 * 0.7f64.log10()).abs() < 1e-9);
        assert!((gain(Shape::HighPass, 1000.0) - 20.0 * 0.7f64.log10()).abs() < 1e-9);
    }

    #[test]
    fn a_filter_is_the_same_at_every_sample_rate() {
        for (shape, frequency_hz, gain_db, q) in [
            (Shape::Peak, 8000.0, 6.0, 2.0),
            (Shape::Peak, 3000.0, -7.0, 0.6),
            (Shape::Peak, 60.0, 5.0, 0.8),
            (Shape::HighShelf, 10_000.0, -5.0, 0.7),
            (Shape::LowShelf, 105.0, 6.0, 0.7),
        ] {
            let f = Filter { shape, frequency_hz, gain_db, q };
            let reference = cookbook(&f, REFERENCE_HZ);
            for rate in [32_000.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0, 384_000.0] {
                let here = design(&f, rate);
                assert!(here.is_sound());
                for hz in [20.0, 100.0, 500.0, 2000.0, 4000.0, 8000.0, 11_000.0, 14_000.0] {
                    let off = here.gain_db(hz, rate) - reference.gain_db(hz, REFERENCE_HZ);
                    assert!(off.abs() < 0.35, "{f:?} at {rate}: {off:.2} dB at {hz} Hz");
                }
            }
        }
    }

    #[test]
    fn filters_beyond_the_nyquist_frequency_are_stable() {
        for shape in [Shape::Peak, Shape::LowShelf, Shape::HighShelf, Shape::LowPass, Shape::HighPass] {
            for frequency_hz in [1.0, 20.0, 3999.0, 4000.0, 12_000.0, 21_900.0, 30_000.0, 100_000.0] {
                for q in [0.01, 0.7, 100.0] {
                    for gain_db in [-60.0, 0.0, 60.0] {
                        for rate in [8000.0, 44_100.0, 384_000.0] {
                            let f = Filter { shape, frequency_hz, gain_db, q };
                            let made = design(&f, rate);
                            let fine = made.b.iter().chain(&made.a).all(|c| c.is_finite()) && made.pole_radius() < 1.0;
                            assert!(fine, "{f:?} at {rate}: {made:?}");
                        }
                    }
                }
            }
        }
    }
}
