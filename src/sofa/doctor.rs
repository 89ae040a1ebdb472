//! The doctor: what a set is like, and each thing about it that is odd.

use super::ears::{self, Evidence};
use super::finding::Finding;
use super::grid::{self, Grid, GridKind};
use super::places::{from_angles, length};
use super::{HrirData, places};

/// What a set is like.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// Its directions.
    pub grid: Grid,
    /// Least and greatest interaural time difference in seconds, from responses and delays together; positive when the
    /// left ear leads. `None` if no direction has sound at both ears.
    pub itd_s: Option<[f64; 2]>,
    /// Earliest and latest beginning of a response, delays included, in seconds.
    pub onset_s: Option<[f64; 2]>,
    /// Least and greatest value of the delay field, in samples.
    pub delay_samples: [f32; 2],
    /// The largest sample.
    pub peak: f32,
    /// Level around 1 kHz of the direction nearest to the front, mean of both ears, dB; minus infinity for silence.
    pub front_level_db: f64,
    /// Level around 1 kHz over all directions (each counts the same) and both ears, dB.
    pub mean_level_db: f64,
    /// Level around 100 Hz less that around 1 kHz, over all directions, dB.
    pub bass_db: f64,
    /// Responses without any sound.
    pub silent: usize,
    /// Everything that is odd, also what was found while reading.
    pub findings: Vec<Finding>,
}

/// Everything that is odd about a set: [`HrirData::findings`] and what its responses and directions show.
pub fn doctor(set: &HrirData) -> Vec<Finding> {
    diagnose(set).findings
}

/// Looks at a set. Allocates, and takes some milliseconds: not for the audio thread.
pub fn diagnose(set: &HrirData) -> Diagnosis {
    let mut findings = set.findings.clone();
    let grid = grid::look(&set.positions);
    let times = Times::of(set);
    let levels = Levels::of(set);
    let delays =
        set.delays.iter().flatten().fold([f32::INFINITY, f32::NEG_INFINITY], |r, &d| [r[0].min(d), r[1].max(d)]);
    directions(&grid, &mut findings);
    order(set, &times, &mut findings);
    onsets(set, &grid, &times, &mut findings);
    sound(set, &levels, &mut findings);
    terms(set, &mut findings);
    findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    Diagnosis {
        grid,
        itd_s: times.itd,
        onset_s: times.onset,
        delay_samples: delays,
        peak: levels.peak,
        front_level_db: levels.front_db,
        mean_level_db: levels.mean_db,
        bass_db: levels.bass_db,
        silent: levels.silent,
        findings,
    }
}

fn directions(grid: &Grid, findings: &mut Vec<Finding>) {
    match grid.kind {
        GridKind::Single => findings.push(Finding::warning("one-direction", "the set has one direction only")),
        GridKind::Circle => findings.push(
            Finding::warning(
                "horizontal-only",
                format!("all {} directions are in the horizontal plane", grid.directions),
            )
            .hint("sources above and below will sound as if they were level with the ears"),
        ),
        GridKind::HalfSphere => findings.push(Finding::warning(
            "half-sphere",
            format!(
                "the elevations reach from {:.1} to {:.1} degrees only",
                grid.elevation_range_deg[0], grid.elevation_range_deg[1]
            ),
        )),
        GridKind::Irregular => findings.push(Finding::info(
            "irregular-grid",
            format!(
                "the {} directions follow no regular grid; the widest gap is {:.1} degrees",
                grid.directions, grid.widest_gap_deg
            ),
        )),
        GridKind::Rings | GridKind::Even => {}
    }
    let sphere = !matches!(grid.kind, GridKind::Single | GridKind::Circle);
    let usual = 1.5 * (41_253.0 / grid.directions as f64).sqrt();
    let poles: Vec<String> =
        [(grid.elevation_range_deg[0] + 90.0, "below"), (90.0 - grid.elevation_range_deg[1], "above")]
            .iter()
            .filter(|(gap, _)| *gap > usual.max(10.0))
            .map(|(gap, side)| format!("within {gap:.0} degrees of straight {side}"))
            .collect();
    if sphere && !poles.is_empty() {
        findings.push(Finding::info("missing-poles", format!("there is no direction {}", poles.join(" or "))));
    }
    let at_pole = grid.widest_gap_at_deg[1].abs() > 60.0;
    if sphere && !at_pole && grid.widest_gap_deg > (2.0 * usual).max(20.0) {
        findings.push(Finding::warning(
            "wide-gap",
            format!(
                "there is no direction within {:.0} degrees of azimuth {:.0}, elevation {:.0}",
                grid.widest_gap_deg, grid.widest_gap_at_deg[0], grid.widest_gap_at_deg[1]
            ),
        ));
    }
    if !sphere && grid.directions > 1 && grid.horizontal_gap_deg > 15.0 {
        findings.push(Finding::warning(
            "wide-gap",
            format!("in the horizontal plane there are gaps of {:.0} degrees", 2.0 * grid.horizontal_gap_deg),
        ));
    }
    if grid.duplicates > 0 {
        findings.push(Finding::warning(
            "duplicate-directions",
            format!("{} measurements repeat the place of an earlier one", grid.duplicates),
        ));
    }
    if let [first, .., last] = grid.distances_m[..] {
        findings.push(Finding::info(
            "several-distances",
            format!("the sources stand at {} distances, {first:.2} to {last:.2} m", grid.distances_m.len()),
        ));
    }
    if grid.distances_m.last().is_some_and(|&d| d > 20.0) {
        findings.push(Finding::warning(
            "far-source",
            format!(
                "the sources stand {:.0} m away: are the distances in other units than they say?",
                grid.distances_m[grid.distances_m.len() - 1]
            ),
        ));
    }
}

