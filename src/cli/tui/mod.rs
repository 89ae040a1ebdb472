//! The interface of `periphon play` in a terminal.
//!
//! [`app`] knows how things stand and makes orders of what the user does; [`input`] takes that in, [`keys`] and [`mouse`] say
//! what it is; [`draw`] makes a picture of it; [`terminal`] takes the terminal and gives it back. Only this file touches the
//! player.

mod action;
mod additions;
mod app;
mod ballistics;
mod bar;
mod dots;
mod draw;
mod dropped;
mod input;
mod keys;
mod map;
mod mixer;
mod mouse;
mod overlay;
mod panel;
mod picker;
mod plan_view;
#[cfg(test)]
mod samples;
pub(super) mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod wrapping;

pub(super) use bar::clock;
pub(super) use wrapping::cut;

use super::stance::Stance;
use crate::error::{Error, ErrorKind, Result};
use crate::live::{Event, Player, State};
use crate::render::Placement;
use crate::spatializer::Motion;
use crate::tracking::Listener;
use action::{Action, Order};
use additions::Additions;
use app::{App, Overlay, Tracking};
use input::Inputs;
use ratatui::crossterm::event::Event as Input;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use theme::Theme;

/// Between two pictures: twenty a second.
const FRAME: Duration = Duration::from_millis(50);
/// What fails at once is told without the interface having been seen.
const GRACE: Duration = Duration::from_millis(400);
/// Keys taken in between two pictures, at most.
const MOST_INPUTS: usize = 256;

/// What the interface leaves behind.
pub(super) struct Outcome {
    /// It was ended by Ctrl-C or a signal.
    pub interrupted: bool,
    /// What was said in the message line and matters afterwards.
    pub warnings: Vec<String>,
}

/// What the interface shows and steers.
pub(super) struct Board<'a> {
    pub player: &'a Player,
    pub stance: &'a Stance,
    pub tracker: Option<&'a Listener>,
    /// What the tracker was called on the command line.
    pub tracker_name: &'a str,
    pub repeat: bool,
    pub tracks: &'a [PathBuf],
    /// The stage of panoramas, and whether voice and band are taken apart in them, as the command line has it.
    pub stage: Option<String>,
    pub separate: bool,
    /// What an event says, if it matters.
    pub told: fn(&Event) -> Option<String>,
}

