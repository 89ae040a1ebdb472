//! What air absorbs on the way.
//!
//! Source: ISO 9613-1:1993, equations 3 to 5 and annex B, at one standard atmosphere.

use super::Air;

/// How fast air takes amplitude from a tone of `hz`: after d metres `exp(−a d)` of it is left. Nepers a metre.
pub fn attenuation_per_metre(air: &Air, hz: f64) -> f64 {
    let kelvin = air.temperature_c + 273.15;
    let warmth = kelvin / 293.15;
    // Molar concentration of water vapour, percent.
    let saturation = 10f64.powf(4.6151 - 6.8346 * (273.16 / kelvin).powf(1.261));
    let water = air.humidity_percent * saturation;
    // Relaxation of oxygen and of nitrogen, Hz.
    let oxygen = 24.0 + 4.04e4 * water * (0.02 + water) / (0.391 + water);
    let nitrogen = warmth.powf(-0.5) * (9.0 + 280.0 * water * (-4.170 * (warmth.powf(-1.0 / 3.0) - 1.0)).exp());
    let squared = hz * hz;
    let relaxation = 0.012_75 * (-2239.1 / kelvin).exp() / (oxygen + squared / oxygen)
        + 0.1068 * (-3352.0 / kelvin).exp() / (nitrogen + squared / nitrogen);
    squared * (1.84e-11 * warmth.sqrt() + warmth.powf(-2.5) * relaxation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_table_is_met() {
        // ISO 9613-1, table 1: 20 °C, 50 %, dB a kilometre.
        let air = Air { temperature_c: 20.0, humidity_percent: 50.0 };
        for (hz, db) in [(125.0, 0.445), (1000.0, 4.66), (4000.0, 29.7), (8000.0, 105.0)] {
            let got = attenuation_per_metre(&air, hz) * 20.0 / std::f64::consts::LN_10 * 1000.0;
            assert!((got / db - 1.0).abs() < 0.02, "{hz} Hz: {got} dB/km");
        }
    }
}
