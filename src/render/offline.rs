//! The file side: a track in, a binaural file out, through the same engine as live.
//!
//! The track streams through in blocks, so memory does not grow with its length. Where a loudness or a ceiling is to be
//! held, the mix is kept in a scratch file until its loudness is known; see [`crate::sink::master`].

use super::engine::{Engine, EngineOptions};
use super::feed::{Feed, Program, run};
use super::job::{Loudness, Placement, RenderJob, RenderReport};
use super::measured::MeasuredPlayer;
use super::panorama::{self, Opening, Still};
use super::place::{default_placement, sums};
use super::scene_feed::SceneFeed;
use super::scenes::{of_parts, of_scene, of_stems};
use super::stage::{Stage, StageRoom};
use crate::buffer::AudioBuffer;
use crate::coords::Pose;
use crate::decode::{Kind, sniff};
use crate::error::{Error, ErrorKind, Result};
use crate::headphones::{self, Correction};
use crate::hrtf;
use crate::layout::Layout;
use crate::output::loudness::LoudnessMeter;
use crate::panorama::stage::DEFAULT_STAGE;
use crate::panorama::{Balance, StageFile};
use crate::sink::master::{MasterSpec, master};
use crate::sink::{FileSink, Scratch, SinkSpec, Tags};
use crate::stems::Stem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Frames rendered at a time at most when no block is asked for.
const BLOCK: usize = 8192;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Asks every render under way to stop: it fails with [`ErrorKind::Interrupted`] and leaves nothing behind. May be called
/// from any thread.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// True once [`interrupt`] has been called.
pub fn is_interrupted() -> bool {
    !go_on()
}

fn go_on() -> bool {
    !INTERRUPTED.load(Ordering::Relaxed)
}

/// How far a render is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Frames of the output done in this stage.
    pub done_frames: u64,
    /// Frames in all, if known.
    pub total_frames: Option<u64>,
    /// What is being done: `rendering`, `finishing` or `joining` (picture and sound).
    pub stage: &'static str,
}

