//! `periphon ir`: the impulse response from a source of a scene to its listener, and what it says of the room.

use super::decay_plot::decay_picture;
use super::ir_report::Report;
use super::scene_errors::all_printed;
use super::{Common, draw, numbers, print};
use crate::ambisonics;
use crate::error::{Error, Result};
use crate::hrtf::{self, DEFAULT_HEAD};
use crate::layout::Layout;
use crate::render::{EngineOptions, Stage, StageRoom};
use crate::room::impulse::{self, MOST_FIELD_ORDER, Reverberation, Transmission};
use crate::room::measures::measures;
use crate::scene::Scene;
use crate::sink::{FileSink, SampleFormat, SinkSpec, write_whole};
use crate::spatializer::{HeadMotion, Motion};
use clap::Args;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Write the impulse response from a source to the listener, and measure the room
///
/// The response is that of a scene's first moment: source and listener stand where they are then. It has everything
/// between the source's file and the listener: the source's gain and directivity, distance, air, walls and the late
/// field, and the way's delay if the scene has propagation (otherwise the direct sound comes in the first frame). Sound
/// files need not be there. It is written as 32-bit floating point, unscaled.
///
/// The reverberation of `late = true` is made of the room's images, exact, until the field has fallen by 45 dB: that is what
/// the figures need, which differ from place to place. `render` goes on after `reflection_order` with a network that has
/// the room's mean decay instead; --as-rendered writes and measures that, and so does a room that asks for a `t60`. The
/// binaural response is always as rendered.
///
/// The figures (ISO 3382-1: reverberation and early decay times, clarity, definition, centre time by octave band) are
/// always those of the omnidirectional receiver, whichever response is written.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  periphon ir hall.toml -o hall.wav
  periphon ir hall.toml -o brir.wav --source violin --receiver binaural --hrtf my-head.sofa
  periphon ir hall.toml -o field.wav --receiver ambix:3 --length 2 --rate 96000
  periphon ir hall.toml -o hall.wav --force --plot decay.svg --json
  periphon ir hall.toml -o hall.wav --as-rendered")]
pub(super) struct IrArgs {
    /// The scene (.toml)
    scene: PathBuf,
    /// The file to write, .wav
    #[arg(short, long, value_name = "OUT.wav")]
    output: PathBuf,
    /// The source's id [default: the only one]
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// What hears: omni (1 channel), binaural (2), ambix:N (a sound field of order N, ACN/SN3D, turned with the head)
    #[arg(long, value_name = "omni|binaural|ambix:N", default_value = "omni", value_parser = receiver)]
    receiver: Receiver,
    /// Length of the response, seconds [default: until the room has rung out]
    #[arg(long, value_name = "S", value_parser = numbers::seconds, allow_negative_numbers = true)]
    length: Option<f64>,
    /// The head of --receiver binaural: a SOFA file, or a built-in set (ku100, kemar) [default: ku100]
    #[arg(long, value_name = "FILE|NAME")]
    hrtf: Option<String>,
    /// Sample rate, Hz [default: the scene's sample_rate, or 48000]
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8000..=384_000), allow_negative_numbers = true)]
    rate: Option<u32>,
    /// The late field as `render` makes it, instead of the room's exact images
    #[arg(long)]
    as_rendered: bool,
    /// Draw the decay in octave bands and the spectrogram
    #[arg(long, value_name = "FILE.svg|FILE.png")]
    plot: Option<PathBuf>,
    /// Replace existing files
    #[arg(long)]
    force: bool,
}

/// What hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receiver {
    /// A microphone that hears alike from everywhere.
    Omni,
    /// Two ears.
    Binaural,
    /// A sound field of this order.
    Ambix(usize),
}

impl Receiver {
    /// As it is written.
    pub(super) fn name(self) -> String {
        match self {
            Self::Omni => "omni".to_string(),
            Self::Binaural => "binaural".to_string(),
            Self::Ambix(order) => format!("ambix:{order}"),
        }
    }

    fn layout(self) -> Result<Layout> {
        match self {
            Self::Omni => Layout::named("mono", 1),
            Self::Binaural => Layout::named("stereo", 2),
            Self::Ambix(order) => Layout::named("ambix", ambisonics::channels(order)),
        }
    }
}

fn receiver(text: &str) -> Result<Receiver, String> {
    let order = |n: &str| n.parse().ok().filter(|n| *n <= MOST_FIELD_ORDER).map(Receiver::Ambix);
    match text {
        "omni" => Some(Receiver::Omni),
        "binaural" => Some(Receiver::Binaural),
        _ => text.strip_prefix("ambix:").and_then(order),
    }
    .ok_or_else(|| format!("a receiver is omni, binaural, or ambix:N with an order N of 0 to {MOST_FIELD_ORDER}"))
}

