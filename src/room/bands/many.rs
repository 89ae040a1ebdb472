//! The weights of many paths at once: the same steps as for one, a lane for each path.

use super::super::{BANDS, Bands};
use super::BandFilter;

/// Paths solved together.
pub(in crate::room) const LANES: usize = 16;

/// One value for each band and path.
pub(in crate::room) type Lanes = [[f32; LANES]; BANDS];

/// The tables of a [`BandFilter`], laid out for [`ManyWeights::solve`].
#[derive(Clone, Debug)]
pub(in crate::room) struct ManyWeights {
    /// `weights = solve · wanted`; rows beyond the last band used repeat it.
    solve: [[f32; BANDS]; BANDS],
    re: [[f32; BANDS]; BANDS],
    im: [[f32; BANDS]; BANDS],
}

impl ManyWeights {
    pub(in crate::room) fn new(filter: &BandFilter) -> Self {
        let unit = |k: usize| -> Bands { std::array::from_fn(|i| if i == k { 1.0 } else { 0.0 }) };
        let mut solve = [[0.0; BANDS]; BANDS];
        for k in 0..filter.used {
            for (row, w) in solve.iter_mut().zip(filter.solve(&unit(k))) {
                row[k] = w as f32;
            }
        }
        Self {
            solve,
            re: filter.parts.map(|row| row.map(|p| p.re as f32)),
            im: filter.parts.map(|row| row.map(|p| p.im as f32)),
        }
    }

    /// In place: gains become weights, as [`BandFilter::weights`] finds them.
    pub(in crate::room) fn solve(&self, lanes: &mut Lanes) {
        solve(self, lanes);
    }
}

#[multiversion::multiversion(targets("x86_64+avx2+fma"))]
fn solve(tables: &ManyWeights, lanes: &mut Lanes) {
    // Relative to the strongest band, so that late paths lose no digits.
    let mut scale = [0.0f32; LANES];
    for band in lanes.iter() {
        for i in 0..LANES {
            scale[i] = if band[i].abs() > scale[i] { band[i].abs() } else { scale[i] };
        }
    }
    let mut gains = [[0.0f32; LANES]; BANDS];
    for (gain, band) in gains.iter_mut().zip(lanes.iter()) {
        for i in 0..LANES {
            gain[i] = if scale[i] > 0.0 { band[i] / scale[i] } else { 0.0 };
        }
    }
    let mut wanted = gains;
    let mut weights = apply(&tables.solve, &wanted);
    for _ in 0..4 {
        let (re, im) = (apply(&tables.re, &weights), apply(&tables.im, &weights));
        for k in 0..BANDS {
            for i in 0..LANES {
                let got = (re[k][i] * re[k][i] + im[k][i] * im[k][i]).sqrt();
                wanted[k][i] *= if got > 1e-9 { gains[k][i] / got } else { 1.0 };
            }
        }
        weights = apply(&tables.solve, &wanted);
    }
    for (out, weight) in lanes.iter_mut().zip(&weights) {
        for i in 0..LANES {
            out[i] = weight[i] * scale[i];
        }
    }
}

#[inline(always)]
fn apply(matrix: &[[f32; BANDS]; BANDS], x: &Lanes) -> Lanes {
    let mut y = [[0.0f32; LANES]; BANDS];
    for (row, y) in matrix.iter().zip(&mut y) {
        for (m, x) in row.iter().zip(x) {
            for i in 0..LANES {
                y[i] += m * x[i];
            }
        }
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_paths_get_the_weights_that_each_would_get_alone() {
        for rate in [8_000.0, 16_000.0, 48_000.0, 96_000.0] {
            let filter = BandFilter::new(rate);
            let many = ManyWeights::new(&filter);
            let walls = [0.97f64, 0.96, 0.93, 0.82, 0.63, 0.6, 0.59];
            let other = [0.85f64, 0.88, 0.91, 0.95, 0.95, 0.94, 0.94];
            let gains: [Bands; LANES] = std::array::from_fn(|i| {
                std::array::from_fn(|k| walls[k].powi(i as i32 % 5) * other[k].powi(3 * i as i32) * 0.1)
            });
            let mut lanes: Lanes = std::array::from_fn(|k| std::array::from_fn(|i| gains[i][k] as f32));
            many.solve(&mut lanes);
            for (i, gains) in gains.iter().enumerate() {
                for (k, alone) in filter.weights(gains).into_iter().enumerate() {
                    let off = f64::from(lanes[k][i] - alone).abs() / gains.iter().fold(0.0, |m: f64, g| m.max(*g));
                    assert!(off < 1e-4, "{rate} Hz, path {i}, part {k}: {} and {alone}", lanes[k][i]);
                }
            }
        }
    }

    #[test]
    fn walls_that_take_everything_leave_nothing() {
        let many = ManyWeights::new(&BandFilter::new(48_000.0));
        let mut lanes = [[0.0; LANES]; BANDS];
        many.solve(&mut lanes);
        assert_eq!(lanes, [[0.0; LANES]; BANDS]);
    }
}
