//! The loops of the network: eight lines in vector lanes where a filter runs along time, a block of samples in lanes where
//! lines are mixed.

use super::bank::POLES;
use super::design::{Lanes, Taps};
use super::lines::GROUP;

/// Samples worked on at once, at most.
pub(super) const SPAN: usize = 64;

/// One line's samples.
pub(super) type Planar = [f32; SPAN];

/// `a * b + c`, fused only where the machine has an instruction for it.
#[inline(always)]
fn madd<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

#[inline(always)]
fn filter_body<const FUSED: bool>(
    block: &mut [Lanes],
    heard: &mut [Lanes],
    state: &mut [Lanes; POLES],
    poles: &[f32; POLES],
    round_taps: &Taps,
    heard_taps: &Taps,
) {
    let mut s = *state;
    for (x, y) in block.iter_mut().zip(heard) {
        let mut round: Lanes = std::array::from_fn(|i| x[i] * round_taps[POLES][i]);
        let mut out: Lanes = std::array::from_fn(|i| x[i] * heard_taps[POLES][i]);
        for p in 0..POLES {
            for i in 0..GROUP {
                s[p][i] = madd::<FUSED>(x[i] - s[p][i], poles[p], s[p][i]);
            }
            for i in 0..GROUP {
                round[i] = madd::<FUSED>(s[p][i], round_taps[p][i], round[i]);
                out[i] = madd::<FUSED>(s[p][i], heard_taps[p][i], out[i]);
            }
        }
        *x = round;
        *y = out;
    }
    *state = s;
}

/// Runs both filters of eight lines: `block` goes in and comes out as what goes round, `heard` as what is heard.
#[multiversion::multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn filter(
    block: &mut [Lanes],
    heard: &mut [Lanes],
    state: &mut [Lanes; POLES],
    poles: &[f32; POLES],
    round_taps: &Taps,
    heard_taps: &Taps,
) {
    if multiversion::target::target_cfg_f!(target_feature = "fma") {
        filter_body::<true>(block, heard, state, poles, round_taps, heard_taps);
    } else {
        filter_body::<false>(block, heard, state, poles, round_taps, heard_taps);
    }
}

/// Rows become columns, in the three steps that shuffle instructions take.
#[inline(always)]
fn transpose(r: [Lanes; 8]) -> [Lanes; 8] {
    let low = |a: Lanes, b: Lanes| [a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5]];
    let high = |a: Lanes, b: Lanes| [a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7]];
    let (p, q) = (low(r[0], r[1]), high(r[0], r[1]));
    let (s, t) = (low(r[2], r[3]), high(r[2], r[3]));
    let (u, v) = (low(r[4], r[5]), high(r[4], r[5]));
    let (w, x) = (low(r[6], r[7]), high(r[6], r[7]));
    let first = |a: Lanes, b: Lanes| [a[0], a[1], b[0], b[1], a[4], a[5], b[4], b[5]];
    let second = |a: Lanes, b: Lanes| [a[2], a[3], b[2], b[3], a[6], a[7], b[6], b[7]];
    let near = [first(p, s), second(p, s), first(q, t), second(q, t)];
    let far = [first(u, w), second(u, w), first(v, x), second(v, x)];
    let front = |a: Lanes, b: Lanes| [a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]];
    let back = |a: Lanes, b: Lanes| [a[4], a[5], a[6], a[7], b[4], b[5], b[6], b[7]];
    std::array::from_fn(|i| if i < 4 { front(near[i], far[i]) } else { back(near[i - 4], far[i - 4]) })
}

/// Lines side by side from lines one after another.
#[multiversion::multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn interleave(lines: &[Planar; GROUP], block: &mut [Lanes; SPAN]) {
    for t in 0..SPAN / 8 {
        let mut rows = [[0.0; 8]; 8];
        for i in 0..8 {
            rows[i].copy_from_slice(&lines[i][8 * t..8 * t + 8]);
        }
        block[8 * t..8 * t + 8].copy_from_slice(&transpose(rows));
    }
}

/// And back.
#[multiversion::multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn separate(block: &[Lanes; SPAN], lines: &mut [Planar; GROUP]) {
    for t in 0..SPAN / 8 {
        let mut rows = [[0.0; 8]; 8];
        rows.copy_from_slice(&block[8 * t..8 * t + 8]);
        let columns = transpose(rows);
        for i in 0..8 {
            lines[i][8 * t..8 * t + 8].copy_from_slice(&columns[i]);
        }
    }
}

/// Mixes either four of eight lines by a Hadamard matrix of columns of length 2, then the two fours by a rotation (its
/// cosine and sine), with signs turned before and after, so that nothing steady adds up.
#[multiversion::multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn mix(lines: &mut [Planar; GROUP], turn: [f32; 2]) {
    let [c, s] = turn;
    for n in 0..SPAN {
        let x: [f32; 8] = std::array::from_fn(|i| if i == 2 || i == 7 { -lines[i][n] } else { lines[i][n] });
        let a =
            [x[0] + x[1], x[0] - x[1], x[2] + x[3], x[2] - x[3], x[4] + x[5], x[4] - x[5], x[6] + x[7], x[6] - x[7]];
        let b =
            [a[0] + a[2], a[1] + a[3], a[0] - a[2], a[1] - a[3], a[4] + a[6], a[5] + a[7], a[4] - a[6], a[5] - a[7]];
        for i in 0..4 {
            let (slow, fast) = (c * b[i] + s * b[i + 4], c * b[i + 4] - s * b[i]);
            // Each line feeds its neighbour most directly.
            let to = (i + 1) % 4;
            lines[to][n] = if i == 1 { -slow } else { slow };
            lines[to + 4][n] = if i == 0 || i == 2 { -fast } else { fast };
        }
    }
}

/// The largest magnitude; infinity if anything is not a number.
#[multiversion::multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn peak(samples: &[f32]) -> f32 {
    // Magnitudes compare as their bits do, and what is not a number lies above infinity.
    let top = samples.iter().fold(0, |m, x| m.max(x.to_bits() & 0x7fff_ffff));
    if top > f32::INFINITY.to_bits() { f32::INFINITY } else { f32::from_bits(top) }
}