pub(super) fn run(args: &IrArgs, common: &Common) -> Result<()> {
    check(args, common)?;
    let mut scene = Scene::open_without_files(&args.scene).map_err(all_printed)?;
    let source = choose(&scene, args.source.as_deref()).map_err(|e| e.at(&args.scene))?;
    scene.sources = vec![scene.sources.swap_remove(source)];
    scene.beds.clear();
    let (stage, warnings) = at_first(&scene)?;
    let rate = args.rate.or(scene.sample_rate).unwrap_or(48_000);
    let transmission = transmission(&stage, args.as_rendered)?;
    let layout = args.receiver.layout()?;
    let frames = match args.length {
        Some(seconds) => (seconds * f64::from(rate)).round() as usize,
        None => transmission.frames(f64::from(rate))?,
    };
    impulse::check(f64::from(rate), frames, layout.channels()).map_err(|e| match args.length {
        Some(_) => Error::argument(e.to_string()).hint(e.hints().join("; ")),
        None => e.hint("say how much of it you need with --length, or lower --rate"),
    })?;
    if frames == 0 {
        return Err(Error::argument("--length leaves no frame at all").hint("ask for 0.1 s or more"));
    }
    let hrtf = args.hrtf.as_deref().unwrap_or(DEFAULT_HEAD);
    let (channels, hrtf) = match args.receiver {
        Receiver::Omni => (Vec::new(), None),
        Receiver::Binaural => (binaural(&stage, hrtf, rate, frames)?, Some(hrtf)),
        Receiver::Ambix(order) => (transmission.ambisonic(f64::from(rate), frames, order)?, None),
    };
    // The first channel of a sound field is what an omnidirectional microphone hears.
    let omni = match (args.receiver, channels.first()) {
        (Receiver::Ambix(_), Some(first)) => Cow::Borrowed(&first[..]),
        _ => Cow::Owned(transmission.omni(f64::from(rate), frames)?),
    };
    let planes: Vec<&[f32]> =
        if channels.is_empty() { vec![&omni] } else { channels.iter().map(Vec::as_slice).collect() };
    let found = measures(&omni, f64::from(rate));
    let id = &scene.sources[0].id;
    let picture = args.plot.as_deref().map(|path| {
        let title = format!("{id} in {}", stage.room.name());
        decay_picture(&title, &omni, f64::from(rate), &found).to_bytes(path).map(|bytes| (path, bytes))
    });
    let picture = picture.transpose()?;
    write(&args.output, rate, &layout, &planes, args.force)?;
    if let Some((path, bytes)) = &picture {
        write_whole(path, bytes, args.force)?;
    }
    if !common.quiet {
        warnings.iter().for_each(|w| print::warning(w));
    }
    let report = Report {
        output: &args.output,
        plot: args.plot.as_deref(),
        sample_rate: rate,
        frames,
        channels: planes.len(),
        receiver: args.receiver,
        source: id,
        room: &stage.room.name(),
        order: transmission.order(),
        hrtf,
        measures: &found,
        warnings: &warnings,
    };
    if common.json {
        print::json(&report.json())
    } else if common.quiet {
        Ok(())
    } else if to_stdout(&args.output) {
        print::aside(&report.text());
        Ok(())
    } else {
        print::lines(&report.text())
    }
}

fn to_stdout(path: &Path) -> bool {
    [Path::new("-"), Path::new("/dev/stdout")].contains(&path)
}

/// Everything that can be wrong before any work is done.
fn check(args: &IrArgs, common: &Common) -> Result<()> {
    FileSink::check(&args.output, SampleFormat::F32, args.force)?;
    if to_stdout(&args.output) && common.json {
        return Err(Error::argument("the response and the JSON report cannot both go to standard output")
            .hint("leave out --json, or write to a file with -o"));
    }
    if args.hrtf.is_some() && args.receiver != Receiver::Binaural {
        return Err(Error::argument(format!("--hrtf does not go with --receiver {}", args.receiver.name()))
            .hint("add --receiver binaural, or leave out --hrtf"));
    }
    if let Some(plot) = &args.plot {
        draw::check(plot)?;
        if plot.exists() && !args.force {
            return Err(Error::argument("the picture exists already")
                .at(plot)
                .hint("choose another name, or replace it with --force"));
        }
    }
    if let (Ok(from), Ok(to)) = (args.scene.canonicalize(), args.output.canonicalize())
        && from == to
    {
        return Err(Error::argument("the output is the scene itself")
            .at(&args.output)
            .hint("choose another name with -o"));
    }
    Ok(())
}