/// Renders a track or a scene to a file, whole or not at all.
///
/// # Errors
/// `Argument` if the job contradicts itself or its input, or a scene has mistakes (the first, and how many more: see
/// [`Scene::open`](crate::scene::Scene::open) for all); `Io` if the system refuses, what the decoder and the head's reader run into, and
/// `Interrupted` after [`interrupt`].
pub fn render(job: &RenderJob, progress: &mut dyn FnMut(Progress)) -> Result<RenderReport> {
    let began = Instant::now();
    let film = super::film::film_of(job)?;
    let (sound, format) = match &film {
        // Nobody sees this name.
        Some(film) => (film.sound_name(), film.sound_format(job.format)),
        None => (job.output.clone(), job.format),
    };
    let job = &RenderJob { rate: film.as_ref().map_or(job.rate, |f| Some(f.rate)), ..job.clone() };
    let force = job.force || film.is_some();
    FileSink::check(&sound, format, force)?;
    let inputs = job.stems.iter().chain([&job.input]).filter_map(|i| i.canonicalize().ok());
    if let Ok(to) = job.output.canonicalize()
        && to.is_file()
        && inputs.into_iter().any(|from| from == to)
    {
        return Err(Error::argument("the output is the input itself")
            .at(&job.output)
            .hint("choose another name with -o"));
    }
    let (mut show, mut ears) = open(job, Pace::File)?;
    if job.loudness == Loudness::Source || job.measure {
        show.measure()?;
    }
    let mastered = job.loudness != Loudness::Off || job.true_peak.is_some();
    let stereo = Layout::named("stereo", 2)?;
    let mut meter = match (mastered, job.measure) {
        (true, _) => Some(LoudnessMeter::new(&stereo, ears.rate)?.with_envelope()),
        (false, true) => Some(LoudnessMeter::new(&stereo, ears.rate)?),
        (false, false) => None,
    };
    let mut spec = SinkSpec::new(ears.rate, stereo, format);
    spec.tags = show.tags();
    let mut skip = ears.skip;
    let total = show.total_frames().map(|n| n.saturating_sub(skip));
    spec.frames = total;
    let mut sink = FileSink::create(&sound, &spec, force)?;
    let mut scratch = if mastered { Some(Scratch::new(&job.output, 2)?) } else { None };

    let mut mix = AudioBuffer::new(2, 0);
    let mut frames = 0;
    let threads = job.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    run(show.program(), threads, |block| {
        if !go_on() {
            return Err(Error::new(ErrorKind::Interrupted, "the work was interrupted before the output was whole"));
        }
        ears.render(block, &mut mix);
        // A scene is rendered from its beginning, whatever of it is wanted.
        let left_out = usize::try_from(skip).unwrap_or(usize::MAX).min(mix.frames());
        mix.drain_front(left_out);
        skip -= left_out as u64;
        let planes = [mix.channel(0), mix.channel(1)];
        if let Some(meter) = &mut meter {
            meter.push(&planes);
        }
        match &mut scratch {
            Some(scratch) => scratch.write(&planes)?,
            None => sink.write(&planes)?,
        }
        frames += mix.frames() as u64;
        progress(Progress { done_frames: frames, total_frames: total, stage: "rendering" });
        Ok(())
    })?;

    let mut report = RenderReport {
        output: job.output.clone(),
        frames,
        sample_rate: ears.rate,
        channels: 2,
        format,
        film: film.as_ref().map(|f| f.coding(job.format)),
        placement: ears.placement,
        layout: show.layout(),
        input_lufs: show.meter().and_then(LoudnessMeter::integrated_lufs),
        output_lufs: meter.as_ref().and_then(LoudnessMeter::integrated_lufs),
        true_peak_dbtp: meter.as_ref().and_then(LoudnessMeter::true_peak_dbtp).filter(|p| p.is_finite()),
        gain_db: 0.0,
        limited_frames: 0,
        clipped_samples: 0,
        non_finite_samples: show.non_finite() + ears.non_finite(),
        seconds_elapsed: 0.0,
        realtime_factor: 0.0,
        stage: ears.stage_name.clone(),
        stems: std::mem::take(&mut ears.stems),
        hrtf: ears.hrtf.clone(),
        room: ears.room.clone(),
        headphones: ears.headphones.clone(),
        warnings: Vec::new(),
    };
    if let (Some(scratch), Some(meter)) = (&mut scratch, &meter) {
        let spec = MasterSpec { target_lufs: show.target_lufs(job.loudness), ceiling_dbtp: job.true_peak };
        let mastered = master(scratch, meter, &spec, &mut sink, &mut |done| {
            progress(Progress { done_frames: done, total_frames: Some(frames), stage: "finishing" });
            go_on()
        })?;
        report.gain_db = mastered.gain_db;
        report.limited_frames = mastered.limited_frames;
        report.output_lufs = mastered.output_lufs;
        report.true_peak_dbtp = Some(mastered.true_peak_dbtp).filter(|p| p.is_finite());
    }
    let mut odd = Vec::new();
    report.clipped_samples = match film {
        None => sink.finish()?.clipped,
        Some(film) => {
            let (written, sound) = sink.finish_unnamed()?;
            progress(Progress { done_frames: 0, total_frames: None, stage: "joining" });
            let off = film.join(&sound, job.format, job.duration, &go_on)?;
            odd.extend(film.warnings.into_iter().chain(off));
            written.clipped
        }
    };
    odd.extend(show.warnings());
    odd.extend(ears.warnings());
    report.warnings = warnings(odd, &report);
    report.seconds_elapsed = began.elapsed().as_secs_f64();
    report.realtime_factor = frames as f64 / f64::from(ears.rate) / report.seconds_elapsed.max(1e-9);
    Ok(report)
}

fn warnings(mut all: Vec<String>, report: &RenderReport) -> Vec<String> {
    if report.non_finite_samples > 0 {
        all.push(format!(
            "{} input samples were not finite, or absurdly large, and have been silenced",
            report.non_finite_samples
        ));
    }
    if report.clipped_samples > 0 {
        all.push(format!("{} output samples were beyond full scale and have been clipped", report.clipped_samples));
    }
    all
}

/// Stems add up to more than any song: brought to that they would lie in the limiter. This is what services play music at.
const LOUDEST_SCENE_LUFS: f64 = -16.0;

