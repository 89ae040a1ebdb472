//! Measured rooms from sound files: two channels are one loudspeaker at two ears, four are a left and a right one.

use super::{Emitter, MOST_SECONDS, Receivers, RoomResponses};
use crate::coords::{Rotation, Vec3};
use crate::decode;
use crate::error::{Error, Result};
use std::path::Path;

/// Reads responses from a sound file.
///
/// # Errors
/// As [`decode::open`]; `Unsupported` for other than two or four channels, `Limit` if it is longer than a response.
pub(super) fn read(path: &Path) -> Result<RoomResponses> {
    let mut decoder = decode::open(path)?;
    let rate = f64::from(decoder.info().sample_rate);
    let channels = decoder.info().layout.channels();
    if channels != 2 && channels != 4 {
        return Err(Error::unsupported(format!(
            "the file has {channels} channels; a measured room has two (left ear, right ear) or four (left loudspeaker \
             to left and right ear, right loudspeaker to left and right ear)"
        ))
        .hint(
            "one channel has no ears, and a microphone array needs a model of the head: convert it to two ears first",
        ));
    }
    let Some(planes) = decoder.read_rest(MOST_SECONDS)? else {
        return Err(Error::limit(format!("the file is longer than {MOST_SECONDS} s, so it is no room response"))
            .hint("give a room's impulse response, not a recording"));
    };
    let mut warnings: Vec<String> = decoder.warnings().to_vec();
    // A response's channels are ears, whatever a player would take them for.
    warnings.retain(|w| !w.starts_with("the file does not say where"));
    let emitters = if channels == 2 {
        warnings.push(
            "the file does not say where its loudspeaker stands: all channels come through the same responses".into(),
        );
        vec![Emitter { name: "1".into(), position: Vec3::new(1.0, 0.0, 0.0) }]
    } else {
        ["left", "right"]
            .iter()
            .zip([30.0, -30.0])
            .map(|(name, azimuth)| Emitter { name: (*name).into(), position: Vec3::from_polar(azimuth, 0.0, 1.0) })
            .collect()
    };
    Ok(RoomResponses {
        sample_rate: rate,
        taps: planes[0].len(),
        emitters,
        orientations: vec![Rotation::IDENTITY],
        receivers: Receivers::Ears,
        responses: planes.concat(),
        warnings,
    })
}
