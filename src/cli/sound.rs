//! The flags that say how an input is to sound: the same for a render and for playing.

use super::numbers;
use crate::coords::Vec3;
use crate::error::{Error, Result};
use crate::hrtf::DEFAULT_HEAD;
use crate::render::{Loudness, Placement, RenderJob, Vocals};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// How an input is to sound.
#[derive(Clone, Debug, Args)]
pub(super) struct SoundArgs {
    /// Where the channels go [default: panorama for stereo, point for mono, speakers for more]
    #[arg(long, value_name = "MODE")]
    place: Option<PlaceMode>,
    /// Position of the point: azimuth and elevation in degrees, distance in metres; implies --place point
    #[arg(long, value_name = "AZ,EL[,DIST]", value_parser = numbers::position, allow_hyphen_values = true)]
    at: Option<Vec3>,
    /// Seconds for one turn around the head, counter-clockwise (negative: clockwise); implies --place orbit [default: 8]
    #[arg(long, value_name = "SECONDS", value_parser = numbers::turn, allow_hyphen_values = true)]
    orbit: Option<f64>,
    /// Read the channels as this layout: mono, stereo, 5.1, 7.1, 5.1.2, 5.1.4, 7.1.4, 22.2, ... [default: from the file]
    #[arg(long, value_name = "NAME")]
    layout: Option<String>,
    /// A folder with the stems of a song (vocals, drums, bass, ...), placed on the stage by what their names say
    #[arg(long, value_name = "DIR")]
    pub(super) stems: Option<PathBuf>,
    /// Where a panorama puts centre, directions and ambience, where stems stand, and in which room: natural, wide, intimate, live, car,
    /// cinema, or a stage file (.toml); [default: natural]
    #[arg(long, value_name = "NAME|FILE")]
    stage: Option<String>,
    /// The room: none (free field), a preset (studio, living-room, bedroom, club, theatre, concert-hall, cathedral, car,
    /// open-air), a room file (.toml), or measured responses (SOFA, or a two-channel WAV) [default: none for a point, the stage's for a panorama, studio otherwise]
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,
    /// The voice left out, alone, or so much louder or softer, as a neural network tells it from the band, or as stems have
    /// it; with --place stereo a plain track to sing to
    #[arg(long, value_name = "off|only|DB", value_parser = numbers::vocals, allow_hyphen_values = true)]
    vocals: Option<Vocals>,
    /// Take the panorama's voice and band apart by the neural network first, so that each keeps its place
    #[arg(long)]
    separate: bool,
    /// A model of your own that tells stems apart (ONNX: see docs/models.md), which then stand where their roles do; with
    /// --vocals alone only the voice's level changes
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// The head: a SOFA file, or a built-in set (ku100, kemar)
    #[arg(long, value_name = "FILE|NAME", default_value = DEFAULT_HEAD)]
    hrtf: String,
    /// Correction after the ears: an equaliser file as AutoEq publishes them, an impulse response, or a headphone's name
    /// [default: none]
    #[arg(long, value_name = "FILE|MODEL")]
    headphones: Option<String>,
    /// Sample rate of the output, Hz [default: the input's]
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8000..=384_000), allow_negative_numbers = true)]
    rate: Option<u32>,
    /// Integrated loudness of the output: LUFS, the input's own (source; a scene's -16 at most), or no gain at all (off)
    #[arg(long, value_name = "LUFS|source|off", default_value = "source", value_parser = numbers::loudness, allow_hyphen_values = true)]
    loudness: Loudness,
    /// Ceiling of the true peak [default: -1, and off with --loudness off]
    #[arg(long, value_name = "DBTP|off", value_parser = numbers::true_peak, allow_hyphen_values = true)]
    true_peak: Option<numbers::Maybe>,
    /// Leave out this much of the beginning, seconds
    #[arg(long, value_name = "S", default_value = "0", value_parser = numbers::seconds, allow_negative_numbers = true)]
    start: f64,
    /// Only this much, seconds
    #[arg(long, value_name = "S", value_parser = numbers::seconds, allow_negative_numbers = true)]
    duration: Option<f64>,
    /// How long the end may ring on, seconds
    #[arg(long, value_name = "S|auto", default_value = "auto", value_parser = numbers::tail, allow_negative_numbers = true)]
    tail: numbers::Maybe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PlaceMode {
    /// A stereo track opened up into a room, on a stage
    Panorama,
    /// No spatialisation
    Stereo,
    /// Each channel at its layout's loudspeaker
    Speakers,
    /// Channels summed to one source
    Point,
    /// A point circling the head
    Orbit,
}

impl SoundArgs {
    fn placement(&self) -> Result<Option<Placement>> {
        let at = self.at.unwrap_or(Vec3::new(1.0, 0.0, 0.0));
        let orbit = Placement::Orbit(at, self.orbit.unwrap_or(8.0));
        let clash = |flag: &str, mode: &str| {
            Err(Error::argument(format!("{flag} does not go with --place {mode}"))
                .hint(format!("leave out --place, which {flag} implies")))
        };
        Ok(Some(match self.place {
            Some(PlaceMode::Orbit) => orbit,
            Some(PlaceMode::Point) if self.orbit.is_some() => return clash("--orbit", "point"),
            Some(PlaceMode::Point) => Placement::Point(at),
            Some(mode) if self.at.is_some() || self.orbit.is_some() => {
                let flag = if self.orbit.is_some() { "--orbit" } else { "--at" };
                return clash(flag, mode.to_possible_value().as_ref().map_or("", |v| v.get_name()));
            }
            Some(PlaceMode::Panorama) => Placement::Panorama,
            Some(PlaceMode::Stereo) => Placement::Stereo,
            Some(PlaceMode::Speakers) => Placement::Speakers,
            None if self.stage.is_some() && (self.at.is_some() || self.orbit.is_some()) => {
                let flag = if self.orbit.is_some() { "--orbit" } else { "--at" };
                return Err(Error::argument(format!("{flag} does not go with --stage")));
            }
            None if self.orbit.is_some() => orbit,
            None if self.at.is_some() => Placement::Point(at),
            None => return Ok(None),
        }))
    }

    /// A job for `input` with these flags; everything else at its default.
    pub(super) fn job(&self, input: &Path) -> Result<RenderJob> {
        Ok(RenderJob {
            placement: self.placement()?,
            layout: self.layout.clone(),
            vocals: self.vocals,
            // A model is there to be used.
            separate: self.separate || self.model.is_some() && self.vocals.is_none(),
            model: self.model.clone(),
            hrtf: self.hrtf.clone(),
            stage: self.stage.clone(),
            room: self.room.clone(),
            headphones: self.headphones.clone().filter(|h| h != "none"),
            rate: self.rate,
            loudness: self.loudness,
            true_peak: match self.true_peak {
                Some(given) => given.0,
                None if self.loudness == Loudness::Off => None,
                None => Some(-1.0),
            },
            start: self.start,
            duration: self.duration,
            tail: self.tail.0,
            ..RenderJob::new(input, "")
        })
    }
}
