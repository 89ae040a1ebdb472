//! A few signals into many channels, each with a gain that goes along a straight line.
//!
//! Adding one signal to sixteen channels is bound by loads and stores, so four signals are added in one pass.

/// Signals added in one pass.
pub const GROUP: usize = 4;

/// Samples worked on at once.
const CHUNK: usize = 16;

/// One signal's gains in one stretch.
#[derive(Clone, Copy, Debug)]
pub struct Gains<'a> {
    /// At the first sample, one a channel.
    pub from: &'a [f32],
    /// One sample after the last.
    pub to: &'a [f32],
}

/// `bus[channel][n] += Σ signals[i][n] · gain_i(channel, n)`. `bus` is planar, `stride` frames apart, with as many channels
/// as there are gains; all signals are of one length.
pub fn mix(bus: &mut [f32], stride: usize, signals: &[&[f32]], gains: &[Gains<'_>]) {
    for (signals, gains) in signals.chunks(GROUP).zip(gains.chunks(GROUP)) {
        match (signals, gains) {
            ([a, b, c, d], [e, f, g, h]) => mix_group(bus, stride, [a, b, c, d], [*e, *f, *g, *h]),
            _ => {
                for (s, g) in signals.iter().zip(gains) {
                    mix_group(bus, stride, [s], [*g]);
                }
            }
        }
    }
}

fn mix_group<const N: usize>(bus: &mut [f32], stride: usize, signals: [&[f32]; N], gains: [Gains<'_>; N]) {
    let frames = signals.iter().map(|s| s.len()).min().unwrap_or(0).min(stride);
    if frames == 0 {
        return;
    }
    let channels = gains.iter().map(|g| g.from.len().min(g.to.len())).min().unwrap_or(0);
    let signals = signals.map(|s| &s[..frames]);
    let ramped = gains.iter().any(|g| g.from[..channels] != g.to[..channels]);
    let len = (stride * channels).min(bus.len());
    let bus = &mut bus[..len];
    if ramped {
        add_ramped(bus, stride, &signals, &gains);
    } else {
        add_still(bus, stride, &signals, &gains);
    }
}

/// The next samples of a signal, silence behind its end.
#[inline(always)]
fn chunk(signal: &[f32], at: usize) -> [f32; CHUNK] {
    let mut x = [0.0; CHUNK];
    if let Some(whole) = signal.get(at..at + CHUNK).and_then(|s| <&[f32; CHUNK]>::try_from(s).ok()) {
        x = *whole;
    } else if let Some(rest) = signal.get(at..) {
        x.iter_mut().zip(rest).for_each(|(x, s)| *x = *s);
    }
    x
}

/// Writes a chunk, or as much of it as there is room for.
#[inline(always)]
fn store(plane: &mut [f32], y: &[f32; CHUNK]) {
    if let Ok(whole) = <&mut [f32; CHUNK]>::try_from(&mut *plane) {
        *whole = *y;
    } else {
        plane.iter_mut().zip(y).for_each(|(p, y)| *p = *y);
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn add_still<const N: usize>(bus: &mut [f32], stride: usize, signals: &[&[f32]; N], gains: &[Gains<'_>; N]) {
    let frames = signals[0].len();
    let mut at = 0;
    while at < frames {
        let mut x = [[0.0; CHUNK]; N];
        for i in 0..N {
            x[i] = chunk(signals[i], at);
        }
        let here = CHUNK.min(frames - at);
        for (channel, plane) in bus.chunks_exact_mut(stride).enumerate() {
            let plane = &mut plane[at..at + here];
            let mut y = chunk(plane, 0);
            for i in 0..N {
                let gain = gains[i].to[channel];
                for n in 0..CHUNK {
                    y[n] += gain * x[i][n];
                }
            }
            store(plane, &y);
        }
        at += CHUNK;
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn add_ramped<const N: usize>(bus: &mut [f32], stride: usize, signals: &[&[f32]; N], gains: &[Gains<'_>; N]) {
    let frames = signals[0].len();
    let scale = 1.0 / frames as f32;
    let mut at = 0;
    while at < frames {
        // Each signal, and the signal times the part of the way that is done.
        let (mut x, mut xt) = ([[0.0; CHUNK]; N], [[0.0; CHUNK]; N]);
        for i in 0..N {
            x[i] = chunk(signals[i], at);
            for n in 0..CHUNK {
                xt[i][n] = x[i][n] * ((at + n) as f32 * scale);
            }
        }
        let here = CHUNK.min(frames - at);
        for (channel, plane) in bus.chunks_exact_mut(stride).enumerate() {
            let plane = &mut plane[at..at + here];
            let mut y = chunk(plane, 0);
            for i in 0..N {
                let from = gains[i].from[channel];
                let step = gains[i].to[channel] - from;
                for n in 0..CHUNK {
                    y[n] += from * x[i][n] + step * xt[i][n];
                }
            }
            store(plane, &y);
        }
        at += CHUNK;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_is_the_sum_of_ramped_signals() {
        let (frames, stride, channels) = (70, 80, 5);
        let signals: Vec<Vec<f32>> =
            (0..7).map(|i| (0..frames).map(|n| ((n * (i + 3)) as f32).sin()).collect()).collect();
        let gains: Vec<[Vec<f32>; 2]> = (0..7)
            .map(|i| {
                [0.0, 1.0].map(|e| (0..channels).map(|c| ((i * c) as f32 + e * f32::from(i as u8 % 3)).cos()).collect())
            })
            .collect();
        let mut bus = vec![0.5; channels * stride];
        let refs: Vec<&[f32]> = signals.iter().map(|s| &s[..]).collect();
        let ramps: Vec<Gains<'_>> = gains.iter().map(|[from, to]| Gains { from, to }).collect();
        mix(&mut bus, stride, &refs, &ramps);
        for c in 0..channels {
            for n in 0..stride {
                let gain = |i: usize| gains[i][0][c] + (gains[i][1][c] - gains[i][0][c]) * n as f32 / frames as f32;
                let want = if n < frames { (0..7).map(|i| gain(i) * signals[i][n]).sum::<f32>() } else { 0.0 };
                assert!((bus[c * stride + n] - 0.5 - want).abs() < 1e-5);
            }
        }
    }
}