/// Arrival times, in seconds.
struct Times {
    itd: Option<[f64; 2]>,
    onset: Option<[f64; 2]>,
    /// Greatest difference between the ears in the responses alone, and in the delay field alone.
    response_itd: f64,
    field_itd: f64,
    /// Whether there are sources at the sides, where a difference is to be expected.
    lateral: bool,
    /// Responses that begin with their first sample.
    at_zero: usize,
}

impl Times {
    fn of(set: &HrirData) -> Self {
        let mut times = Self { itd: None, onset: None, response_itd: 0.0, field_itd: 0.0, lateral: false, at_zero: 0 };
        let widen = |range: &mut Option<[f64; 2]>, v: f64| {
            let [a, b] = range.unwrap_or([v, v]);
            *range = Some([a.min(v), b.max(v)]);
        };
        for (m, &place) in set.positions.iter().enumerate() {
            let [Some(left), Some(right)] = [0, 1].map(|ear| ears::onset(set.ir(m, ear))) else { continue };
            let [dl, dr] = set.delays[m].map(f64::from);
            for (onset, delay) in [(left, dl), (right, dr)] {
                widen(&mut times.onset, (onset + delay) / set.sample_rate);
                times.at_zero += usize::from(onset == 0.0);
            }
            widen(&mut times.itd, (right + dr - left - dl) / set.sample_rate);
            if place[1].abs() > 0.7 * length(place) {
                times.lateral = true;
                times.response_itd = times.response_itd.max((right - left).abs() / set.sample_rate);
            }
            times.field_itd = times.field_itd.max((dr - dl).abs() / set.sample_rate);
        }
        times
    }
}

/// Ears, and what time differences say about them and about the rate.
fn order(set: &HrirData, times: &Times, findings: &mut Vec<Finding>) {
    let swapped = ears::evidence(&set.positions, &set.irs, set.taps, |m| set.delays[m].map(f64::from));
    if swapped == Evidence::RightFirst && !findings.iter().any(|f| f.code == "swapped-ears") {
        findings.push(ears::swapped_ears());
    }
    let Some([least, greatest]) = times.itd.filter(|_| times.lateral) else { return };
    let widest = greatest.max(-least);
    if widest < 1e-4 {
        findings.push(
            Finding::warning(
                "no-itd",
                format!("sound reaches both ears at once from all sides (at most {:.0} us apart)", widest * 1e6),
            )
            .hint("the set was made without time differences; directions will be hard to tell"),
        );
    } else if times.response_itd > 2e-4 && times.field_itd > 2e-4 {
        findings.push(
            Finding::warning(
                "double-itd",
                format!(
                    "the ears differ in time both in the responses (by up to {:.2} ms) and in Data.Delay (up to {:.2} ms)",
                    times.response_itd * 1e3,
                    times.field_itd * 1e3
                ),
            )
            .hint("if the responses were never aligned, set Data.Delay to zero"),
        );
    } else if !(3.8e-4..=1.2e-3).contains(&widest) {
        findings.push(
            Finding::warning(
                "itd-range",
                format!("the ears are up to {:.2} ms apart in time; heads give 0.5 to 1 ms", widest * 1e3),
            )
            .hint(format!("is the sample rate of {} Hz right?", set.sample_rate)),
        );
    }
    if widest >= 1e-4 && (greatest + least).abs() > 0.2 * widest + 5e-5 {
        findings.push(Finding::info(
            "uneven-itd",
            format!(
                "time differences reach {:.2} ms on the left and {:.2} ms on the right",
                greatest.max(0.0) * 1e3,
                (-least).max(0.0) * 1e3
            ),
        ));
    }
}

fn onsets(set: &HrirData, grid: &Grid, times: &Times, findings: &mut Vec<Finding>) {
    let Some([first, _]) = times.onset else { return };
    let far = grid.distances_m.last().copied().unwrap_or(0.0);
    if first > far / 343.0 + 0.005 {
        findings.push(Finding::warning(
            "common-delay",
            format!("all responses begin late, after {:.1} ms or more", first * 1e3),
        ));
    }
    if times.at_zero * 2 > set.len() * 2 {
        findings.push(Finding::info(
            "onset-at-zero",
            format!(
                "{} of {} responses begin with their first sample (minimum phase, or cut short)",
                times.at_zero,
                set.len() * 2
            ),
        ));
    }
}

/// Levels, dB.
struct Levels {
    peak: f32,
    front_db: f64,
    mean_db: f64,
    bass_db: f64,
    dc_db: f64,
    silent: usize,
    /// Responses with one sample that is not zero.
    pulses: usize,
    /// Energy of the last twentieth of the responses, against all of it.
    end_db: f64,
}

