//! Films: the picture of the input, untouched, with the sound that was made for it, in one file.
//!
//! The `ffmpeg` command, where it is installed, copies the streams and encodes the sound; a program beside ours, not a part
//! of it. [`Film::probe`] asks it what the input holds and when picture and sound begin, [`Film::join`] puts the new sound in
//! the place of the old one. The sound begins with the picture: what the old one began later is silence in front, so that
//! containers that count in milliseconds lose no sample of it. The film is whole or absent, as everything that leaves here.

mod command;
mod probe;

use super::place::Place;
use super::{SampleFormat, Unnamed};
use crate::error::{Error, Result};
use command::{run, source};
use probe::Probe;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Bits a second of coded stereo: more than is needed, so that nobody has to think of it.
const AAC_BITS: &str = "320k";
const OPUS_BITS: &str = "256k";
/// So near counts as in its place, seconds: containers that count in milliseconds cannot be nearer.
const CLOSE_S: f64 = 0.00075;
/// What AAC can be (ISO/IEC 14496-3, table 1.18), Hz.
const AAC_RATES: [u32; 12] =
    [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000];

/// A container for picture and sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilmContainer {
    /// MP4 (`.mp4`, `.m4v`): the sound becomes AAC.
    Mp4,
    /// QuickTime (`.mov`): the sound becomes PCM.
    Mov,
    /// Matroska (`.mkv`): the sound becomes FLAC, or PCM for floating point.
    Matroska,
    /// WebM (`.webm`): the sound becomes Opus.
    WebM,
}

impl FilmContainer {
    /// The container that a name asks for by its extension; `None` for sound files.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "mp4" | "m4v" => Some(Self::Mp4),
            "mov" | "qt" => Some(Self::Mov),
            "mkv" => Some(Self::Matroska),
            "webm" => Some(Self::WebM),
            _ => None,
        }
    }

    /// ffmpeg's name for it.
    fn muxer(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Mov => "mov",
            Self::Matroska => "matroska",
            Self::WebM => "webm",
        }
    }

    /// ffmpeg's coder for the sound, and its settings.
    fn coder(self, format: SampleFormat) -> &'static [&'static str] {
        match (self, format) {
            (Self::Mp4, _) => &["-c:a", "aac", "-b:a", AAC_BITS],
            (Self::WebM, _) => &["-c:a", "libopus", "-b:a", OPUS_BITS],
            (Self::Matroska, SampleFormat::F32) | (Self::Mov, SampleFormat::F32) => &["-c:a", "pcm_f32le"],
            (Self::Matroska, SampleFormat::I24) => {
                &["-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24"]
            }
            (Self::Matroska, SampleFormat::I16) => &["-c:a", "flac", "-sample_fmt", "s16"],
            (Self::Mov, SampleFormat::I24) => &["-c:a", "pcm_s24le"],
            (Self::Mov, SampleFormat::I16) => &["-c:a", "pcm_s16le"],
        }
    }

    /// What the sound is coded as, for people.
    pub fn coding(self, format: SampleFormat) -> &'static str {
        match (self, format) {
            (Self::Mp4, _) => "AAC, 320 kb/s",
            (Self::WebM, _) => "Opus, 256 kb/s",
            (Self::Matroska, SampleFormat::I16 | SampleFormat::I24) => "FLAC",
            (Self::Matroska | Self::Mov, _) => "PCM",
        }
    }

    /// How the sound is handed to the coder: those that do not keep samples get all of them.
    pub fn sound_format(self, asked: SampleFormat) -> SampleFormat {
        if matches!(self, Self::Mp4 | Self::WebM) { SampleFormat::F32 } else { asked }
    }

    /// The sample rate that its coder takes: the one `asked` for, or the one nearest to the input's.
    fn rate(self, input: u32, asked: Option<u32>) -> Result<u32> {
        let takes = |rate: u32| match self {
            Self::Mp4 => AAC_RATES.contains(&rate),
            Self::WebM => rate == 48_000,
            Self::Matroska | Self::Mov => true,
        };
        match asked {
            Some(rate) if !takes(rate) => {
                let (name, rates) = if self == Self::WebM {
                    ("Opus", "48000")
                } else {
                    ("AAC", "8000 to 48000, 64000, 88200 or 96000")
                };
                Err(Error::argument(format!("{name}, the sound of this kind of film, has {rates} Hz, not {rate} Hz"))
                    .hint("leave out --rate, or write an .mkv"))
            }
            Some(rate) => Ok(rate),
            None if takes(input) => Ok(input),
            None if input.is_multiple_of(11_025) && takes(44_100) => Ok(44_100),
            None => Ok(48_000),
        }
    }

    /// Subtitles as they are where the container is the input's, else as text in its own form.
    fn subtitles(self, from: Option<Self>) -> &'static str {
        match (self, from) {
            (Self::Mp4 | Self::Mov, Some(Self::Mp4 | Self::Mov)) => "copy",
            (Self::Matroska, Some(Self::Matroska | Self::WebM)) | (Self::WebM, Some(Self::WebM)) => "copy",
            (Self::Mp4 | Self::Mov, _) => "mov_text",
            (Self::Matroska, _) => "srt",
            (Self::WebM, _) => "webvtt",
        }
    }
}

