//! Small symmetric systems of equations.

/// Solves `A X = B` in place for a symmetric positive definite `A`, `[n][n]`, of which the lower half is read and
/// overwritten by its Cholesky factor; `b` holds right-hand sides by rows, `[sides][n]`. False, with nothing solved, if
/// `A` is not positive definite.
pub fn solve_positive(a: &mut [f64], n: usize, b: &mut [f64]) -> bool {
    for j in 0..n {
        for i in j..n {
            let dot: f64 = a[i * n..i * n + j].iter().zip(&a[j * n..j * n + j]).map(|(x, y)| x * y).sum();
            let rest = a[i * n + j] - dot;
            if i == j {
                if !(rest > 0.0 && rest.is_finite()) {
                    return false;
                }
                a[j * n + j] = rest.sqrt();
            } else {
                a[i * n + j] = rest / a[j * n + j];
            }
        }
    }
    // Both triangular solves run along rows of the factor, which are contiguous.
    for x in b.chunks_exact_mut(n) {
        for i in 0..n {
            let dot: f64 = a[i * n..i * n + i].iter().zip(&x[..i]).map(|(l, x)| l * x).sum();
            x[i] = (x[i] - dot) / a[i * n + i];
        }
        for i in (0..n).rev() {
            x[i] /= a[i * n + i];
            let (head, tail) = x.split_at_mut(i);
            for (h, l) in head.iter_mut().zip(&a[i * n..i * n + i]) {
                *h -= l * tail[0];
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::solve_positive;

    #[test]
    fn a_solution_solves() {
        let n = 9;
        let base: Vec<f64> = (0..n * n).map(|i| ((i * 37 % 23) as f64 - 11.0) / 7.0).collect();
        let mut a = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                a[i * n + j] = (0..n).map(|k| base[i * n + k] * base[j * n + k]).sum::<f64>() + f64::from(i == j);
            }
        }
        let b: Vec<f64> = (0..3 * n).map(|i| (i as f64).cos()).collect();
        let (mut factor, mut x) = (a.clone(), b.clone());
        assert!(solve_positive(&mut factor, n, &mut x));
        for (x, b) in x.chunks_exact(n).zip(b.chunks_exact(n)) {
            for i in 0..n {
                let ax: f64 = (0..n).map(|j| a[i * n + j] * x[j]).sum();
                assert!((ax - b[i]).abs() < 1e-10);
            }
        }
    }

    #[test]
    fn what_is_not_positive_is_refused() {
        let mut x = [1.0, 1.0];
        assert!(!solve_positive(&mut [1.0, 2.0, 2.0, 1.0], 2, &mut x));
        assert!(!solve_positive(&mut [f64::NAN, 0.0, 0.0, 1.0], 2, &mut x));
        assert_eq!(x, [1.0, 1.0]);
    }
}