/// Shows the interface until all has been played or the user ends it.
///
/// # Errors
/// `Io` if the terminal cannot be used.
pub(super) fn run(board: &Board<'_>) -> Result<Outcome> {
    let mut app = App::new(board.repeat, folders(board.tracks));
    let began = Instant::now();
    while board.player.status().state == State::Opening && !board.player.is_over() && began.elapsed() < GRACE {
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut interrupted = false;
    if !board.player.is_over() {
        let lost = |e| Error::new(ErrorKind::Io, "the terminal cannot be used").caused_by(e).hint("play with --plain");
        let mut screen = terminal::Screen::take().map_err(lost)?;
        let shown = show(board, &mut app, &mut screen);
        let noise = screen.noise();
        drop(screen);
        app.log.extend(noise.into_iter().map(|line| format!("from the sound system: {line}")));
        shown.map_err(lost)?;
        interrupted = app.ending == Some(true);
    }
    board.player.events().for_each(|e| hear(board, &mut app, &e));
    Ok(Outcome { interrupted, warnings: app.log })
}

fn show(board: &Board<'_>, app: &mut App, screen: &mut terminal::Screen) -> io::Result<()> {
    let theme = Theme::of_environment();
    let inputs = Inputs::listen()?;
    let additions = Additions::new();
    let mut next = Instant::now();
    let mut last = next;
    let mut packets = (0, last);
    let mut closed = false;
    while !board.player.is_over() {
        if closed || crate::render::is_interrupted() {
            obey(board, &additions, app, Action::Interrupt);
        }
        if Instant::now() >= next {
            let now = Instant::now();
            board.player.events().for_each(|e| hear(board, app, &e));
            for line in screen.noise() {
                app.warn(format!("from the sound system: {line}"));
            }
            additions.found().for_each(|found| add(board, app, found));
            track(board, app, &mut packets);
            let dt = now.duration_since(last).as_secs_f64();
            app.tick(dt, board.player.status(), board.player.stage(), board.player.meters());
            if !closed {
                if std::mem::take(&mut app.redraw) {
                    screen.afresh();
                }
                let drawn = screen.draw(|frame| draw::draw(app, theme, frame));
                closed = unless_closed(drawn, app, screen)?.is_none();
            }
            last = now;
            next = now + FRAME;
        }
        if closed {
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            continue;
        }
        let mut wait = next.saturating_duration_since(Instant::now());
        for _ in 0..MOST_INPUTS {
            match unless_closed(inputs.next(wait), app, screen)? {
                Some(Some(input)) => {
                    wait = Duration::ZERO;
                    for action in meaning(app, input) {
                        obey(board, &additions, app, action);
                    }
                }
                Some(None) => break,
                None => {
                    closed = true;
                    break;
                }
            }
        }
    }
    Ok(())
}

/// `None` if the terminal has been closed or is about to be given back: what fails then is no error.
fn unless_closed<T>(done: io::Result<T>, app: &App, screen: &terminal::Screen) -> io::Result<Option<T>> {
    match done {
        Err(e) if app.ending.is_some() || e.kind() == io::ErrorKind::UnexpectedEof || screen.is_closed() => Ok(None),
        done => done.map(Some),
    }
}

/// What was typed, clicked or dropped.
fn meaning(app: &mut App, input: Input) -> Vec<Action> {
    match input {
        Input::Key(key) => match app.overlay {
            Overlay::Picker(_) => keys::list(&key),
            _ => keys::main(&key),
        }
        .into_iter()
        .collect(),
        Input::Mouse(event) => mouse::actions(app, &event),
        Input::Paste(text) => vec![Action::Paste(text)],
        // Back at its size before the next picture, it may be as empty as if it had another.
        Input::Resize(..) => vec![Action::Redraw],
        _ => Vec::new(),
    }
}

fn obey(board: &Board<'_>, additions: &Additions, app: &mut App, action: Action) {
    for order in app.act(action) {
        if let Err(e) = carry_out(board, additions, order) {
            app.warn(e.to_string());
        }
    }
}

fn carry_out(board: &Board<'_>, additions: &Additions, order: Order) -> Result<()> {
    let player = board.player;
    match order {
        Order::Pause(paused) => player.pause(paused),
        Order::Seek(seconds) => player.seek(seconds),
        Order::Skip(step) => player.skip(step),
        Order::Head(pose) => return board.stance.set_keys(pose),
        Order::Recentre(how) => board.tracker.into_iter().for_each(|t| t.recentre(how)),
        Order::Move(source, place) => return player.move_source(source, &Motion::Still(place)),
        Order::Gain(source, gain) => return player.set_source_gain(source, gain),
        Order::Room(name) => player.set_room(name),
        Order::Hrtf(name) => player.set_hrtf(name),
        Order::Place(place) => {
            let (stage, separate) = (board.stage.clone(), board.separate);
            player.change(move |job| {
                if place == Some(Placement::Stereo) {
                    job.room = None;
                }
                // Nothing else has a use for them.
                let opened_up = matches!(place, None | Some(Placement::Panorama));
                (job.stage, job.separate) = if opened_up { (stage.clone(), separate) } else { (None, false) };
                job.placement.clone_from(&place);
            });
        }
        Order::Headphones(name) => player.set_headphones(name),
        Order::Repeat(repeat) => player.set_repeat(repeat),
        Order::Add(path) => return additions.look_into(&path),
        Order::Stop => player.stop(),
    }
    Ok(())
}

/// Tracks have been found where something was dropped.
fn add(board: &Board<'_>, app: &mut App, (path, found): additions::Found) {
    match found {
        Ok((tracks, passed_over)) => {
            board.player.add_tracks(tracks);
            app.say(format!("{} follows after the last track", path.display()));
            passed_over.into_iter().for_each(|w| app.warn(w));
        }
        Err(e) => app.warn(e.to_string()),
    }
}

fn hear(board: &Board<'_>, app: &mut App, event: &Event) {
    if let Event::Track(_, path) = event {
        app.title = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    }
    if let Some(text) = (board.told)(event) {
        app.warn(text);
    }
}

/// How often the tracker is heard, counted over a second.
fn track(board: &Board<'_>, app: &mut App, (packets, since): &mut (u64, Instant)) {
    let Some(tracker) = board.tracker else { return };
    let heard = tracker.heard();
    let passed = since.elapsed().as_secs_f64();
    let per_second = if passed >= 1.0 {
        let rate = heard.packets.saturating_sub(*packets) as f64 / passed;
        (*packets, *since) = (heard.packets, Instant::now());
        rate
    } else {
        app.tracking.as_ref().map_or(0.0, |t| t.per_second)
    };
    app.tracking = Some(Tracking {
        name: board.tracker_name.to_string(),
        packets: heard.packets,
        ignored: heard.ignored,
        per_second,
    });
}

/// Where heads and rooms are looked for: beside the tracks, and in the working directory.
fn folders(tracks: &[PathBuf]) -> Vec<PathBuf> {
    let mut all = vec![PathBuf::from(".")];
    for folder in tracks.iter().filter_map(|t| t.parent()) {
        let folder = if folder == Path::new("") { Path::new(".") } else { folder };
        if all.len() < 8 && !all.iter().any(|f| f == folder) {
            all.push(folder.to_path_buf());
        }
    }
    all
}
