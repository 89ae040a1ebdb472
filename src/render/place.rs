//! Where a track's channels belong.

use super::job::Placement;
use crate::buffer::AudioBuffer;
use crate::coords::Vec3;
use crate::error::{Error, Result};
use crate::layout::{Layout, Speaker};

/// The placement for a layout when none is asked for.
pub fn default_placement(layout: &Layout) -> Placement {
    match layout.channels() {
        1 => Placement::Point(Vec3::new(1.0, 0.0, 0.0)),
        2 => Placement::Panorama,
        _ => Placement::Speakers,
    }
}

/// True if a placement takes all channels in one.
pub(super) fn sums(placement: &Placement) -> bool {
    matches!(placement, Placement::Point(_) | Placement::Orbit(..))
}

/// Where the channels of a layout belong, one loudspeaker each.
///
/// # Errors
/// `Argument` if the layout does not tell; `Unsupported` for a sound field, which has no loudspeakers.
pub fn speakers(layout: &Layout) -> Result<Vec<Speaker>> {
    Ok(match layout {
        Layout::Speakers { speakers, .. } => speakers.clone(),
        Layout::Discrete { channels } => {
            let name = match channels {
                1 => "mono",
                2 => "stereo",
                _ => {
                    return Err(Error::argument(format!("the file does not say where its {channels} channels belong"))
                        .hint(format!("name the layout with --layout, one of: {}", fitting(*channels))));
                }
            };
            let named = Layout::named(name, *channels)?;
            if let Layout::Speakers { speakers, .. } = named { speakers } else { Vec::new() }
        }
        Layout::Ambisonic { order } => {
            return Err(Error::unsupported(format!("a sound field (ambisonics of order {order}) has no loudspeakers"))
                .hint("leave out --place, or place it as one point with --place point"));
        }
    })
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
