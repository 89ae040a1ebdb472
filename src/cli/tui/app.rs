//! What the interface knows, and what each action makes of it. Nothing here draws, and nothing touches the player: what
//! is wanted of it comes back as orders.

use super::action::{Action, Order};
use super::ballistics::Ballistics;
use super::dropped;
use super::mixer::{Mixer, Strip};
use super::picker::Picker;
use super::plan_view::PlanView;
use crate::coords::{Pose, Rotation, Vec3};
use crate::live::{Meters, SourceView, StageView, State, Status};
use ratatui::layout::Rect;
use std::path::PathBuf;

/// How long a message stays, seconds.
const SHOWN_S: f64 = 8.0;
/// For so long a seek is taken as done, though the player has not said so yet, seconds.
const SEEKING_S: f64 = 1.0;
/// Without walls nothing is moved farther out than this, or than it is already, metres.
const FARTHEST_M: f64 = 50.0;
/// So far from its place a listener may be, for the player, metres.
const FARTHEST_WALKED_M: f64 = 999.0;
/// Sources stay so far from the walls, metres.
const FROM_WALL_M: f64 = 0.15;
/// Messages that are kept.
const MOST_KEPT: usize = 1000;

/// What lies over the map.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Overlay {
    None,
    /// This page of it.
    Help(usize),
    Picker(Box<Picker>),
}

/// What a held button moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Drag {
    Source,
    Listener,
    Look,
    Bar,
}

/// How a message looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Note,
    Warning,
}

/// What is known of a head tracker.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tracking {
    pub name: String,
    pub packets: u64,
    pub ignored: u64,
    pub per_second: f64,
}

/// Where on the screen things are, as drawn last: for the mouse.
#[derive(Clone, Debug, Default)]
pub(super) struct Regions {
    pub map: Option<PlanView>,
    pub bar: Rect,
    pub help_pages: usize,
    /// The lines of sources, and which the first of them is.
    pub sources: (Rect, usize),
    /// The lines of an open list, and which the first of them is.
    pub list: (Rect, usize),
}

/// The state of the interface.
pub(super) struct App {
    pub status: Status,
    pub stage: Option<StageView>,
    pub meters: Meters,
    pub shown: Ballistics,
    pub title: String,
    pub selected: usize,
    mixer: Mixer,
    pub repeat: bool,
    pub tracking: Option<Tracking>,
    pub overlay: Overlay,
    pub message: Option<(String, Tone, f64)>,
    /// All warnings, to be repeated behind the end.
    pub log: Vec<String>,
    pub regions: Regions,
    pub drag: Option<Drag>,
    /// Where the held button has the seek bar, 0 to 1.
    pub preview: Option<f64>,
    /// Folders in which heads and rooms are looked for.
    pub folders: Vec<PathBuf>,
    /// The next picture is to be sent whole.
    pub redraw: bool,
    /// The end has been asked for: by Ctrl-C?
    pub ending: Option<bool>,
    /// Seconds since the beginning.
    pub clock: f64,
    /// The head beside its place: degrees and metres.
    yaw: f64,
    pitch: f64,
    walked: Vec3,
    seeking: Option<(f64, f64)>,
    /// What was asked for last, until the player has done it.
    pausing: Option<bool>,
}

impl App {
    pub(super) fn new(repeat: bool, folders: Vec<PathBuf>) -> Self {
        Self {
            status: Status::default(),
            stage: None,
            meters: Meters::default(),
            shown: Ballistics::default(),
            title: String::new(),
            selected: 0,
            mixer: Mixer::default(),
            repeat,
            tracking: None,
            overlay: Overlay::None,
            message: None,
            log: Vec::new(),
            regions: Regions::default(),
            drag: None,
            preview: None,
            folders,
            redraw: false,
            ending: None,
            clock: 0.0,
            yaw: 0.0,
            pitch: 0.0,
            walked: Vec3::default(),
            seeking: None,
            pausing: None,
        }
    }

    /// Takes in how things stand, `dt` seconds after the last time.
    pub(super) fn tick(&mut self, dt: f64, status: Status, stage: Option<StageView>, meters: Meters) {
        self.clock += dt;
        self.shown.tick(dt, &meters);
        if status.track != self.status.track {
            // It was meant for the one before.
            self.seeking = None;
        }
        (self.status, self.meters) = (status, meters);
        let agreed = match self.status.state {
            State::Paused => Some(true),
            State::Playing => Some(false),
            _ => None,
        };
        if agreed == self.pausing {
            self.pausing = None;
        }
        if let Some(stage) = stage {
            let count = stage.sources.len();
            if stage.steerable {
                self.mixer.follow(stage.track, &stage.sources);
            }
            self.selected = self.selected.min(count.saturating_sub(1));
            self.stage = Some(stage);
        }
        if self.message.as_ref().is_some_and(|(.., until)| *until < self.clock) {
            self.message = None;
        }
    }