impl Levels {
    fn of(set: &HrirData) -> Self {
        let (mut peak, mut silent, mut pulses) = (0f32, 0, 0);
        let (mut all, mut end) = (0f64, 0f64);
        let tail = set.taps / 20;
        for ir in set.irs.chunks_exact(set.taps) {
            peak = ir.iter().fold(peak, |a, x| a.max(x.abs()));
            let sounding = ir.iter().filter(|&&x| x != 0.0).take(2).count();
            silent += usize::from(sounding == 0);
            pulses += usize::from(sounding == 1);
            let energy = |x: &[f32]| x.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
            all += energy(ir);
            end += energy(&ir[set.taps - tail..]);
        }
        let power = |ir: &[f32], hz: f64| {
            // The discrete-time Fourier transform at one frequency, by Goertzel's recursion.
            let (sin, cos) = (std::f64::consts::TAU * hz / set.sample_rate).sin_cos();
            let (mut before, mut last) = (0f64, 0f64);
            for &x in ir {
                (before, last) = (last, f64::from(x) + 2.0 * cos * last - before);
            }
            (last - cos * before).powi(2) + (sin * before).powi(2)
        };
        let db = |p: f64| 10.0 * p.log10();
        let around = |m: usize, hz: &[f64]| {
            let sum: f64 =
                (0..2).flat_map(|ear| hz.iter().map(move |&f| (ear, f))).map(|(ear, f)| power(set.ir(m, ear), f)).sum();
            sum / (2 * hz.len()) as f64
        };
        const MID: [f64; 3] = [841.0, 1000.0, 1189.0];
        let front = (0..set.len())
            .max_by(|&a, &b| {
                let ahead =
                    |m: usize| places::dot(set.positions[m], from_angles(0.0, 0.0, 1.0)) / length(set.positions[m]);
                ahead(a).total_cmp(&ahead(b))
            })
            .unwrap_or(0);
        // Up to 300 measurements tell the mean as well as all.
        let some: Vec<usize> = (0..set.len()).step_by(set.len().div_ceil(300).max(1)).collect();
        let mean = |hz: &[f64]| db(some.iter().map(|&m| around(m, hz)).sum::<f64>() / some.len() as f64);
        let mean_db = mean(&MID);
        Self {
            peak,
            front_db: db(around(front, &MID)),
            mean_db,
            bass_db: mean(&[100.0]) - mean_db,
            dc_db: mean(&[0.0]) - mean_db,
            silent,
            pulses,
            end_db: db(end / all),
        }
    }
}

fn sound(set: &HrirData, levels: &Levels, findings: &mut Vec<Finding>) {
    let responses = set.len() * 2;
    if levels.silent > 0 {
        findings.push(Finding::warning(
            "silent-responses",
            format!("{} of {responses} responses are silent", levels.silent),
        ));
    }
    if levels.pulses == responses {
        findings.push(
            Finding::warning("pulses", "every response is one single sample: a placeholder, or gains only")
                .hint("such a set colours nothing; directions differ in level and time at most"),
        );
    } else {
        if levels.mean_db.is_finite() && levels.bass_db < -15.0 && set.taps as f64 > 0.002 * set.sample_rate {
            findings.push(Finding::info(
                "weak-bass",
                format!("at 100 Hz the set is {:.0} dB weaker than at 1 kHz", -levels.bass_db),
            ));
        }
        if levels.dc_db > 20.0 {
            findings.push(Finding::warning(
                "dc",
                format!("at 0 Hz the set is {:.0} dB louder than at 1 kHz", levels.dc_db),
            ));
        }
        if set.taps >= 64 && levels.end_db > -30.0 {
            findings.push(Finding::warning(
                "truncated",
                format!(
                    "the responses still sound at their end (their last twentieth has {:.0} dB of all)",
                    levels.end_db
                ),
            ));
        }
    }
    if levels.peak > 4.0 {
        findings.push(
            Finding::warning("level", format!("the largest sample is {}; heads at 1 m reach about 1", levels.peak))
                .hint("the set is used at the level it has, which may be far too loud"),
        );
    } else if levels.mean_db.is_finite() && levels.mean_db.abs() > 12.0 {
        findings.push(Finding::info(
            "level",
            format!(
                "around 1 kHz the set has {:+.1} dB on average, and {:+.1} dB in front",
                levels.mean_db, levels.front_db
            ),
        ));
    }
    let seconds = set.taps as f64 / set.sample_rate;
    if seconds > 0.1 {
        findings.push(
            Finding::warning(
                "long-responses",
                format!("the responses are {seconds:.2} s long; a head needs a hundredth of that"),
            )
            .hint("if this is a measured room, give it to --room"),
        );
    }
}

fn terms(set: &HrirData, findings: &mut Vec<Finding>) {
    let stated = set.meta.license.as_deref().filter(|l| !l.to_ascii_lowercase().starts_with("no license"));
    if stated.is_none() {
        findings.push(Finding::info("no-licence", "the file does not say under which licence it may be used"));
    }
}