/// A film to be made of an input's picture.
pub struct Film {
    input: PathBuf,
    output: PathBuf,
    force: bool,
    container: FilmContainer,
    probe: Probe,
    /// Of the sound, Hz.
    pub rate: u32,
    /// What of the input is not in the film.
    pub warnings: Vec<String>,
}

impl Film {
    /// Looks whether a film can be made of `input` in `output`, whose name must be that of a film; touches nothing.
    /// `rate` is the sample rate that was asked for.
    ///
    /// # Errors
    /// `Argument` if the input has no picture, the output exists and `force` is false, or the rate does not go with it;
    /// `Unsupported` if ffmpeg is not installed; `Malformed` if it cannot read the input.
    pub fn probe(input: &Path, output: &Path, rate: Option<u32>, force: bool) -> Result<Self> {
        let Some(container) = FilmContainer::of(output) else {
            return Err(Error::argument("this is no name for a film").at(output));
        };
        Place::check(output, force)?;
        let probe = Probe::of(input)?;
        if probe.pictures == 0 {
            return Err(Error::argument("the input has no picture to make a film of")
                .at(input)
                .hint("write a sound file: -o NAME.wav or NAME.flac"));
        }
        let mut warnings = Vec::new();
        if probe.sounds > 1 {
            let more = probe.sounds - 1;
            let tracks = if more == 1 { "1 more sound track".to_string() } else { format!("{more} more sound tracks") };
            warnings.push(format!("{} has {tracks}, which the film leaves out", input.display()));
        }
        if probe.data > 0 {
            warnings.push(format!("{} has data tracks, which the film leaves out", input.display()));
        }
        Ok(Self {
            rate: container.rate(probe.sample_rate, rate)?,
            input: input.to_path_buf(),
            output: output.to_path_buf(),
            force,
            container,
            probe,
            warnings,
        })
    }

    /// The name of the sound file while the film is not there yet.
    pub fn sound_name(&self) -> PathBuf {
        let mut name = self.output.file_name().unwrap_or_default().to_os_string();
        name.push(".wav");
        self.output.with_file_name(name)
    }

