//! A few signals into many channels, each with a gain that goes along a straight line.
//!
//! Adding one signal to sixteen channels is bound by loads and stores, so four signals are added in one pass.

/// Signals added in one pass.
pub const GROUP: usize = 4;

/// Samples worked on at once.
const CHUNK: usize = 32;

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
    let signals = signals.map(|s| &s[..frames]);
    let scale = 1.0 / frames as f32;
    for (channel, bus) in bus.chunks_exact_mut(stride).enumerate() {
        let gain = |g: &[f32]| g.get(channel).copied().unwrap_or(0.0);
        let from = gains.map(|g| gain(g.from));
        let step: [f32; N] = std::array::from_fn(|i| (gain(gains[i].to) - from[i]) * scale);
        if step.iter().all(|s| *s == 0.0) {
            add_still(&mut bus[..frames], &signals, &from);
        } else {
            add_ramped(&mut bus[..frames], &signals, &from, &step);
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn add_still<const N: usize>(bus: &mut [f32], signals: &[&[f32]; N], gain: &[f32; N]) {
    let signals = signals.map(|s| &s[..bus.len()]);
    for n in 0..bus.len() {
        let mut y = bus[n];
        for i in 0..N {
            y += gain[i] * signals[i][n];
        }
        bus[n] = y;
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512vl+fma", "x86_64+avx2+fma"))]
fn add_ramped<const N: usize>(bus: &mut [f32], signals: &[&[f32]; N], from: &[f32; N], step: &[f32; N]) {
    let signals = signals.map(|s| &s[..bus.len()]);
    let mut first = 0;
    while first < bus.len() {
        let len = CHUNK.min(bus.len() - first);
        let at = first as f32;
        let bus = &mut bus[first..first + len];
        let signals = signals.map(|s| &s[first..first + len]);
        for n in 0..len {
            let t = at + n as f32;
            let mut y = bus[n];
            for i in 0..N {
                y += (from[i] + step[i] * t) * signals[i][n];
            }
            bus[n] = y;
        }
        first += len;
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
