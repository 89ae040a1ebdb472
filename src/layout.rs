//! Loudspeaker layouts: which channel stands where. Labels and angles are those of ITU-R BS.2051; the order of the
//! channels is that of WAV masks and of the common files (L R C LFE, then back, then sides, then heights).

use crate::error::{Error, Result};

/// One loudspeaker of a layout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speaker {
    /// The BS.2051 label, such as `M+030`; `LFE1` has no direction.
    pub label: &'static str,
    /// Degrees, counter-clockwise, 0 = front.
    pub azimuth: f32,
    /// Degrees, up.
    pub elevation: f32,
    /// True for a low-frequency effects channel, which has no direction.
    pub lfe: bool,
}

const fn at(label: &'static str, azimuth: f32, elevation: f32) -> Speaker {
    Speaker { label, azimuth, elevation, lfe: false }
}

const fn lfe(label: &'static str) -> Speaker {
    Speaker { label, azimuth: 0.0, elevation: -30.0, lfe: true }
}

/// How the channels of a signal are to be understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Layout {
    /// Loudspeaker feeds, one speaker a channel.
    Speakers {
        /// A name such as `7.1.4`, or a list of labels for anything unusual.
        name: String,
        /// One a channel, in channel order.
        speakers: Vec<Speaker>,
    },
    /// A sound field: ACN order, SN3D normalisation, `(order + 1)²` channels.
    Ambisonic {
        /// Order of the spherical harmonics.
        order: usize,
    },
    /// Channels whose places are not known.
    Discrete {
        /// The number of channels.
        channels: usize,
    },
}

/// Every speaker that a layout may name.
pub const SPEAKERS: &[Speaker] = &[
    at("M+000", 0.0, 0.0),
    at("M+030", 30.0, 0.0),
    at("M-030", -30.0, 0.0),
    at("M+SC", 15.0, 0.0),
    at("M-SC", -15.0, 0.0),
    at("M+060", 60.0, 0.0),
    at("M-060", -60.0, 0.0),
    at("M+090", 90.0, 0.0),
    at("M-090", -90.0, 0.0),
    at("M+110", 110.0, 0.0),
    at("M-110", -110.0, 0.0),
    at("M+135", 135.0, 0.0),
    at("M-135", -135.0, 0.0),
    at("M+180", 180.0, 0.0),
    at("U+000", 0.0, 30.0),
    at("U+030", 30.0, 30.0),
    at("U-030", -30.0, 30.0),
    at("U+045", 45.0, 30.0),
    at("U-045", -45.0, 30.0),
    at("U+090", 90.0, 30.0),
    at("U-090", -90.0, 30.0),
    at("U+110", 110.0, 30.0),
    at("U-110", -110.0, 30.0),
    at("U+135", 135.0, 30.0),
    at("U-135", -135.0, 30.0),
    at("U+180", 180.0, 30.0),
    at("T+000", 0.0, 90.0),
    at("B+000", 0.0, -30.0),
    at("B+045", 45.0, -30.0),
    at("B-045", -45.0, -30.0),
    lfe("LFE1"),
    lfe("LFE2"),
];

/// The layouts that have a name, with their labels in channel order.
const NAMED: &[(&str, &[&str])] = &[
    ("mono", &["M+000"]),
    ("stereo", &["M+030", "M-030"]),
    ("3.0", &["M+030", "M-030", "M+000"]),
    ("quad", &["M+030", "M-030", "M+135", "M-135"]),
    ("4.0", &["M+030", "M-030", "M+000", "M+180"]),
    ("5.0", &["M+030", "M-030", "M+000", "M+110", "M-110"]),
    ("5.1", &["M+030", "M-030", "M+000", "LFE1", "M+110", "M-110"]),
    ("6.1", &["M+030", "M-030", "M+000", "LFE1", "M+180", "M+090", "M-090"]),
    ("7.1", &["M+030", "M-030", "M+000", "LFE1", "M+135", "M-135", "M+090", "M-090"]),
    ("5.1.2", &["M+030", "M-030", "M+000", "LFE1", "M+110", "M-110", "U+030", "U-030"]),
    ("5.1.4", &["M+030", "M-030", "M+000", "LFE1", "M+110", "M-110", "U+030", "U-030", "U+110", "U-110"]),
    (
        "7.1.4",
        &["M+030", "M-030", "M+000", "LFE1", "M+135", "M-135", "M+090", "M-090", "U+045", "U-045", "U+135", "U-135"],
    ),
    (
        "22.2",
        &[
            "M+060", "M-060", "M+000", "LFE1", "M+135", "M-135", "M+030", "M-030", "M+180", "LFE2", "M+090", "M-090",
            "U+045", "U-045", "U+000", "T+000", "U+135", "U-135", "U+090", "U-090", "U+180", "B+000", "B+045", "B-045",
        ],
    ),
];

