//! Interleaved PCM bytes to planar `f32`, one tight loop for each sample type.

use crate::buffer::AudioBuffer;
use crate::buffer::is_sound;

/// How one sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    U8,
    S16,
    S24,
    S32,
    F32,
    F64,
}

impl Format {
    /// Bytes of one sample.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::S16 => 2,
            Self::S24 => 3,
            Self::S32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// True if a sample may be NaN or infinite.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }
}

/// Writes the frames of `bytes` into `out` from frame `at` on; channel `c` of the file goes to channel `order[c]`.
///
/// Full scale of integers is 2^(bits - 1), so the largest positive value stays just below 1.
/// `bytes` holds whole frames and `out` has room for them.
pub(super) fn deinterleave(bytes: &[u8], format: Format, big: bool, order: &[usize], out: &mut AudioBuffer, at: usize) {
    const S16: f32 = 1.0 / 32_768.0;
    const S24: f32 = 1.0 / 2_147_483_648.0; // 24 bits ride in the upper bytes of 32
    match (format, big) {
        (Format::U8, _) => spread(bytes, order, out, at, |[b]: [u8; 1]| (f32::from(b) - 128.0) / 128.0),
        (Format::S16, false) => spread(bytes, order, out, at, |b: [u8; 2]| f32::from(i16::from_le_bytes(b)) * S16),
        (Format::S16, true) => spread(bytes, order, out, at, |b: [u8; 2]| f32::from(i16::from_be_bytes(b)) * S16),
        (Format::S24, false) => {
            spread(bytes, order, out, at, |[a, b, c]: [u8; 3]| i32::from_le_bytes([0, a, b, c]) as f32 * S24);
        }
        (Format::S24, true) => {
            spread(bytes, order, out, at, |[a, b, c]: [u8; 3]| i32::from_be_bytes([a, b, c, 0]) as f32 * S24);
        }
        (Format::S32, false) => spread(bytes, order, out, at, |b: [u8; 4]| i32::from_le_bytes(b) as f32 * S24),
        (Format::S32, true) => spread(bytes, order, out, at, |b: [u8; 4]| i32::from_be_bytes(b) as f32 * S24),
        (Format::F32, false) => spread(bytes, order, out, at, f32::from_le_bytes),
        (Format::F32, true) => spread(bytes, order, out, at, f32::from_be_bytes),
        (Format::F64, false) => spread(bytes, order, out, at, |b: [u8; 8]| f64::from_le_bytes(b) as f32),
        (Format::F64, true) => spread(bytes, order, out, at, |b: [u8; 8]| f64::from_be_bytes(b) as f32),
    }
}

#[inline]
fn spread<const W: usize>(
    bytes: &[u8],
    order: &[usize],
    out: &mut AudioBuffer,
    at: usize,
    value: impl Fn([u8; W]) -> f32 + Copy,
) {
    let (samples, _) = bytes.as_chunks::<W>();
    let channels = order.len();
    // With the number of channels known to the compiler, the stride is too.
    match channels {
        1 => strided::<W, 1>(samples, order, out, at, value),
        2 => strided::<W, 2>(samples, order, out, at, value),
        _ => {
            for (c, &to) in order.iter().enumerate() {
                let plane = &mut out.channel_mut(to)[at..at + samples.len() / channels];
                for (frame, y) in samples.chunks_exact(channels).zip(plane) {
                    *y = value(frame[c]);
                }
            }
        }
    }
}

#[inline]
fn strided<const W: usize, const N: usize>(
    samples: &[[u8; W]],
    order: &[usize],
    out: &mut AudioBuffer,
    at: usize,
    value: impl Fn([u8; W]) -> f32,
) {
    let (frames, _) = samples.as_chunks::<N>();
    for (c, &to) in order.iter().enumerate().take(N) {
        for (frame, y) in frames.iter().zip(&mut out.channel_mut(to)[at..at + frames.len()]) {
            *y = value(frame[c]);
        }
    }
}

/// Replaces NaN, infinity and what no sound is by silence; returns how many there were.
pub(super) fn silence_non_finite(plane: &mut [f32]) -> u64 {
    // One quick look decides.
    if plane.iter().fold(true, |all, x| all & is_sound(*x)) {
        return 0;
    }
    let mut count = 0;
    for x in plane.iter_mut().filter(|x| !is_sound(**x)) {
        *x = 0.0;
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], format: Format, big: bool, channels: usize) -> AudioBuffer {
        let order: Vec<usize> = (0..channels).collect();
        let mut out = AudioBuffer::new(channels, bytes.len() / format.bytes() / channels);
        deinterleave(bytes, format, big, &order, &mut out, 0);
        out
    }

    #[test]
    fn full_scale_of_every_integer_is_one() {
        for (bytes, format) in [
            (&[0u8, 128, 255][..], Format::U8),
            (&[0, 0x80, 0, 0, 0xff, 0x7f], Format::S16),
            (&[0, 0, 0x80, 0, 0, 0, 0xff, 0xff, 0x7f], Format::S24),
            (&[0, 0, 0, 0x80, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f], Format::S32),
        ] {
            let out = decode(bytes, format, false, 1);
            assert_eq!(out.channel(0)[0], -1.0, "{format:?}");
            assert_eq!(out.channel(0)[1], 0.0, "{format:?}");
            assert!(out.channel(0)[2] > 0.99 && out.channel(0)[2] <= 1.0, "{format:?}");
        }
    }

    #[test]
    fn big_endian_is_the_mirror_of_little() {
        let bytes: Vec<u8> = (0..48).map(|i| (i * 37 + 11) as u8).collect();
        for format in [Format::S16, Format::S24, Format::S32] {
            let mirrored: Vec<u8> =
                bytes.chunks(format.bytes()).flat_map(|s| s.iter().rev().copied().collect::<Vec<_>>()).collect();
            for channels in [1, 2, 4] {
                let little = decode(&bytes, format, false, channels);
                assert_eq!(little, decode(&mirrored, format, true, channels));
            }
        }
    }

    #[test]
    fn channels_go_where_the_order_says() {
        let bytes: Vec<u8> = (0..3i16).cycle().take(12).flat_map(|v| (v * 1000).to_le_bytes()).collect();
        let mut out = AudioBuffer::new(3, 4);
        deinterleave(&bytes, Format::S16, false, &[2, 0, 1], &mut out, 0);
        let first: Vec<f32> = out.iter().map(|c| c[0] * 32.768).collect();
        assert_eq!(first, [1.0, 2.0, 0.0]);
    }

    #[test]
    fn only_what_is_not_finite_is_silenced() {
        let mut x = vec![0.5f32; 100];
        assert_eq!(silence_non_finite(&mut x), 0);
        x[3] = f32::NAN;
        x[50] = f32::INFINITY;
        x[99] = f32::NEG_INFINITY;
        assert_eq!(silence_non_finite(&mut x), 3);
        assert_eq!(x.iter().filter(|v| **v == 0.0).count(), 3);
        assert_eq!(x[4], 0.5);
    }

    #[test]
    fn what_no_sound_is_becomes_silence_and_is_counted() {
        let mut plane = vec![0.5f32; 100];
        (plane[3], plane[40], plane[77], plane[99]) = (f32::NAN, f32::NEG_INFINITY, 3e38, -2e6);
        assert_eq!(silence_non_finite(&mut plane), 4);
        assert_eq!(plane.iter().filter(|x| **x == 0.0).count(), 4);
        plane[5] = -9e5;
        assert_eq!(silence_non_finite(&mut plane), 0);
    }
}
