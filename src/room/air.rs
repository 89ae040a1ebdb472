//! What the air takes from a sound on its way.
//!
//! Source: ISO 9613-1:1993, equations (3) to (5) and B.1 to B.3, at one standard atmosphere.

use super::{Air, BAND_CENTRES_HZ, Bands};

/// Pure-tone attenuation, nepers a metre: an amplitude falls as `exp(−a d)`. `hz` from 0 on; the standard vouches for
/// 50 Hz to 10 kHz within 10 %. One neper is 8.686 dB.
pub fn attenuation_per_metre(air: &Air, hz: f64) -> f64 {
    // Kelvin: the air, the standard's reference (20 °C) and the triple point of water.
    let (kelvin, reference, triple) = (air.temperature_c + 273.15, 293.15, 273.16);
    // Molar concentration of water vapour, percent.
    let saturation = 10f64.powf(-6.8346 * (triple / kelvin).powf(1.261) + 4.6151);
    let h = air.humidity_percent * saturation;
    // Relaxation frequencies of oxygen and nitrogen, Hz.
    let oxygen = 24.0 + 4.04e4 * h * (0.02 + h) / (0.391 + h);
    let ratio = kelvin / reference;
    let nitrogen = ratio.powf(-0.5) * (9.0 + 280.0 * h * (-4.170 * (ratio.powf(-1.0 / 3.0) - 1.0)).exp());
    let classical = 1.84e-11 * ratio.sqrt();
    let of_oxygen = 0.01275 * (-2239.1 / kelvin).exp() / (oxygen + hz * hz / oxygen);
    let of_nitrogen = 0.1068 * (-3352.0 / kelvin).exp() / (nitrogen + hz * hz / nitrogen);
    hz * hz * (classical + ratio.powf(-2.5) * (of_oxygen + of_nitrogen))
}

/// The attenuation at the centre of each octave band, nepers a metre.
pub fn bands(air: &Air) -> Bands {
    BAND_CENTRES_HZ.map(|hz| attenuation_per_metre(air, hz))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// dB per kilometre at the exact midband frequency, as the standard's tables have it.
    fn db_per_km(temperature_c: f64, humidity_percent: f64, band: usize) -> f64 {
        let exact = 1000.0 * 10f64.powf(0.3 * (band as f64 - 3.0));
        8_685.889_638 * attenuation_per_metre(&Air { temperature_c, humidity_percent }, exact)
    }

    #[test]
    fn the_published_table_comes_out() {
        // ISO 9613-2:1996, table 2 (made from ISO 9613-1), 125 Hz to 8 kHz.
        let table = [
            (10.0, 70.0, [0.4, 1.0, 1.9, 3.7, 9.7, 32.8, 117.0]),
            (20.0, 70.0, [0.3, 1.1, 2.8, 5.0, 9.0, 22.9, 76.6]),
            (30.0, 70.0, [0.3, 1.0, 3.1, 7.4, 12.7, 23.1, 59.3]),
            (15.0, 20.0, [0.6, 1.2, 2.7, 8.2, 28.2, 88.8, 202.0]),
            (15.0, 50.0, [0.5, 1.2, 2.2, 4.2, 10.8, 36.2, 129.0]),
            (15.0, 80.0, [0.3, 1.1, 2.4, 4.1, 8.3, 23.7, 82.8]),
        ];
        for (celsius, humidity, row) in table {
            for (band, want) in row.into_iter().enumerate() {
                let got = db_per_km(celsius, humidity, band);
                // Half of the last printed digit, and a hair.
                let digit = if want >= 100.0 { 0.5 } else { 0.05 };
                assert!((got - want).abs() <= digit + 0.006 * want, "{celsius} °C {humidity} %: {got} not {want}");
            }
        }
    }

    #[test]
    fn the_air_of_a_room_takes_most_of_the_highest_band() {
        // ISO 9613-1, table 1, 20 °C and 50 %: 4.66 dB/km at 1 kHz.
        assert!((db_per_km(20.0, 50.0, 3) - 4.66).abs() < 0.01, "{}", db_per_km(20.0, 50.0, 3));
        let all = bands(&Air::default());
        assert!(all.windows(2).all(|w| w[0] < w[1]), "{all:?}");
        assert!((8.686 * all[6] - 0.105).abs() < 0.003, "{}", 8.686 * all[6]);
    }
}
