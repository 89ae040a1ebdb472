//! Which sources a track's channels become.

use super::job::Placement;
use crate::buffer::AudioBuffer;
use crate::coords::Vec3;
use crate::error::{Error, Result};
use crate::layout::Layout;
use crate::spatializer::{Motion, SourceSpec};

/// Distance of a virtual loudspeaker, metres: gain 1.
const SPEAKER_M: f64 = 1.0;

/// The sources of a track and how its channels feed them.
#[derive(Clone, Debug)]
pub struct Placed {
    /// One for each signal.
    pub sources: Vec<SourceSpec>,
    /// All channels go into the one source; otherwise channel i is source i.
    pub sum: bool,
}

/// The placement for a layout when none is asked for.
pub fn default_placement(layout: &Layout) -> Placement {
    match layout.channels() {
        1 => Placement::Point(Vec3::new(1.0, 0.0, 0.0)),
        2 => Placement::Panorama,
        _ => Placement::Speakers,
    }
}

/// The sources for a placement; none for [`Placement::Stereo`], which has no sources.
///
/// # Errors
/// `Argument` if the placement needs to know where the channels belong and the layout does not tell; `Unsupported` for a
/// sound field.
pub fn place(placement: &Placement, layout: &Layout) -> Result<Placed> {
    let one = |motion| Placed { sources: vec![SourceSpec { head_locked: true, ..SourceSpec::new(motion) }], sum: true };
    match placement {
        Placement::Stereo if layout.channels() > 2 => Err(Error::argument(format!(
            "placement 'stereo' takes one or two channels, the track has {}",
            layout.channels()
        ))
        .hint("use --place speakers")),
        Placement::Stereo => Ok(Placed { sources: Vec::new(), sum: false }),
        Placement::Point(at) => Ok(one(Motion::Still(*at))),
        Placement::Orbit(start, seconds) => Ok(one(Motion::Orbit { start: *start, seconds_per_turn: *seconds })),
        Placement::Panorama | Placement::Speakers => Ok(Placed { sources: speakers(layout)?, sum: false }),
    }
}

fn speakers(layout: &Layout) -> Result<Vec<SourceSpec>> {
    let named;
    let speakers = match layout {
        Layout::Speakers { speakers, .. } => speakers,
        Layout::Discrete { channels } => {
            let name = match channels {
                1 => "mono",
                2 => "stereo",
                _ => {
                    return Err(Error::argument(format!("the file does not say where its {channels} channels belong"))
                        .hint(format!("name the layout with --layout, one of: {}", fitting(*channels))));
                }
            };
            named = Layout::named(name, *channels)?;
            let Layout::Speakers { speakers, .. } = &named else { return Err(Error::argument("no speakers")) };
            speakers
        }
        Layout::Ambisonic { order } => {
            return Err(Error::unsupported(format!(
                "a sound field (ambisonics of order {order}) cannot be rendered yet"
            ))
            .hint("decode it to loudspeakers first, or place it as one point with --place point"));
        }
    };
    Ok(speakers
        .iter()
        .map(|s| SourceSpec {
            head_locked: true,
            everywhere: s.lfe,
            ..SourceSpec::still(Vec3::from_polar(f64::from(s.azimuth), f64::from(s.elevation), SPEAKER_M))
        })
        .collect())
}

fn fitting(channels: usize) -> String {
    let names: Vec<&str> = Layout::names().filter(|n| Layout::named(n, channels).is_ok()).collect();
    if names.is_empty() { format!("(none of the known ones has {channels} channels)") } else { names.join(", ") }
}

/// Makes one channel of many by adding them up.
pub(super) fn sum_channels(buffer: &mut AudioBuffer) {
    for channel in 1..buffer.channels() {
        let mut planes = buffer.iter_mut();
        let Some(first) = planes.next() else { return };
        if let Some(other) = planes.nth(channel - 1) {
            first.iter_mut().zip(other).for_each(|(a, b)| *a += *b);
        }
    }
    buffer.set_channels(1);
}
