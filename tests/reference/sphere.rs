//! The sound of a point source on a rigid sphere, by its series: the slow truth of the near field.
//!
//! Duda & Martens, "Range dependence of the response of a spherical head model", J. Acoust. Soc. Am. 104(5), 1998,
//! pp. 3048–3058, after Rabinowitz et al. 1993. With ρ = d / a and μ = ka, the pressure on the sphere, relative to that
//! of the free field at the sphere's centre, is `−(ρ/μ) e^(−iμρ) Σ (2m + 1) P_m(cos θ) h_m(μρ) / h'_m(μ)`. The paper
//! recurs on polynomials for `h_m`; here the recursion runs on ratios of neighbouring orders, which cannot overflow, so
//! the series may have as many terms as it needs at any frequency.
#![allow(dead_code)]

/// A complex number, in plain sight.
#[derive(Clone, Copy, Debug)]
pub struct C {
    pub re: f64,
    pub im: f64,
}

impl C {
    pub fn new(re: f64, im: f64) -> Self {
        Self { re, im }
    }
    pub fn abs(self) -> f64 {
        self.re.hypot(self.im)
    }
    pub fn arg(self) -> f64 {
        self.im.atan2(self.re)
    }
    fn add(self, o: Self) -> Self {
        Self::new(self.re + o.re, self.im + o.im)
    }
    fn mul(self, o: Self) -> Self {
        Self::new(self.re * o.re - self.im * o.im, self.re * o.im + self.im * o.re)
    }
    fn scale(self, k: f64) -> Self {
        Self::new(self.re * k, self.im * k)
    }
    fn inverse(self) -> Self {
        let n = self.re * self.re + self.im * self.im;
        Self::new(self.re / n, -self.im / n)
    }
}

/// Pressure on a rigid sphere of radius `a` metres, `theta` radians from the axis to a point source at `d` metres from
/// the centre (d > a), at `hz`, sound at `c` m/s; relative to the free field at the centre, so that the 1 / d law and
/// the way to the centre are taken out. Phases are of e^(+jωt): a delay has a negative one.
pub fn pressure(a: f64, d: f64, theta: f64, hz: f64, c: f64) -> C {
    let mu = std::f64::consts::TAU * hz / c * a;
    let far = mu * d / a;
    let x = theta.cos();
    // h_0(z) = −i e^(iz) / z, and r_1 = h_1 / h_0 = 1 / z − i.
    let turn = far - mu;
    let mut ratio = C::new(turn.cos(), turn.sin()).scale(mu / far);
    let mut r_near = C::new(1.0 / mu, -1.0);
    let mut r_far = C::new(1.0 / far, -1.0);
    // h'_0 / h_0 = −r_1; later h'_m / h_m = 1 / r_m − (m + 1) / z.
    let mut slope = r_near.scale(-1.0);
    let (mut p_low, mut p) = (1.0, 1.0);
    let mut sum = C::new(0.0, 0.0);
    let mut small = 0;
    for m in 0..20_000 {
        let order = f64::from(m);
        let size = ratio.mul(slope.inverse()).scale(2.0 * order + 1.0);
        sum = sum.add(size.scale(p));
        // P_m may vanish, so the terms are judged without it, and several in a row.
        small = if size.abs() < 1e-13 * (sum.abs() + 1e-3 * mu) && order > mu { small + 1 } else { 0 };
        if small == 4 {
            break;
        }
        (p_low, p) = if m == 0 { (1.0, x) } else { (p, ((2.0 * order + 1.0) * x * p - order * p_low) / (order + 1.0)) };
        ratio = ratio.mul(r_far).mul(r_near.inverse());
        slope = r_near.inverse().add(C::new(-(order + 2.0) / mu, 0.0));
        let next = |r: C, z: f64| C::new((2.0 * order + 3.0) / z, 0.0).add(r.inverse().scale(-1.0));
        (r_near, r_far) = (next(r_near, mu), next(r_far, far));
    }
    let way = C::new(far.cos(), -far.sin());
    let h = sum.mul(way).scale(-d / (a * mu));
    C::new(h.re, -h.im)
}

/// [`pressure`] at 0 Hz in closed form: the potential flow around the sphere.
pub fn pressure_at_rest(a: f64, d: f64, theta: f64) -> f64 {
    // Σ (2m + 1) / (m + 1) tᵐ P_m = 2 / R − ln((R + t − cos θ) / (1 − cos θ)) / t, t = a / d.
    let (t, x) = (a / d, theta.cos());
    let r = (1.0 - 2.0 * t * x + t * t).sqrt();
    2.0 / r - ((r + t - x) / (1.0 - x)).ln() / t
}

/// The angle at which the ray from the ear, on the sphere's axis, through a source at `d`, `theta` meets the sphere of
/// 1 m around the centre.
pub fn parallax(a: f64, d: f64, theta: f64) -> f64 {
    let (along, across) = (d * theta.cos() - a, d * theta.sin());
    let n = along.hypot(across);
    let (u, v) = (along / n, across / n);
    let s = -a * u + (a * a * u * u + 1.0 - a * a).sqrt();
    (s * v).atan2(a + s * u)
}

/// What nearness changes at one ear: `|N|` in dB, the pressure at `d` over that of 1 m in the parallax direction.
pub fn nearness_db(a: f64, d: f64, theta: f64, hz: f64, c: f64) -> f64 {
    let near = pressure(a, d, theta, hz, c).abs();
    let far = pressure(a, 1.0, parallax(a, d, theta), hz, c).abs();
    20.0 * (near / far).log10()
}