/// What the blocks are for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pace {
    /// A file: long blocks, for speed.
    File,
    /// A listener: the shortest blocks that give the same bits as a file's.
    Live,
    /// A listener whose head is followed: blocks of this many frames, and motion is followed from each to the next.
    Follow(usize),
}

/// Opens what a job plays, and what plays it.
pub(crate) fn open(job: &RenderJob, pace: Pace) -> Result<(Show, Ears)> {
    if !job.stems.is_empty() {
        of_stems(job, pace)
    } else if sniff(&job.input)? == Kind::Scene {
        of_scene(job, pace)
    } else {
        of_track(job, pace)
    }
}

/// What is played.
pub(crate) enum Show {
    Track(Box<Feed>),
    Scene(Box<SceneFeed>),
}

impl Show {
    pub(crate) fn program(&mut self) -> &mut dyn Program {
        match self {
            Self::Track(feed) => feed.as_mut(),
            Self::Scene(feed) => feed.as_mut(),
        }
    }

    /// Inputs of each block.
    #[cfg(feature = "live")]
    pub(crate) fn channels(&self) -> usize {
        match self {
            Self::Track(feed) => feed.channels(),
            Self::Scene(feed) => feed.channels(),
        }
    }

    /// Makes a scene go on at a frame of its clock; a track is opened at its place by its job.
    #[cfg(feature = "live")]
    pub(crate) fn begin_at(&mut self, frame: u64) -> Result<()> {
        match self {
            Self::Track(_) => Ok(()),
            Self::Scene(feed) => feed.begin_at(frame),
        }
    }

    /// True if an input has something to play at a frame of a scene's clock.
    #[cfg(feature = "live")]
    pub(crate) fn sounds(&self, input: usize, frame: u64) -> bool {
        match self {
            Self::Track(_) => true,
            Self::Scene(feed) => feed.sounds(input, frame),
        }
    }

    pub(crate) fn measure(&mut self) -> Result<()> {
        match self {
            Self::Track(feed) => feed.measure(),
            Self::Scene(feed) => feed.measure(),
        }
    }

    pub(crate) fn meter(&self) -> Option<&LoudnessMeter> {
        match self {
            Self::Track(feed) => feed.meter.as_ref(),
            Self::Scene(feed) => feed.meter(),
        }
    }

    /// What a render is to be brought to, of what has been measured so far; `None` for no gain.
    pub(crate) fn target_lufs(&self, loudness: Loudness) -> Option<f64> {
        let measured = || self.meter().and_then(LoudnessMeter::integrated_lufs);
        match (loudness, self) {
            (Loudness::Off, _) => None,
            (Loudness::Source, Self::Scene(_)) => measured().map(|lufs| lufs.min(LOUDEST_SCENE_LUFS)),
            (Loudness::Source, Self::Track(_)) => measured(),
            (Loudness::Lufs(lufs), _) => Some(lufs),
        }
    }

    fn tags(&self) -> Tags {
        match self {
            Self::Track(feed) => feed.tags(),
            Self::Scene(feed) => feed.tags(),
        }
    }

    pub(crate) fn total_frames(&self) -> Option<u64> {
        match self {
            Self::Track(feed) => feed.total_frames(),
            Self::Scene(feed) => feed.total_frames(),
        }
    }

    fn layout(&self) -> String {
        match self {
            Self::Track(feed) => feed.layout.name(),
            Self::Scene(_) => "scene".to_string(),
        }
    }

    fn non_finite(&self) -> u64 {
        match self {
            Self::Track(feed) => feed.non_finite(),
            Self::Scene(feed) => feed.non_finite(),
        }
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        match self {
            Self::Track(feed) => feed.warnings(),
            Self::Scene(feed) => feed.warnings(),
        }
    }
}