/// The index of the source that was asked for.
fn choose(scene: &Scene, id: Option<&str>) -> Result<usize> {
    let ids = || scene.sources.iter().map(|s| s.id.as_str()).collect::<Vec<_>>().join(", ");
    match (id, scene.sources.len()) {
        (_, 0) => Err(Error::argument("the scene has no source").hint("add a [[source]]; beds have no response")),
        (None, 1) => Ok(0),
        (None, n) => {
            Err(Error::argument(format!("the scene has {n} sources"))
                .hint(format!("choose one with --source: {}", ids())))
        }
        (Some(id), _) => scene.sources.iter().position(|s| s.id == id).ok_or_else(|| {
            let error = Error::argument(format!("the scene has no source '{id}'"));
            let near = crate::scene::nearest(id, scene.sources.iter().map(|s| s.id.as_str()));
            let error = near.map(|n| format!("did you mean '{n}'?")).into_iter().fold(error, Error::hint);
            error.hint(format!("its sources are: {}", ids()))
        }),
    }
}

/// The scene's first moment, kept.
fn at_first(scene: &Scene) -> Result<(Stage, Vec<String>)> {
    let mut stage = Stage::of_scene(scene, &[])?;
    if let StageRoom::Measured(path) = &stage.room {
        return Err(Error::unsupported("the room is measured: its responses are in this file already")
            .at(path)
            .hint("`periphon ir` computes the responses of rooms with a size or a preset"));
    }
    let mut warnings = Vec::new();
    if stage.moves {
        warnings.push("something moves in the scene: this is the response of its first moment".to_string());
    }
    stage.moves = false;
    let pose = stage.head.at(0.0);
    stage.head = HeadMotion::Still(pose);
    for source in &mut stage.sources {
        source.motion = Motion::Still(source.motion.at(0.0));
    }
    Ok((stage, warnings))
}

/// What a stage of one source that stands still is to a microphone.
fn transmission(stage: &Stage, as_rendered: bool) -> Result<Transmission<'_>> {
    let spec = stage.sources.first().ok_or_else(|| Error::argument("the scene has no source"))?;
    let head = stage.head.at(0.0);
    let mut source = spec.motion.at(0.0);
    let mut beam = spec.beam;
    if spec.head_locked {
        source = head.position + head.orientation.rotate(source);
        beam.facing = head.orientation.rotate(beam.facing);
    }
    let room = match &stage.room {
        // What is locked to the head is not in the room.
        StageRoom::Shoebox(room, _) if !spec.head_locked => Some(&**room),
        _ => None,
    };
    Ok(Transmission {
        room,
        source,
        head,
        beam,
        gain: spec.gain,
        propagation: stage.propagation,
        speed_of_sound: stage.speed_of_sound,
        reverberation: if as_rendered { Reverberation::Network } else { Reverberation::Images },
    })
}

/// Both ears, by the engine that renders scenes.
fn binaural(stage: &Stage, hrtf: &str, rate: u32, frames: usize) -> Result<Vec<Vec<f32>>> {
    let set = hrtf::open(hrtf, f64::from(rate))?;
    let (mut engine, _control) = stage.engine(&set, EngineOptions::offline(f64::from(rate), 8192, 1))?;
    let block = engine.best_block();
    let mut input = vec![0.0; block];
    input[0] = 1.0;
    let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
    for (left, right) in left.chunks_mut(block).zip(right.chunks_mut(block)) {
        engine.process(&[&input[..left.len()]], left, right);
        input[0] = 0.0;
    }
    Ok(vec![left, right])
}

fn write(output: &Path, rate: u32, layout: &Layout, planes: &[&[f32]], force: bool) -> Result<()> {
    let mut spec = SinkSpec::new(rate, layout.clone(), SampleFormat::F32);
    spec.frames = planes.first().map(|p| p.len() as u64);
    let mut sink = FileSink::create(output, &spec, force)?;
    sink.write(planes)?;
    sink.finish().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_are_told_by_name() {
        assert_eq!(receiver("omni"), Ok(Receiver::Omni));
        for order in 0..=7 {
            let named = receiver(&format!("ambix:{order}")).unwrap();
            assert_eq!(named, Receiver::Ambix(order));
            assert_eq!(named.name(), format!("ambix:{order}"));
            assert_eq!(named.layout().unwrap().channels(), (order + 1) * (order + 1));
        }
        for bad in ["", "ambix", "ambix:", "ambix:8", "ambix:-1", "ambix:1.5", "mono", "Omni "] {
            assert!(receiver(bad).is_err(), "{bad}");
        }
    }
}
