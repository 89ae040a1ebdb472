//! Stored numbers to floats: one pass that undoes the byte shuffle, the byte order and the width.
//!
//! The HDF5 shuffle filter stores byte 0 of every element of a chunk, then byte 1, and so on. Undoing it in a pass of
//! its own and converting in another costs more than the conversion, so both happen here, 64 elements at a time.

use hdf5_reader::{ByteOrder, Datatype};

/// How one element is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    kind: Kind,
    pub(crate) size: usize,
    big: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Float,
    Signed,
    Unsigned,
}

/// What [`convert`] makes: `f32` samples, or `f64` for everything that is measured in metres, degrees and hertz.
pub(crate) trait Float: Copy + Default {
    fn from_f64(value: f64) -> Self;
    fn from_f32(value: f32) -> Self;
    fn is_zero(self) -> bool;
}

impl Float for f32 {
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    fn from_f32(value: f32) -> Self {
        value
    }
    fn is_zero(self) -> bool {
        self.to_bits() == 0
    }
}

impl Float for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
    fn from_f32(value: f32) -> Self {
        f64::from(value)
    }
    fn is_zero(self) -> bool {
        self.to_bits() == 0
    }
}

impl Number {
    /// The number that a datatype stores, or `None` if it is not a plain number of 1, 2, 4 or 8 bytes.
    pub(crate) fn of(datatype: &Datatype) -> Option<Self> {
        let (kind, size, order) = match datatype {
            Datatype::FloatingPoint { size, byte_order } => (Kind::Float, *size, byte_order),
            Datatype::FixedPoint { size, signed: true, byte_order } => (Kind::Signed, *size, byte_order),
            Datatype::FixedPoint { size, signed: false, byte_order } => (Kind::Unsigned, *size, byte_order),
            _ => return None,
        };
        let known = match kind {
            Kind::Float => matches!(size, 4 | 8),
            Kind::Signed | Kind::Unsigned => matches!(size, 1 | 2 | 4 | 8),
        };
        known.then_some(Self { kind, size: usize::from(size), big: matches!(order, ByteOrder::BigEndian) })
    }

    /// A short name for people: `float64`, `int16`.
    pub(crate) fn name(self) -> &'static str {
        match (self.kind, self.size) {
            (Kind::Float, 4) => "float32",
            (Kind::Float, _) => "float64",
            (Kind::Signed, 1) => "int8",
            (Kind::Signed, 2) => "int16",
            (Kind::Signed, 4) => "int32",
            (Kind::Signed, _) => "int64",
            (Kind::Unsigned, 1) => "uint8",
            (Kind::Unsigned, 2) => "uint16",
            (Kind::Unsigned, 4) => "uint32",
            (Kind::Unsigned, _) => "uint64",
        }
    }

    /// The value of an element whose bytes are the low bytes of `bits`, least significant first.
    fn value<T: Float>(self, bits: u64) -> T {
        let unused = 64 - 8 * self.size as u32;
        match (self.kind, self.size) {
            (Kind::Float, 4) => T::from_f32(f32::from_bits(bits as u32)),
            (Kind::Float, _) => T::from_f64(f64::from_bits(bits)),
            (Kind::Signed, _) => T::from_f64(((bits << unused) as i64 >> unused) as f64),
            (Kind::Unsigned, _) => T::from_f64(bits as f64),
        }
    }

    /// The one element in `bytes`, which may be shorter than the element (then it is zero).
    pub(crate) fn scalar<T: Float>(self, bytes: &[u8]) -> T {
        let mut out = [T::default()];
        if bytes.len() >= self.size {
            convert(Stored { bytes: &bytes[..self.size], number: self, shuffled: false }, 0, &mut out);
        }
        out[0]
    }
}

/// Elements as they are stored.
#[derive(Clone, Copy)]
pub(crate) struct Stored<'a> {
    /// A whole number of elements.
    pub(crate) bytes: &'a [u8],
    pub(crate) number: Number,
    /// All first bytes, then all second bytes, and so on.
    pub(crate) shuffled: bool,
}

/// Elements converted in one go: small enough for the stack and the first-level cache.
const BLOCK: usize = 64;

/// Converts the elements from `first` on into `out`. Reading past the end is a bug of the caller and panics.
pub(crate) fn convert<T: Float>(stored: Stored<'_>, first: usize, out: &mut [T]) {
    let Stored { bytes, number, shuffled } = stored;
    let size = number.size;
    let mut bits = [0u64; BLOCK];
    let mut at = first;
    for block in out.chunks_mut(BLOCK) {
        let bits = &mut bits[..block.len()];
        if shuffled {
            unshuffle(bytes, size, number.big, at, bits);
        } else {
            let source = &bytes[at * size..(at + bits.len()) * size];
            match (size, number.big) {
                (8, false) => gather::<8>(source, bits, u64::from_le_bytes),
                (8, true) => gather::<8>(source, bits, u64::from_be_bytes),
                (4, false) => gather::<4>(source, bits, |b| u32::from_le_bytes(b).into()),
                (4, true) => gather::<4>(source, bits, |b| u32::from_be_bytes(b).into()),
                (2, false) => gather::<2>(source, bits, |b| u16::from_le_bytes(b).into()),
                (2, true) => gather::<2>(source, bits, |b| u16::from_be_bytes(b).into()),
                _ => gather::<1>(source, bits, |b| b[0].into()),
            }
        }
        // The common kinds outside the loop, so that it becomes vector code.
        match (number.kind, size) {
            (Kind::Float, 8) => {
                block.iter_mut().zip(&*bits).for_each(|(o, &b)| *o = T::from_f64(f64::from_bits(b)));
            }
            (Kind::Float, _) => {
                block.iter_mut().zip(&*bits).for_each(|(o, &b)| *o = T::from_f32(f32::from_bits(b as u32)));
            }
            _ => block.iter_mut().zip(&*bits).for_each(|(o, &b)| *o = number.value(b)),
        }
        at += bits.len();
    }
}