/// The speaker of a BS.2051 label.
pub fn speaker(label: &str) -> Option<Speaker> {
    SPEAKERS.iter().copied().find(|s| s.label == label)
}

impl Layout {
    /// A layout by its name: one of [`Layout::names`], or `ambix` with the order taken from `channels`.
    ///
    /// # Errors
    /// `Argument` if the name is unknown or does not have `channels` channels.
    pub fn named(name: &str, channels: usize) -> Result<Self> {
        if name == "ambix" {
            let order = (channels as f64).sqrt() as usize;
            if order * order != channels {
                return Err(Error::argument(format!("a sound field has 1, 4, 9, 16, ... channels, not {channels}")));
            }
            return Ok(Self::Ambisonic { order: order - 1 });
        }
        let Some((_, labels)) = NAMED.iter().find(|(n, _)| *n == name) else {
            return Err(Error::argument(format!("there is no layout '{name}'"))
                .hint(format!("choose one of: {}, ambix", Self::names().collect::<Vec<_>>().join(", "))));
        };
        if labels.len() != channels {
            return Err(Error::argument(format!(
                "layout '{name}' has {} channels, the input has {channels}",
                labels.len()
            )));
        }
        Ok(Self::from_labels(labels))
    }

    /// The names that [`Layout::named`] knows besides `ambix`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(n, _)| *n)
    }

    /// The layout of these labels, named if it is a known one.
    ///
    /// # Panics
    /// Panics if a label is not in [`SPEAKERS`].
    pub fn from_labels(labels: &[&str]) -> Self {
        let name = NAMED.iter().find(|(_, l)| *l == labels).map_or_else(|| labels.join(" "), |(n, _)| (*n).to_string());
        let speakers = labels.iter().map(|l| speaker(l).expect("a known label")).collect();
        Self::Speakers { name, speakers }
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        match self {
            Self::Speakers { speakers, .. } => speakers.len(),
            Self::Ambisonic { order } => (order + 1) * (order + 1),
            Self::Discrete { channels } => *channels,
        }
    }

    /// A short name for people: `stereo`, `7.1.4`, `ambix order 3`, `5 channels`.
    pub fn name(&self) -> String {
        match self {
            Self::Speakers { name, .. } => name.clone(),
            Self::Ambisonic { order } => format!("ambix order {order}"),
            Self::Discrete { channels } => format!("{channels} channels"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_layout_is_made_of_known_speakers_and_keeps_its_name() {
        for (name, labels) in NAMED {
            let layout = Layout::named(name, labels.len()).unwrap();
            assert_eq!(layout.name(), *name);
            assert_eq!(layout.channels(), labels.len());
        }
    }

    #[test]
    fn left_is_positive() {
        let Layout::Speakers { speakers, .. } = Layout::named("stereo", 2).unwrap() else { unreachable!() };
        assert!(speakers[0].azimuth > 0.0 && speakers[1].azimuth < 0.0);
    }

    #[test]
    fn a_sound_field_takes_its_order_from_the_channels() {
        assert_eq!(Layout::named("ambix", 16).unwrap(), Layout::Ambisonic { order: 3 });
        assert!(Layout::named("ambix", 5).is_err());
    }
}
