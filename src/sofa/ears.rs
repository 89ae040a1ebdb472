//! Which receiver is the left ear: by its place in the file, checked against the sound itself.
//!
//! A source on the left reaches the left ear first and louder. Files of SOFA 0.x often have the left ear first and the
//! places of the ears the wrong way round (a default of an early tool), so the place alone is not to be trusted.

use super::finding::Finding;
use super::fir::Filters;
use super::places::{Places, Vec3, length};

/// What the responses say about the order of the receivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// The first receiver leads for sources on the left.
    LeftFirst,
    /// The second one does.
    RightFirst,
    /// They do not tell: too few sources at the sides, no differences, or contradicting ones.
    Unclear,
}

/// Where a response begins, in samples: the first that exceeds a tenth of the peak, between samples. `None` if silent.
pub(crate) fn onset(ir: &[f32]) -> Option<f64> {
    let peak = ir.iter().fold(0f32, |a, x| a.max(x.abs()));
    if peak == 0.0 {
        return None;
    }
    let threshold = peak * 0.1;
    let i = ir.iter().position(|x| x.abs() > threshold)?;
    if i == 0 {
        return Some(0.0);
    }
    let (a, b) = (ir[i - 1].abs(), ir[i].abs());
    Some((i - 1) as f64 + f64::from((threshold - a) / (b - a)))
}

/// Lead of the first receiver in samples and its level above the second in dB; `None` if one is silent.
fn differences(pair: &[f32], taps: usize, delay: [f64; 2]) -> Option<(f64, f64)> {
    let (a, b) = pair.split_at(taps);
    let energy = |ir: &[f32]| ir.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
    let lead = (onset(b)? + delay[1]) - (onset(a)? + delay[0]);
    Some((lead, 10.0 * (energy(a) / energy(b)).log10()))
}

/// Looks at up to 200 measurements at the sides (`irs` is `[M][2][taps]`).
pub(crate) fn evidence(positions: &[Vec3], irs: &[f32], taps: usize, delays: impl Fn(usize) -> [f64; 2]) -> Evidence {
    let lateral: Vec<usize> =
        (0..positions.len()).filter(|&m| positions[m][1].abs() > 0.4 * length(positions[m])).collect();
    let (mut time, mut level, mut seen) = (0.0, 0.0, 0.0);
    for &m in lateral.iter().step_by(lateral.len().div_ceil(200).max(1)) {
        let side = positions[m][1].signum();
        if let Some((lead, db)) = differences(&irs[m * 2 * taps..(m + 1) * 2 * taps], taps, delays(m)) {
            time += side * if lead.abs() < 0.5 { 0.0 } else { lead.signum() };
            level += side * if db.abs() < 0.5 { 0.0 } else { db.signum() };
            seen += 1.0;
        }
    }
    let verdict = |sum: f64| {
        if seen < 2.0 || sum.abs() < 0.6 * seen {
            Evidence::Unclear
        } else if sum > 0.0 {
            Evidence::LeftFirst
        } else {
            Evidence::RightFirst
        }
    };
    // Time is the surer sign; level speaks where time is silent, as in sets without delays.
    match verdict(time) {
        Evidence::Unclear => verdict(level),
        clear => clear,
    }
}