fn of_track(job: &RenderJob, pace: Pace) -> Result<(Show, Ears)> {
    if job.model.is_some() && job.separate {
        return of_parts(job, pace);
    }
    let mut feed = Feed::open(job)?;
    let placement = job.placement.clone().unwrap_or_else(|| default_placement(&feed.layout));
    if placement == Placement::Stereo && feed.layout.channels() > 2 {
        let channels = feed.layout.channels();
        return Err(Error::argument(format!("placement 'stereo' takes one or two channels, the track has {channels}"))
            .at(&job.input)
            .hint("use --place speakers"));
    }
    agree(job, &placement).map_err(|e| e.at(&job.input))?;
    let file = match &placement {
        Placement::Panorama => Some(StageFile::open(job.stage.as_deref().unwrap_or(DEFAULT_STAGE))?),
        _ => None,
    };
    if file.is_some() && feed.layout.channels() != 2 {
        let channels = feed.layout.channels();
        return Err(Error::argument(format!("a panorama is made of a stereo track, not of {channels} channel(s)"))
            .at(&job.input)
            .hint(if channels == 1 { "use --place point" } else { "use --place speakers" }));
    }
    let rate = job.rate.unwrap_or(feed.rate);
    let mut stage = Stage::of_track(job, &placement, &feed.layout, file.as_ref())?;
    if let Pace::Follow(_) = pace {
        stage.stand_still();
    }
    let mut ears = Ears::new(job, pace, &stage, placement.name(), file.as_ref(), rate, 0)?;
    feed.prepare(sums(&placement), rate, ears.block, ears.tail)?;
    if let Some(file) = &file {
        let (colours, balance) = (std::mem::take(&mut ears.colours), ears.balance.take());
        feed.open_up(Opening::new(file, rate, if job.separate { 2 } else { 1 }, &colours, balance)?);
    }
    Ok((Show::Track(Box::new(feed)), ears))
}

/// Says what of a job does not go with a placement, whatever the track.
fn agree(job: &RenderJob, placement: &Placement) -> Result<()> {
    let name = placement.name();
    let opened_up = *placement == Placement::Panorama;
    if job.stage.is_some() && !opened_up {
        return Err(Error::argument(format!("a stage is for panoramas, not for --place {name}"))
            .hint("leave out --stage, or use --place panorama with a stereo track"));
    }
    if job.separate && !opened_up {
        return Err(Error::argument(format!("voice and band are placed apart in a panorama, not with --place {name}"))
            .hint("leave out --separate; --vocals changes how loud the voice is with any placement"));
    }
    if *placement == Placement::Stereo && job.room.as_deref().is_some_and(|room| room != "none") {
        return Err(Error::argument("--place stereo plays the channels as they are, in no room")
            .hint("leave out --room, or --place stereo"));
    }
    Ok(())
}

/// What is the same for every track of a list, looked at once: what is wrong with it is not told once for each.
///
/// # Errors
/// `Argument` for settings that do not go together, and whatever opening head, room and stage runs into.
#[cfg(feature = "live")]
pub(crate) fn check(job: &RenderJob) -> Result<()> {
    if let Some(placement) = &job.placement {
        agree(job, placement)?;
    }
    if let Some(layout) = job.layout.as_deref().filter(|name| *name != "ambix" && Layout::names().all(|n| n != *name)) {
        Layout::named(layout, 2)?;
    }
    if let Some(room) = &job.room
        && let Some(path) = super::stage::room_spec(room)?.and_then(|spec| spec.file)
    {
        std::fs::metadata(path).map_err(|e| Error::io(room, "cannot open the room", e))?;
    }
    if let Some(stage) = &job.stage {
        StageFile::open(stage)?;
    }
    if crate::sofa::builtin_names().all(|name| name != job.hrtf) {
        hrtf::open(&job.hrtf, f64::from(job.rate.unwrap_or(48_000)))?;
    }
    Ok(())
}

/// The rendering half: blocks in, two ears out.
pub(crate) struct Ears {
    pub(crate) placement: &'static str,
    pub(crate) stage_name: String,
    pub(crate) stems: Vec<Stem>,
    /// What was odd before anything was opened.
    pub(super) remarks: Vec<String>,
    pub(crate) hrtf: String,
    pub(crate) room: String,
    pub(crate) headphones: String,
    pub(crate) rate: u32,
    pub(crate) block: usize,
    pub(crate) tail: u64,
    /// Frames at the beginning that are not wanted.
    pub(crate) skip: u64,
    /// What it plays.
    #[cfg(feature = "live")]
    pub(crate) stage: Box<Stage>,
    /// Of the engine's inputs.
    fields_from: usize,
    engine: Option<Renderer>,
    /// A stage's equalisers, where they are not in the responses already: for the feed.
    colours: Vec<Vec<f32>>,
    /// What keeps a panorama's balance: for the feed as well.
    balance: Option<Balance>,
    correction: Option<Correction>,
}