fn gather<const N: usize>(source: &[u8], bits: &mut [u64], read: impl Fn([u8; N]) -> u64) {
    for (element, bits) in source.as_chunks::<N>().0.iter().zip(bits) {
        *bits = read(*element);
    }
}

/// Elements `at..at + bits.len()` of a shuffled chunk. Pairs of bytes, then pairs of pairs: each step is a plain loop
/// over neighbours, which the compiler turns into interleaving vector instructions.
fn unshuffle(bytes: &[u8], size: usize, big: bool, at: usize, bits: &mut [u64]) {
    let elements = bytes.len() / size;
    let n = bits.len();
    // Plane `k` holds the bytes of weight 256^k.
    let plane = |k: usize| {
        let stored = if big { size - 1 - k } else { k };
        &bytes[stored * elements + at..stored * elements + at + n]
    };
    match size {
        8 => {
            let (mut low, mut high) = ([0u32; BLOCK], [0u32; BLOCK]);
            join4([plane(0), plane(1), plane(2), plane(3)], &mut low[..n]);
            join4([plane(4), plane(5), plane(6), plane(7)], &mut high[..n]);
            for ((bits, &low), &high) in bits.iter_mut().zip(&low).zip(&high) {
                *bits = u64::from(low) | u64::from(high) << 32;
            }
        }
        4 => {
            let mut all = [0u32; BLOCK];
            join4([plane(0), plane(1), plane(2), plane(3)], &mut all[..n]);
            bits.iter_mut().zip(&all).for_each(|(bits, &all)| *bits = u64::from(all));
        }
        _ => {
            bits.fill(0);
            for k in 0..size {
                bits.iter_mut().zip(plane(k)).for_each(|(bits, &b)| *bits |= u64::from(b) << (8 * k));
            }
        }
    }
}

fn join4(planes: [&[u8]; 4], out: &mut [u32]) {
    let n = out.len();
    let (mut low, mut high) = ([0u16; BLOCK], [0u16; BLOCK]);
    join2(planes[0], planes[1], &mut low[..n]);
    join2(planes[2], planes[3], &mut high[..n]);
    for ((out, &low), &high) in out.iter_mut().zip(&low).zip(&high) {
        *out = u32::from(low) | u32::from(high) << 16;
    }
}

fn join2(low: &[u8], high: &[u8], out: &mut [u16]) {
    for ((out, &low), &high) in out.iter_mut().zip(low).zip(high) {
        *out = u16::from(low) | u16::from(high) << 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 3] = [Kind::Float, Kind::Signed, Kind::Unsigned];

    /// The literal reference: one element at a time, byte by byte.
    fn slow(bytes: &[u8], number: Number, shuffled: bool, index: usize) -> f64 {
        let (size, count) = (number.size, bytes.len() / number.size);
        let mut element: Vec<u8> =
            (0..size).map(|k| if shuffled { bytes[k * count + index] } else { bytes[index * size + k] }).collect();
        if number.big {
            element.reverse();
        }
        match (number.kind, size) {
            (Kind::Float, 4) => f64::from(f32::from_le_bytes(element.try_into().unwrap())),
            (Kind::Float, _) => f64::from_le_bytes(element.try_into().unwrap()),
            (kind, _) => {
                let fill = if kind == Kind::Signed && element[size - 1] >= 128 { 255 } else { 0 };
                element.resize(16, fill);
                i128::from_le_bytes(element.try_into().unwrap()) as f64
            }
        }
    }

    #[test]
    fn every_kind_width_order_and_shuffle_reads_as_the_slow_reference() {
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        for kind in KINDS {
            for size in [1, 2, 4, 8] {
                if kind == Kind::Float && size < 4 {
                    continue;
                }
                for (big, shuffled) in [(false, false), (false, true), (true, false), (true, true)] {
                    let number = Number { kind, size, big };
                    let bytes: Vec<u8> = (0..size * 203).map(|_| random()).collect();
                    let stored = Stored { bytes: &bytes, number, shuffled };
                    for (first, count) in [(0, 203), (0, 64), (1, 63), (70, 130), (202, 1), (203, 0)] {
                        let (mut wide, mut narrow) = (vec![0f64; count], vec![0f32; count]);
                        convert(stored, first, &mut wide);
                        convert(stored, first, &mut narrow);
                        for i in 0..count {
                            let want = slow(&bytes, number, shuffled, first + i);
                            assert!(want == wide[i] || want.is_nan() && wide[i].is_nan(), "{number:?} {first} {i}");
                            assert!(want as f32 == narrow[i] || want.is_nan() && narrow[i].is_nan());
                        }
                    }
                }
            }
        }
    }
}
