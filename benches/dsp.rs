//! What everything is built from: transforms, and the loops over bins for every instruction set of this machine, the
//! plain twin first.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use periphon::dsp::fft::{Fft, Spectrum, padded_bins};
use periphon::dsp::kernel::{Kernels, ORDERS, Sums, Sweep, Term};
use std::hint::black_box;

/// The transform of the default head at blocks of 256 frames.
const LEN: usize = 512;

fn wave(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect()
}

fn transforms(c: &mut Criterion) {
    let mut group = c.benchmark_group("fft");
    for len in [128, 320, 512, 576, 1024, 2048, 4096] {
        let mut fft = Fft::new(len);
        let mut s = Spectrum::new(len);
        fft.time.copy_from_slice(&wave(len));
        group.bench_function(BenchmarkId::new("forward", len), |b| b.iter(|| fft.forward(&mut s.re, &mut s.im)));
        group.bench_function(BenchmarkId::new("inverse", len), |b| b.iter(|| fft.inverse(&s.re, &s.im)));
    }
    group.finish();
}

fn loops(c: &mut Criterion) {
    let bins = padded_bins(LEN);
    let (x, h) = (wave(2 * bins), wave(4 * bins));
    let (re, im) = x.split_at(bins);
    // A source within one triangle: three spectra of the table.
    let table: Vec<i16> = (0..6 * bins).map(|i| (i * 37 % 101) as i16 - 50).collect();
    let table_terms: Vec<Term> =
        (0..3).map(|k| Term { index: k, weights: [1e-3, 1e-4, 1e-5].map(|w| w * (k + 1) as f32) }).collect();
    let way = Sweep {
        table: &table,
        table_terms: &table_terms,
        own: &[],
        own_terms: &[],
        delay: [30.0, 0.2, 0.01],
        len: LEN,
    };
    let waves: [Vec<f32>; ORDERS] = std::array::from_fn(|_| wave(256));

    let mut group = c.benchmark_group("loops");
    for kernels in Kernels::all() {
        let mut sums = [Sums::new(bins), Sums::new(bins)];
        group.bench_function(BenchmarkId::new("sweep, one ear", kernels.name()), |b| {
            b.iter(|| kernels.sweep(&mut sums[0], black_box(re), im, &way))
        });
        group.bench_function(BenchmarkId::new("apply, both ears", kernels.name()), |b| {
            let filters = [(&h[..bins], &h[bins..2 * bins]), (&h[2 * bins..3 * bins], &h[3 * bins..])];
            let [l, r] = &mut sums;
            b.iter(|| kernels.apply([&mut *l, &mut *r], black_box(re), im, filters, 0.5))
        });
        let mut out = vec![0.0; 256];
        group.bench_function(BenchmarkId::new("finish, 256 frames", kernels.name()), |b| {
            b.iter(|| {
                // Written anew, so that the sum does not grow.
                out.fill(0.0);
                kernels.finish(black_box(&mut out), waves.each_ref().map(|w| &w[..]))
            })
        });
    }
    group.finish();
}

criterion_group!(benches, transforms, loops);
criterion_main!(benches);