/// What plays.
enum Renderer {
    /// The engine with its control, unless somebody has taken that.
    Engine {
        engine: Box<Engine>,
        control: Option<super::Control>,
        counters: Arc<super::control::Counters>,
    },
    Measured(Box<MeasuredPlayer>),
    Still(Box<Still>),
}

/// Frames of a block in a measured room when none is asked for: its head turns from block to block.
const MEASURED_BLOCK: usize = 1024;
/// Frames of a block, live, where the length is free.
const LIVE_BLOCK: usize = 256;

impl Ears {
    /// Builds the engine for a stage; none for a stage without anything on it.
    pub(super) fn new(
        job: &RenderJob,
        pace: Pace,
        stage: &Stage,
        placement: &'static str,
        file: Option<&StageFile>,
        rate: u32,
        skip: u64,
    ) -> Result<Self> {
        let mut ears = Self {
            placement,
            stage_name: file.map_or_else(|| "none".to_string(), |f| f.name.clone()),
            stems: Vec::new(),
            remarks: Vec::new(),
            hrtf: "none".to_string(),
            room: stage.room.name(),
            headphones: "none".to_string(),
            rate,
            block: job.block.unwrap_or(BLOCK),
            tail: 0,
            skip,
            #[cfg(feature = "live")]
            stage: Box::new(stage.clone()),
            fields_from: stage.sources.len(),
            engine: None,
            colours: Vec::new(),
            balance: None,
            correction: None,
        };
        if !(stage.sources.is_empty() && stage.fields.is_empty()) {
            let sample_rate = f64::from(rate);
            ears.engine = Some(if let StageRoom::Measured(path) = &stage.room {
                // The head is looked at once a block, and blocks must not be heard.
                ears.block = match pace {
                    Pace::File if stage.moves => MEASURED_BLOCK,
                    Pace::File => ears.block,
                    Pace::Live => LIVE_BLOCK,
                    Pace::Follow(block) => block,
                };
                let player = MeasuredPlayer::new(stage, path, &job.hrtf, sample_rate, ears.block)?;
                ears.tail = player.tail_frames() as u64;
                ears.hrtf.clone_from(&player.head_name);
                Renderer::Measured(Box::new(player))
            } else if let (Some(file), Pace::File | Pace::Live) = (file, pace) {
                let set = hrtf::open(&job.hrtf, sample_rate)?;
                if pace == Pace::Live {
                    ears.block = LIVE_BLOCK;
                }
                let responses = panorama::responses(stage, &set)?;
                let colours = panorama::colours(file, &responses, &set);
                let coloured = panorama::coloured(&responses, &colours);
                ears.balance = panorama::balance(file, &coloured, &set)?;
                let still = Still::new(coloured, ears.block)?;
                ears.tail = still.tail_frames() as u64;
                ears.hrtf.clone_from(&job.hrtf);
                Renderer::Still(Box::new(still))
            } else {
                let set = hrtf::open(&job.hrtf, sample_rate)?;
                let options = match pace {
                    Pace::Follow(block) => EngineOptions::live(sample_rate, block, 1),
                    _ => EngineOptions::offline(sample_rate, ears.block, 1),
                };
                let (engine, control) = stage.engine(&set, options)?;
                ears.block = match pace {
                    Pace::File => job.block.unwrap_or(engine.best_block()),
                    _ => engine.hop_frames(),
                };
                ears.tail = engine.tail_frames() as u64;
                ears.hrtf.clone_from(&job.hrtf);
                if let Some(file) = file {
                    let responses = panorama::responses(stage, &set)?;
                    ears.colours = panorama::colours(file, &responses, &set);
                    let coloured = panorama::coloured(&responses, &ears.colours);
                    ears.balance = panorama::balance(file, &coloured, &set)?;
                    ears.tail += ears.colours.first().map_or(0, Vec::len) as u64;
                }
                let counters = Arc::clone(&control.counters);
                Renderer::Engine { engine: Box::new(engine), control: Some(control), counters }
            });
        }
        if ears.engine.is_none() && pace != Pace::File {
            ears.block = LIVE_BLOCK;
        }
        if let Some(what) = &job.headphones {
            let profile = headphones::open(what)?;
            let correction = Correction::new(&profile, f64::from(rate), ears.block.min(BLOCK))?;
            ears.tail += correction.tail_frames() as u64;
            ears.headphones = profile.name;
            ears.correction = Some(correction);
        }
        if let Some(seconds) = job.tail {
            ears.tail = (seconds * f64::from(rate)).round() as u64;
        }
        // What comes late is moved to where it belongs.
        let late = ears.correction.as_ref().map_or(0, Correction::latency_frames) as u64;
        ears.skip += late;
        ears.tail += late;
        Ok(ears)
    }

