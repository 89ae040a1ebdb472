//! A measured head in few bytes: responses of 16 bits, predicted and Rice-coded. Written by the build script, read by
//! the module.
//!
//! `PHD1`, then as 32-bit integers the rate in Hz, taps and directions; then for each direction x, y, z as 64-bit floats, to be triangulated like
//! the file's; then
//! one stream of bits. Each response has 2 bits for its predictor and then, for each 32 samples, 4 bits for the Rice parameter
//! and the samples' remainders. Samples are of 1/32768; what a SOFA file has beyond that is lost: noise at −98 dB.
//!
//! Source: Robinson, "SHORTEN: Simple lossless and near-lossless waveform compression", CUED/F-INFENG/TR.156, 1994.

/// Samples that share a Rice parameter.
const RUN: usize = 32;
/// Ones in a row after which a remainder follows as it is, in 20 bits.
const ESCAPE: u32 = 24;
const MAGIC: &[u8; 4] = b"PHD1";
const SCALE: f32 = 32_768.0;

/// A head, unpacked.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Hz.
    pub rate: u32,
    /// Samples of each response.
    pub taps: usize,
    /// Metres: x front, y left, z up, `[M]`.
    pub places: Vec<[f64; 3]>,
    /// `[M][2][taps]`
    pub responses: Vec<f32>,
}

/// What is left of a sample once its neighbours are known: 0 the sample, 1 the step from the last one, 2 and 3 the same
/// of the difference to the direction before.
fn predicted(kind: u32, last: i32, before: i32, before_last: i32) -> i32 {
    match kind {
        0 => 0,
        1 => last,
        2 => before,
        _ => last.wrapping_add(before).wrapping_sub(before_last),
    }
}

/// Packs a head.
#[allow(dead_code, reason = "the build script's and the tests'")]
pub fn pack(head: &Head) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    for n in [head.rate, head.taps as u32, head.places.len() as u32] {
        out.extend(n.to_le_bytes());
    }
    head.places.iter().flatten().for_each(|x| out.extend(x.to_le_bytes()));
    let samples: Vec<i32> = head.responses.iter().map(|x| (x * SCALE).round() as i32).collect();
    let mut bits = Writer { out, held: 0, count: 0 };
    let width = 2 * head.taps;
    for (i, row) in samples.chunks_exact(head.taps).enumerate() {
        let before = |n: usize| if i >= 2 { samples[(i * head.taps + n) - width] } else { 0 };
        let residue = |kind: u32| -> Vec<u32> {
            (0..row.len())
                .map(|n| {
                    let (last, before_last) = if n > 0 { (row[n - 1], before(n - 1)) } else { (0, 0) };
                    let r = row[n] - predicted(kind, last, before(n), before_last);
                    ((r << 1) ^ (r >> 31)) as u32
                })
                .collect()
        };
        let cost = |residue: &[u32]| residue.chunks(RUN).map(|run| best(run).1).sum::<u64>();
        let (kind, residue) =
            (0..4).map(|k| (k, residue(k))).min_by_key(|(_, r)| cost(r)).unwrap_or_else(|| (0, residue(0)));
        bits.put(kind, 2);
        for run in residue.chunks(RUN) {
            let k = best(run).0;
            bits.put(k, 4);
            for u in run {
                let ones = u >> k;
                if ones >= ESCAPE {
                    bits.put((1 << ESCAPE) - 1, ESCAPE);
                    bits.put(*u, 20);
                } else {
                    bits.put((1 << ones) - 1, ones + 1);
                    bits.put(u & ((1 << k) - 1), k);
                }
            }
        }
    }
    bits.put(0, 7);
    bits.out
}

/// The cheapest Rice parameter for a run, and its bits.
fn best(run: &[u32]) -> (u32, u64) {
    (0..16)
        .map(|k| {
            let bits = |u: &u32| if u >> k >= ESCAPE { ESCAPE + 20 } else { (u >> k) + 1 + k };
            (k, run.iter().map(|u| u64::from(bits(u))).sum())
        })
        .min_by_key(|(_, bits)| *bits)
        .unwrap_or((0, 0))
}