    /// A word in the message line.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.message = Some((text.into(), Tone::Note, self.clock + SHOWN_S));
    }

    /// A warning, which is repeated behind the end.
    pub(super) fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if self.log.len() < MOST_KEPT {
            self.log.push(text.clone());
        }
        self.message = Some((text, Tone::Warning, self.clock + SHOWN_S));
    }

    /// A word of refusal, which nobody has to read again.
    fn refuse(&mut self, text: impl Into<String>) -> Vec<Order> {
        self.message = Some((text.into(), Tone::Warning, self.clock + SHOWN_S));
        Vec::new()
    }

    /// Whether it is paused, or about to be.
    pub(super) fn is_paused(&self) -> bool {
        self.pausing.unwrap_or(self.status.state == State::Paused)
    }

    /// Where in the track, seconds: where it is about to be, if it has just been asked for.
    pub(super) fn position(&self) -> f64 {
        match self.seeking {
            Some((to, until)) if self.clock < until => to,
            _ => self.status.position_s,
        }
    }

    pub(super) fn source(&self) -> Option<&SourceView> {
        self.stage.as_ref()?.sources.get(self.selected)
    }

    /// Solo, mute and gain of a source: none where they cannot be set, and would not be heard.
    pub(super) fn strip(&self, n: usize) -> Strip {
        if self.is_steerable() { self.mixer.strip(n) } else { Strip::default() }
    }

    /// True if a source is not heard: muted, or another is alone.
    pub(super) fn is_silent(&self, n: usize) -> bool {
        self.is_steerable() && self.mixer.is_silent(n)
    }

    fn is_steerable(&self) -> bool {
        self.stage.as_ref().is_some_and(|s| s.steerable)
    }

    /// Carries out what concerns the interface alone, and says what the player is asked for.
    pub(super) fn act(&mut self, action: Action) -> Vec<Order> {
        match action {
            Action::Pause => {
                let paused = !self.is_paused();
                self.pausing = Some(paused);
                vec![Order::Pause(paused)]
            }
            Action::Seek(by) => self.seek(self.position() + by),
            Action::SeekTo(part) => {
                self.preview = None;
                match self.status.duration_s {
                    Some(d) => self.seek(part.clamp(0.0, 1.0) * d),
                    None => self.refuse("how long this track is, nobody knows: use the arrow keys"),
                }
            }
            Action::Preview(part) => {
                self.preview = Some(part.clamp(0.0, 1.0));
                Vec::new()
            }
            Action::Skip(step) => {
                // There a track begins, if there is one.
                let any = step < 0 || self.repeat || self.status.track + 1 < self.status.tracks;
                self.seeking = any.then_some((0.0, self.clock + SEEKING_S));
                vec![Order::Skip(step)]
            }
            Action::Turn(yaw, pitch) => self.turn(yaw, pitch),
            Action::LookAt(x, y) => self.look_at(x, y),
            Action::Walk(ahead, left) => self.walk(ahead, left),
            Action::WalkTo(x, y) => self.walk_to(x, y),
            Action::Home => {
                self.walked = Vec3::default();
                self.say("back in the listener's place");
                self.head()
            }
            Action::Recentre(how) => {
                self.turned(-self.yaw);
                (self.yaw, self.pitch) = (0.0, 0.0);
                self.say("looking ahead");
                let mut orders = self.head();
                if self.tracking.is_some() {
                    orders.insert(0, Order::Recentre(how));
                }
                orders
            }
            Action::Select(step) => {
                let count = self.stage.as_ref().map_or(0, |s| s.sources.len());
                if count > 0 {
                    self.selected = (self.selected as isize + step).rem_euclid(count as isize) as usize;
                }
                Vec::new()
            }
            Action::SelectOnly(n) => {
                self.selected = n;
                Vec::new()
            }
            Action::Nudge(ahead, left, up) => self.nudge(ahead, left, up),
            Action::PlaceAt(x, y) => match self.source().map(|s| s.position.z) {
                Some(z) => self.place(Vec3::new(x, y, z)),
                None => Vec::new(),
            },
            Action::Mute => self.mix(|mixer, n| mixer.mute(n)),
            Action::Solo => self.mix(|mixer, n| mixer.solo(n)),
            Action::Gain(by) => self.mix(|mixer, n| mixer.gain(n, by)),
            Action::Repeat => {
                self.repeat = !self.repeat;
                self.say(if self.repeat { "begins anew after the last track" } else { "ends after the last track" });
                vec![Order::Repeat(self.repeat)]
            }
            Action::Open(topic) => {
                self.overlay = Overlay::Picker(Box::new(Picker::open(topic, &self.folders)));
                Vec::new()
            }
            Action::Redraw => {
                self.redraw = true;
                Vec::new()
            }
            Action::Help => {
                self.overlay = match self.overlay {
                    Overlay::Help(page) if page + 1 < self.regions.help_pages => Overlay::Help(page + 1),
                    Overlay::Help(_) => Overlay::None,
                    _ => Overlay::Help(0),
                };
                Vec::new()
            }
            Action::Escape if self.overlay != Overlay::None => {
                self.overlay = Overlay::None;
                Vec::new()
            }
            Action::Escape => self.end(false),
            Action::Interrupt => self.end(true),
            Action::Paste(text) => self.paste(&text),
            Action::Choose => {
                let Overlay::Picker(picker) = &self.overlay else { return Vec::new() };
                match picker.choose() {
                    Ok(order) => {
                        self.overlay = Overlay::None;
                        self.change(order)
                    }
                    Err(why) => self.refuse(why),
                }
            }
            action => {
                if let Overlay::Picker(picker) = &mut self.overlay {
                    match action {
                        Action::Type(c) => picker.type_char(c),
                        Action::Erase => picker.erase(),
                        Action::Clear => picker.clear(),
                        Action::Scroll(lines) => picker.scroll(lines),
                        Action::Point(line) => picker.at = line.min(picker.shown.len().saturating_sub(1)),
                        _ => {}
                    }
                }
                Vec::new()
            }
        }
    }

    fn end(&mut self, interrupted: bool) -> Vec<Order> {
        if self.ending.is_some() {
            return Vec::new();
        }
        self.ending = Some(interrupted);
        self.say("ending");
        vec![Order::Stop]
    }

    fn seek(&mut self, to: f64) -> Vec<Order> {
        let last = self.status.duration_s.map_or(f64::MAX, |d| (d - 0.1).max(0.0));
        let to = to.clamp(0.0, last);
        self.seeking = Some((to, self.clock + SEEKING_S));
        vec![Order::Seek(to)]
    }

    /// The head as the keys have it.
    fn head(&self) -> Vec<Order> {
        let orientation = Rotation::from_yaw_pitch_roll(self.yaw, self.pitch, 0.0);
        vec![Order::Head(Pose { position: self.walked, orientation })]
    }

    /// Says why turning and walking would not be heard.
    fn deaf(&self, walking: bool) -> Option<&'static str> {
        let stage = self.stage.as_ref()?;
        let walled = stage.room.as_ref().map(|r| r.size.is_some());
        match (stage.sources.is_empty(), stage.fields) {
            (true, 0) => Some("without spatialisation there is nothing to turn"),
            (true, _) if walking => Some("a sound field is heard from one place: the head turns, but does not walk"),
            _ if walking && walled == Some(false) => {
                Some("a measured room was measured in one place: the head turns, but does not walk")
            }
            _ => None,
        }
    }

    fn turn(&mut self, yaw: f64, pitch: f64) -> Vec<Order> {
        if let Some(why) = self.deaf(false) {
            return self.refuse(why);
        }
        // In halves of a turn to either side.
        self.yaw = (self.yaw + yaw + 180.0).rem_euclid(360.0) - 180.0;
        self.pitch = (self.pitch + pitch).clamp(-90.0, 90.0);
        self.turned(yaw);
        self.head()
    }

    /// The head has turned by so many degrees to the left. The player will say so itself; the next turn may come sooner.
    fn turned(&mut self, yaw: f64) {
        if let Some(stage) = &mut self.stage {
            let turn = Rotation::from_yaw_pitch_roll(yaw, 0.0, 0.0);
            stage.listener.orientation = turn * stage.listener.orientation;
        }
    }

    fn look_at(&mut self, x: f64, y: f64) -> Vec<Order> {
        let Some(listener) = self.stage.as_ref().map(|s| s.listener) else { return Vec::new() };
        let to = Vec3::new(x, y, 0.0) - Vec3::new(listener.position.x, listener.position.y, 0.0);
        if to.norm() < 0.02 {
            return Vec::new();
        }
        let [now, ..] = listener.orientation.yaw_pitch_roll();
        self.turn(to.y.atan2(to.x).to_degrees() - now, 0.0)
    }

    fn walk(&mut self, ahead: f64, left: f64) -> Vec<Order> {
        let Some(listener) = self.stage.as_ref().map(|s| s.listener) else { return Vec::new() };
        let [yaw, ..] = listener.orientation.yaw_pitch_roll();
        let (s, c) = yaw.to_radians().sin_cos();
        let to = listener.position + Vec3::new(ahead * c - left * s, ahead * s + left * c, 0.0);
        self.walk_to(to.x, to.y)
    }

    fn walk_to(&mut self, x: f64, y: f64) -> Vec<Order> {
        if let Some(why) = self.deaf(true) {
            return self.refuse(why);
        }
        let Some(stage) = &mut self.stage else { return Vec::new() };
        let here = stage.listener.position;
        let to = within(stage.room.as_ref().and_then(|r| r.size), here, Vec3::new(x, y, here.z));
        let walked = self.walked + stage.held_back + (to - here);
        if walked.norm() > FARTHEST_WALKED_M {
            return self.refuse("farther from its place the listener does not go");
        }
        self.walked = walked;
        stage.held_back = Vec3::default();
        // Until the player says so itself; the next key may come sooner.
        stage.listener.position = to;
        self.head()
    }

    fn nudge(&mut self, ahead: f64, left: f64, up: f64) -> Vec<Order> {
        let Some(source) = self.source() else { return Vec::new() };
        self.place(source.position + Vec3::new(ahead, left, up))
    }

    fn place(&mut self, to: Vec3) -> Vec<Order> {
        let selected = self.selected;
        if let Some(why) = self.fixed() {
            return self.refuse(why);
        }
        let Some(stage) = &mut self.stage else { return Vec::new() };
        let listener = stage.listener;
        let size = stage.room.as_ref().and_then(|r| r.size);
        let Some(source) = stage.sources.get_mut(selected) else { return Vec::new() };
        let to = within(size, source.position, to);
        source.position = to;
        let place = if source.head_locked { listener.relative(to) } else { to };
        vec![Order::Move(selected, place)]
    }

    /// Says why the source that is selected cannot be steered.
    fn fixed(&self) -> Option<String> {
        let stage = self.stage.as_ref()?;
        let measured = stage.room.as_ref().is_some_and(|r| r.size.is_none());
        if !stage.steerable {
            return Some(
                match (measured, stage.fields) {
                    (true, _) => "in a measured room sources stay where its loudspeakers are",
                    (_, 1..) => "a sound field has no sources to move",
                    _ => "without spatialisation there are no sources to move",
                }
                .to_string(),
            );
        }
        self.source().filter(|s| s.everywhere).map(|s| format!("{} is heard from everywhere", s.name))
    }

    fn mix(&mut self, change: impl FnOnce(&mut Mixer, usize)) -> Vec<Order> {
        if self.stage.as_ref().is_some_and(|s| !s.steerable) {
            return self.refuse("the sources of this stage cannot be muted, made louder or softer one by one");
        }
        change(&mut self.mixer, self.selected);
        self.mixer.news().into_iter().map(|(n, gain)| Order::Gain(n, gain)).collect()
    }

    /// Says what is about to change.
    fn change(&mut self, order: Order) -> Vec<Order> {
        let words = match &order {
            Order::Room(name) => format!("room: {}", name.as_deref().unwrap_or("usual")),
            Order::Hrtf(name) => format!("head: {name}"),
            Order::Place(Some(crate::render::Placement::Stereo)) => "placement: stereo, in no room".to_string(),
            Order::Place(place) => format!("placement: {}", place.as_ref().map_or("usual", |p| p.name())),
            Order::Headphones(name) => format!("headphones: {}", name.as_deref().unwrap_or("none")),
            Order::Add(path) => format!("looking into {}", path.display()),
            _ => return vec![order],
        };
        self.say(words);
        vec![order]
    }

    fn paste(&mut self, text: &str) -> Vec<Order> {
        let path = dropped::path_of(text);
        let order = match (&mut self.overlay, &path) {
            (Overlay::Picker(picker), path) => match path.as_deref().and_then(|p| picker.of_file(p)) {
                Some(order) => order,
                None => {
                    text.chars().for_each(|c| picker.type_char(c));
                    return Vec::new();
                }
            },
            (_, Some(path)) => dropped::order(path),
            // What a terminal could not say.
            (_, None) if text.contains('\u{fffd}') => return self.refuse(dropped::NOT_UNICODE),
            _ => {
                return self.refuse("what was pasted is no file: drop a head, a room, an equaliser or a track");
            }
        };
        match order {
            Ok(order) => {
                if let Overlay::Picker(_) = self.overlay {
                    self.overlay = Overlay::None;
                }
                self.change(order)
            }
            Err(e) => self.refuse(dropped::told(&e)),
        }
    }
}

/// A place inside the walls, or within reach of them where there are none; `now` is where it comes from.
fn within(size: Option<[f64; 3]>, now: Vec3, to: Vec3) -> Vec3 {
    let Some([x, y, z]) = size else {
        let keep = |v: f64, now: f64| v.clamp(-FARTHEST_M.max(now.abs()), FARTHEST_M.max(now.abs()));
        return Vec3::new(keep(to.x, now.x), keep(to.y, now.y), keep(to.z, now.z));
    };
    let keep = |v: f64, l: f64| v.clamp(FROM_WALL_M.min(0.5 * l), (l - FROM_WALL_M).max(0.5 * l));
    Vec3::new(keep(to.x, x), keep(to.y, y), keep(to.z, z))
}
