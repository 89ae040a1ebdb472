//! From an opened file to a head set: filters, directions, ears.

use super::container::Container;
use super::convention::{Convention, Form, identify};
use super::finding::Finding;
use super::fir::{self, Filters};
use super::places::{self, Pose, System, Vec3, length};
use super::{HrirData, Meta, ears, harmonics, sections, transfer};
use crate::error::{Error, Result};

/// Nearer than this no source stands beside a head.
const NEAREST_M: f64 = 0.05;

pub(crate) fn read(file: &Container) -> Result<HrirData> {
    let mut findings = Vec::new();
    let convention = identify(file, &mut findings)?;
    let mut filters = match convention.form {
        Form::Fir | Form::FirEmitters | Form::FirEmittersFirst => fir::read(file, convention.form, &mut findings)?,
        Form::Transfer | Form::TransferEmitters => transfer::read(file, convention.form, &mut findings)?,
        Form::Sections => sections::read(file, &mut findings)?,
    };
    if filters.irs.iter().all(|&x| x == 0.0) {
        return Err(Error::malformed("all responses are silent"));
    }
    let positions = directions(file, &convention, &mut filters, &mut findings)?;
    // Impulse responses of a file were checked where the file could be named; this is for those made here.
    if let Some(at) = fir::first_not_finite(&filters.irs) {
        return Err(Error::malformed(format!(
            "the response of measurement {} grows beyond all numbers",
            at / (2 * filters.taps)
        )));
    }
    let receivers = places::read(file, "ReceiverPosition", &mut findings)?;
    ears::settle(&mut filters, &positions, receivers.as_ref(), &mut findings);
    Ok(HrirData {
        sample_rate: filters.sample_rate,
        taps: filters.taps,
        positions,
        delays: filters.delays.iter().map(|d| d.map(|v| v as f32)).collect(),
        irs: filters.irs,
        meta: Meta::of(file),
        findings,
    })
}

/// Where each source stands, seen from the head.
fn directions(
    file: &Container,
    convention: &Convention,
    filters: &mut Filters,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Vec3>> {
    let m = filters.measurements;
    if file.variable("ListenerRotation").is_some() {
        return Err(Error::unsupported("the directions are kept in ListenerRotation, which SOFA dropped after 0.2")
            .hint("convert the file with the SOFA toolbox (SOFAupgradeConventions)"));
    }
    let with_emitters = !matches!(convention.form, Form::Fir | Form::Transfer | Form::Sections);
    let emitters = if with_emitters { places::read(file, "EmitterPosition", findings)? } else { None };
    if let Some(e) = &emitters {
        if e.rows != filters.emitters {
            return Err(Error::malformed(format!(
                "EmitterPosition has {} rows for {} emitters",
                e.rows, filters.emitters
            )));
        }
        if e.per_measurement() && e.system != System::Harmonics {
            return Err(Error::unsupported("EmitterPosition differs between measurements"));
        }
        if e.system == System::Harmonics {
            let distance = e.at(0, 0)[0];
            let distance = if distance.is_finite() && distance > NEAREST_M {
                distance
            } else {
                findings.push(Finding::warning("no-distance", "EmitterPosition gives no distance; 1 m is assumed"));
                1.0
            };
            let (expanded, places) = harmonics::expand(filters, distance, findings)?;
            *filters = expanded;
            return Ok(places);
        }
    } else if with_emitters && filters.emitters > 1 {
        return Err(Error::malformed("the file has no EmitterPosition, so its emitters have no directions"));
    }
    let source = Pose::read(file, "Source", findings)?;
    let listener = Pose::read(file, "Listener", findings)?;
    if !source.given() {
        return Err(Error::malformed("the file has no variable SourcePosition"));
    }
    source.check("Source", m)?;
    listener.check("Listener", m)?;
    let mut positions = Vec::with_capacity(m * filters.emitters);
    let mut frame = listener.frame("Listener", 0)?;
    for i in 0..m {
        if i > 0 && listener.moves() {
            frame = listener.frame("Listener", i)?;
        }
        let (from, to) = (source.position(i), listener.position(i));
        for j in 0..filters.emitters {
            let offset = match &emitters {
                Some(e) => source.frame("Source", i)?.outside(e.at(j, 0)),
                None => [0.0; 3],
            };
            positions.push(frame.inside([0, 1, 2].map(|k| from[k] + offset[k] - to[k])));
        }
    }
    if listener.moves() {
        findings.push(Finding::info(
            "listener-moves",
            "the head moves between measurements; directions are relative to it",
        ));
    }
    check(&positions, convention)?;
    Ok(positions)
}

fn check(positions: &[Vec3], convention: &Convention) -> Result<()> {
    if let Some(i) = positions.iter().position(|&p| !(NEAREST_M..=1e4).contains(&length(p))) {
        return Err(Error::malformed(format!(
            "the source of measurement {i} is {:.3} m from the centre of the head, so it has no usable place",
            length(positions[i])
        )));
    }
    let unit = |p: Vec3| p.map(|v| v / length(p));
    let first = unit(positions[0]);
    let vary = positions.iter().any(|&p| places::dot(unit(p), first) < 1.0 - 1e-7);
    if !vary && (positions.len() > 1 || !convention.head) {
        let hint = if convention.head {
            "choose a head set with several directions"
        } else {
            "only sets with several directions are head sets"
        };
        return Err(Error::unsupported(format!(
            "all {} measurements of this {} have one direction, so it is no head set",
            positions.len(),
            convention.name
        ))
        .hint(hint));
    }
    Ok(())
}