/// Unpacks a head; `None` if that is not one.
pub fn unpack(bytes: &[u8]) -> Option<Head> {
    let number = |i: usize| Some(u32::from_le_bytes(bytes.get(4 * i..4 * i + 4)?.try_into().ok()?));
    if bytes.get(..4)? != MAGIC {
        return None;
    }
    let (rate, taps, count) = (number(1)?, number(2)? as usize, number(3)? as usize);
    // No sample takes less than a bit.
    if taps == 0 || count.checked_mul(2)?.checked_mul(taps)? > bytes.len().checked_mul(8)? {
        return None;
    }
    let coordinate = |i: usize| Some(f64::from_le_bytes(bytes.get(16 + 8 * i..24 + 8 * i)?.try_into().ok()?));
    let places = (0..count)
        .map(|m| Some([coordinate(3 * m)?, coordinate(3 * m + 1)?, coordinate(3 * m + 2)?]))
        .collect::<Option<Vec<_>>>()?;
    let mut bits = Reader { bytes: bytes.get(16 + 24 * count..)?, at: 0 };
    let mut samples = vec![0i32; 2 * count * taps];
    for i in 0..2 * count {
        let (done, rest) = samples.split_at_mut(i * taps);
        let before = i.checked_sub(2).map(|b| &done[b * taps..][..taps]);
        let row = &mut rest[..taps];
        let kind = bits.get(2)?;
        let mut k = 0;
        for n in 0..taps {
            if n % RUN == 0 {
                k = bits.get(4)?;
            }
            let ones = bits.ones()?;
            let u = if ones == ESCAPE { bits.get(20)? } else { ones << k | bits.get(k)? };
            let residue = (u >> 1) as i32 ^ -((u & 1) as i32);
            let of = |n: usize| before.map_or(0, |b| b[n]);
            let (last, before_last) = if n > 0 { (row[n - 1], of(n - 1)) } else { (0, 0) };
            row[n] = predicted(kind, last, of(n), before_last).wrapping_add(residue);
        }
    }
    Some(Head { rate, taps, places, responses: samples.iter().map(|x| *x as f32 / SCALE).collect() })
}

/// Bits, the lowest first.
struct Writer {
    out: Vec<u8>,
    held: u64,
    count: u32,
}

impl Writer {
    fn put(&mut self, value: u32, bits: u32) {
        self.held |= u64::from(value) << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// In bits.
    at: usize,
}

impl Reader<'_> {
    /// The next 32 bits, zeros after the end.
    fn peek(&self) -> u32 {
        let from = self.at / 8;
        let eight = match self.bytes.get(from..from + 8) {
            Some(whole) => whole.try_into().unwrap_or_default(),
            None => {
                let mut eight = [0; 8];
                eight.iter_mut().zip(self.bytes.get(from..).unwrap_or_default()).for_each(|(to, byte)| *to = *byte);
                eight
            }
        };
        (u64::from_le_bytes(eight) >> (self.at % 8)) as u32
    }

    fn skip(&mut self, bits: u32) -> Option<()> {
        self.at += bits as usize;
        (self.at <= self.bytes.len() * 8).then_some(())
    }

    fn get(&mut self, bits: u32) -> Option<u32> {
        let value = self.peek() & ((1 << bits) - 1);
        self.skip(bits)?;
        Some(value)
    }

    /// Ones in a row, `ESCAPE` at most; the zero that ends them is taken, too.
    fn ones(&mut self) -> Option<u32> {
        let ones = self.peek().trailing_ones().min(ESCAPE);
        self.skip(if ones == ESCAPE { ones } else { ones + 1 })?;
        Some(ones)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        let mut seed = 1u32;
        let mut noise = |size: i32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((seed >> 8) as i32 % size) as f32 / SCALE
        };
        let responses = (0..5 * 2 * 70).map(|n| noise(if n % 70 < 20 { 40_000 } else { 9 })).collect();
        Head { rate: 48_000, taps: 70, places: vec![[1.0, -0.5, 0.25]; 5], responses }
    }

    #[test]
    fn what_is_packed_comes_back_to_the_bit() {
        assert_eq!(unpack(&pack(&head())).unwrap(), head());
    }

    #[test]
    fn what_is_cut_off_or_damaged_is_refused_or_read_but_does_not_panic() {
        let packed = pack(&head());
        for n in 0..packed.len() {
            assert!(unpack(&packed[..n]).is_none(), "{n} bytes");
        }
        for n in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[n] ^= 0x55;
            let _ = unpack(&damaged);
        }
    }

    #[test]
    fn the_built_in_head_is_the_ku100_to_sixteen_bits() {
        let packed = unpack(crate::head::BUILT_IN).unwrap();
        let full = periphon::hrtf::read("ku100").unwrap();
        assert_eq!(packed.responses.len(), full.irs.len());
        let worst = packed.responses.iter().zip(&full.irs).fold(0.0f32, |a, (p, f)| a.max((p - f).abs()));
        assert!(worst <= 0.5 / SCALE + 1e-9, "{worst}");
        let off = packed.places.iter().zip(&full.positions);
        let off = off.fold(0.0f64, |a, (p, f)| (0..3).fold(a, |a, i| a.max((p[i] - f[i]).abs())));
        assert!(off == 0.0, "{off} m");
    }
}