    /// Hands over the control, once; there is none without an engine.
    pub(crate) fn take_control(&mut self) -> Option<super::Control> {
        match &mut self.engine {
            Some(Renderer::Engine { control, .. }) => control.take(),
            _ => None,
        }
    }

    /// Puts the clock of whatever moves to a frame.
    pub(crate) fn start_at(&mut self, frame: u64) {
        match &mut self.engine {
            Some(Renderer::Engine { engine, .. }) => engine.start_at(frame),
            Some(Renderer::Measured(player)) => player.start_at(frame),
            Some(Renderer::Still(_)) | None => {}
        }
    }

    /// Turns the head in a measured room, which has no control.
    pub(crate) fn turn_measured(&mut self, pose: Pose) {
        if let Some(Renderer::Measured(player)) = &mut self.engine {
            player.set_head(pose);
        }
    }

    pub(crate) fn is_measured(&self) -> bool {
        matches!(self.engine, Some(Renderer::Measured(_)))
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut all = self.remarks.clone();
        if let Some(Renderer::Measured(player)) = &self.engine {
            all.extend(player.warnings.iter().cloned());
        }
        all
    }

    fn non_finite(&self) -> u64 {
        match &self.engine {
            Some(Renderer::Engine { counters, .. }) => counters.non_finite(),
            Some(Renderer::Measured(player)) => player.non_finite(),
            Some(Renderer::Still(still)) => still.non_finite(),
            None => 0,
        }
    }

    pub(crate) fn render(&mut self, block: &AudioBuffer, mix: &mut AudioBuffer) {
        mix.resize(block.frames());
        let mut ears = mix.iter_mut();
        let (Some(left), Some(right)) = (ears.next(), ears.next()) else { return };
        let mut inputs: Vec<&[f32]> = block.iter().collect();
        if let Some(at) = self.gap() {
            inputs.insert(at, &[]);
        }
        self.process(&inputs, left, right);
    }

    /// Where among the inputs an empty one belongs: an engine without sources has room for one all the same.
    pub(crate) fn gap(&self) -> Option<usize> {
        match &self.engine {
            Some(Renderer::Engine { engine, .. }) => {
                engine.field_input(0).filter(|first| *first > self.fields_from).map(|_| self.fields_from)
            }
            _ => None,
        }
    }

    /// Brings a part of what the next block reads nearer to the processor.
    #[cfg(feature = "live")]
    pub(crate) fn fetch(&self, part: usize, parts: usize) {
        if let Some(Renderer::Engine { engine, .. }) = &self.engine {
            engine.fetch(part, parts);
        }
    }

    /// One block, with the empty input of [`Ears::gap`] among the others. For the audio thread.
    pub(crate) fn process(&mut self, inputs: &[&[f32]], left: &mut [f32], right: &mut [f32]) {
        match &mut self.engine {
            Some(Renderer::Measured(player)) => player.process(inputs, left, right),
            Some(Renderer::Engine { engine, .. }) => engine.process(inputs, left, right),
            Some(Renderer::Still(still)) => still.process(inputs, left, right),
            None => {
                // Mono sounds from both sides.
                if let (Some(first), Some(last)) = (inputs.first(), inputs.last()) {
                    left.copy_from_slice(first);
                    right.copy_from_slice(last);
                }
            }
        }
        if let Some(correction) = &mut self.correction {
            correction.process(left, right);
        }
    }
}