    /// What the sound is coded as, for people.
    pub fn coding(&self, format: SampleFormat) -> &'static str {
        self.container.coding(format)
    }

    /// How the sound is to be written for [`Film::join`].
    pub fn sound_format(&self, asked: SampleFormat) -> SampleFormat {
        self.container.sound_format(asked)
    }

    /// Puts picture and sound together. `sound` answers the input's sound from its first frame on; `format` is the one that
    /// was asked for, `duration` the seconds of the picture that are wanted. `go_on` is asked again and again; `false` stops
    /// the work. Returns what is odd about the film, if anything is.
    ///
    /// # Errors
    /// `Io` if the system refuses, `Unsupported` if ffmpeg does, with its words; `Interrupted` if `go_on` says so. Nothing is
    /// left behind then.
    pub fn join(
        &self,
        sound: &Unnamed,
        format: SampleFormat,
        duration: Option<f64>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<String>> {
        let mut place = Place::create(&self.output, self.force)?;
        let Some(part) = place.part() else {
            return Err(Error::unsupported("a film cannot be written to a pipe or device")
                .at(&self.output)
                .hint("write it to a file"));
        };
        // Both begin when the picture does; what of the sound came earlier keeps its time.
        let wanted = (self.probe.sound_start - self.probe.picture_start).min(0.0);
        let mut correction = 0.0;
        let mut off;
        loop {
            run(&self.arguments(sound.path(), part, format, duration, correction), go_on)
                .map_err(|e| e.at(&self.output))?;
            // Some versions of ffmpeg forget the coder's delay of Opus. What came out tells.
            let made = Probe::of(part)?;
            off = made.sound_start - made.picture_start - wanted;
            if off.abs() < CLOSE_S || correction != 0.0 {
                break;
            }
            correction = -off;
        }
        place.commit()?;
        let odd = || format!("the film's sound is {:.1} ms beside its picture: ffmpeg put it there", 1000.0 * off);
        Ok((off.abs() >= CLOSE_S).then(odd))
    }

    /// What ffmpeg is told.
    fn arguments(
        &self,
        sound: &Path,
        part: &Path,
        format: SampleFormat,
        duration: Option<f64>,
        correction: f64,
    ) -> Vec<OsString> {
        let (picture, old) = (self.probe.picture_start, self.probe.sound_start);
        let silence = ((old - picture).max(0.0) * f64::from(self.rate)).round() as u64;
        let mut args: Vec<OsString> = Vec::new();
        let mut add = |words: &[&str]| args.extend(words.iter().map(OsString::from));
        add(&["-y", "-copyts"]);
        if let Some(seconds) = duration {
            add(&["-t", &format!("{seconds:.6}")]);
        }
        add(&["-protocol_whitelist", "file,pipe", "-i"]);
        args.push(source(&self.input));
        let mut add = |words: &[&str]| args.extend(words.iter().map(OsString::from));
        add(&["-protocol_whitelist", "file", "-f", "wav", "-i"]);
        args.push(source(sound));
        let mut add = |words: &[&str]| args.extend(words.iter().map(OsString::from));
        add(&["-map", "0:v", "-map", "1:a:0", "-map", "0:s?"]);
        // Attachments (fonts) are Matroska's alone.
        let attachments = if self.container == FilmContainer::Matroska { self.probe.attachments } else { 0 };
        if attachments > 0 {
            add(&["-map", "0:t"]);
        }
        // Titles and languages of every stream, the sound's from the sound that it replaces.
        add(&["-dn", "-map_chapters", "0", "-map_metadata", "0", "-map_metadata:s:a:0", "0:s:a:0"]);
        for (kind, count) in [("v", self.probe.pictures), ("s", self.probe.subtitles), ("t", attachments)] {
            for i in 0..count {
                add(&[&format!("-map_metadata:s:{kind}:{i}"), &format!("0:s:{kind}:{i}")]);
            }
        }
        add(&["-c", "copy", "-c:s", self.container.subtitles(FilmContainer::of(&self.input))]);
        add(self.container.coder(format));
        // The delay counts from zero again, so the time is set behind it.
        let silence = if silence > 0 { format!("adelay={silence}S|{silence}S,") } else { String::new() };
        let begin = picture.min(old) + correction;
        add(&["-af", &format!("{silence}asetpts=PTS-STARTPTS+{begin:.6}/TB")]);
        add(&["-disposition:a:0", "default"]);
        if matches!(self.container, FilmContainer::Mp4 | FilmContainer::Mov) {
            // The index in front: players and servers begin at once.
            add(&["-movflags", "+faststart"]);
        }
        add(&["-f", self.container.muxer()]);
        args.push(source(part));
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_that_the_coders_take() {
        let rate = FilmContainer::rate;
        assert_eq!(rate(FilmContainer::Mp4, 44_100, None).unwrap(), 44_100);
        assert_eq!(rate(FilmContainer::Mp4, 192_000, None).unwrap(), 48_000);
        assert_eq!(rate(FilmContainer::Mp4, 176_400, None).unwrap(), 44_100);
        assert_eq!(rate(FilmContainer::WebM, 44_100, None).unwrap(), 48_000);
        assert_eq!(rate(FilmContainer::Matroska, 192_000, None).unwrap(), 192_000);
        assert_eq!(rate(FilmContainer::Mp4, 44_100, Some(96_000)).unwrap(), 96_000);
        assert!(rate(FilmContainer::Mp4, 44_100, Some(192_000)).unwrap_err().to_string().contains("AAC"));
        assert!(rate(FilmContainer::WebM, 44_100, Some(44_100)).unwrap_err().to_string().contains("Opus"));
    }

    #[test]
    fn films_are_told_by_their_names() {
        let of = |name: &str| FilmContainer::of(Path::new(name));
        assert_eq!(of("a.MP4"), Some(FilmContainer::Mp4));
        assert_eq!(of("a.b.mkv"), Some(FilmContainer::Matroska));
        assert_eq!((of("a.wav"), of("mkv"), of("a.m4a")), (None, None, None));
    }
}