/// Makes the left ear the first one, and says so where the file did not have it that way or contradicts itself.
pub(crate) fn settle(
    filters: &mut Filters,
    positions: &[Vec3],
    receivers: Option<&Places>,
    findings: &mut Vec<Finding>,
) {
    let shown = evidence(positions, &filters.irs, filters.taps, |m| filters.delays[m]);
    let stated = match receivers {
        Some(r) if r.rows == 2 => {
            let (a, b) = (r.at(0, 0), r.at(1, 0));
            let apart = length([a[0] - b[0], a[1] - b[1], a[2] - b[2]]);
            if apart > 0.0 && !(0.1..=0.3).contains(&apart) {
                findings
                    .push(Finding::info("ear-distance", format!("ReceiverPosition puts the ears {apart:.3} m apart")));
            }
            if a[1] > b[1] {
                Evidence::LeftFirst
            } else if a[1] < b[1] {
                Evidence::RightFirst
            } else {
                Evidence::Unclear
            }
        }
        _ => Evidence::Unclear,
    };
    use Evidence::{LeftFirst, RightFirst, Unclear};
    let mut swap = false;
    match (stated, shown) {
        (LeftFirst, LeftFirst | Unclear) => {}
        (LeftFirst, RightFirst) => findings.push(swapped_ears()),
        (RightFirst, RightFirst) => {
            swap = true;
            findings.push(Finding::info("receivers-swapped", "the file has the right ear first; put right"));
        }
        (RightFirst, LeftFirst) => findings.push(Finding::warning(
            "receiver-positions",
            "ReceiverPosition puts the right ear first, but the responses have the left ear first; kept as they sound",
        )),
        (RightFirst, Unclear) => {
            swap = true;
            findings.push(Finding::warning(
                "receivers-swapped",
                "ReceiverPosition puts the right ear first, and the responses do not tell; put right by ReceiverPosition",
            ));
        }
        (Unclear, LeftFirst) => findings.push(Finding::info(
            "no-receiver-positions",
            "ReceiverPosition does not tell left from right; the responses have the left ear first",
        )),
        (Unclear, RightFirst) => {
            swap = true;
            findings.push(Finding::warning(
                "receivers-swapped",
                "ReceiverPosition does not tell left from right; the responses have the right ear first; put right",
            ));
        }
        (Unclear, Unclear) => findings.push(Finding::warning(
            "no-receiver-positions",
            "neither ReceiverPosition nor the responses tell left from right; the first receiver is taken as the left ear",
        )),
    }
    if swap {
        for pair in filters.irs.chunks_exact_mut(2 * filters.taps) {
            let (a, b) = pair.split_at_mut(filters.taps);
            a.swap_with_slice(b);
        }
        filters.delays.iter_mut().for_each(|d| d.swap(0, 1));
    }
}

pub(crate) fn swapped_ears() -> Finding {
    Finding::warning(
        "swapped-ears",
        "sources on the left reach the right ear first and louder: the ears are swapped, or the azimuths mirrored",
    )
    .hint("swap the ears in the file, or count azimuths counter-clockwise (+90 = left); it is used as it stands")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pulses at ± 90 degrees, the ear at the side of the source `lead` samples earlier and twice as loud.
    fn sides(lead: usize) -> Vec<f32> {
        let taps = 32;
        let mut irs = vec![0f32; 4 * taps];
        irs[4] = 1.0;
        irs[taps + 4 + lead] = 0.5;
        irs[2 * taps + 4 + lead] = 0.5;
        irs[3 * taps + 4] = 1.0;
        irs
    }

    #[test]
    fn the_ear_at_the_side_of_the_source_leads() {
        let (left, right) = ([0.0, 1.0, 0.0], [0.0, -1.0, 0.0]);
        assert_eq!(evidence(&[left, right], &sides(10), 32, |_| [0.0; 2]), Evidence::LeftFirst);
        assert_eq!(evidence(&[right, left], &sides(10), 32, |_| [0.0; 2]), Evidence::RightFirst);
    }

    #[test]
    fn level_speaks_where_time_is_silent() {
        let places = [[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]];
        assert_eq!(evidence(&places, &sides(0), 32, |_| [0.0; 2]), Evidence::LeftFirst);
        assert_eq!(evidence(&places, &[0.0; 128], 32, |_| [0.0; 2]), Evidence::Unclear);
    }

    #[test]
    fn a_delay_beside_the_response_counts() {
        let places = [[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]];
        let delays = [[30.0, 0.0], [0.0, 30.0]];
        assert_eq!(evidence(&places, &sides(10), 32, |m| delays[m]), Evidence::RightFirst);
    }
}
