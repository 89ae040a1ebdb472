//! What a key or the mouse means, and what of it the player is asked for.

use crate::coords::{Pose, Vec3};
use crate::render::Placement;
use crate::tracking::Recentre;
use std::path::PathBuf;

/// What a list is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Room,
    Hrtf,
    Placement,
    Headphones,
}

/// What the user wants.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    Pause,
    /// Seconds on, or back.
    Seek(f64),
    /// To this part of the track, 0 to 1.
    SeekTo(f64),
    /// As above, while the button is still held.
    Preview(f64),
    Skip(isize),
    /// Degrees to the left, and up.
    Turn(f64, f64),
    /// To look at this place of the map: x and y, metres.
    LookAt(f64, f64),
    /// Steps ahead, to the left.
    Walk(f64, f64),
    /// To this place of the map.
    WalkTo(f64, f64),
    /// To where the stage has the listener.
    Home,
    /// The head looks ahead, and what of it a tracker does as this says.
    Recentre(Recentre),
    Select(isize),
    SelectOnly(usize),
    /// The source that is selected: steps ahead, to the left, up.
    Nudge(f64, f64, f64),
    /// The source that is selected, on the map.
    PlaceAt(f64, f64),
    Mute,
    Solo,
    /// dB more; `None` back to 0.
    Gain(Option<f64>),
    Repeat,
    Open(Topic),
    /// The picture may be damaged.
    Redraw,
    Help,
    /// Closes what is open, or ends.
    Escape,
    /// Ctrl-C.
    Interrupt,
    /// Text dropped or pasted.
    Paste(String),
    /// In a list: a letter more, one less, none.
    Type(char),
    Erase,
    Clear,
    /// In a list: so many lines on.
    Scroll(isize),
    /// In a list: this line of those shown.
    Point(usize),
    Choose,
}

/// What the player is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Order {
    Pause(bool),
    Seek(f64),
    Skip(isize),
    /// The head beside its place, as the keys have it.
    Head(Pose),
    /// The tracker's ahead is where the head looks now.
    Recentre(Recentre),
    Move(usize, Vec3),
    Gain(usize, f64),
    /// `None` for the usual one.
    Room(Option<String>),
    Hrtf(String),
    Place(Option<Placement>),
    Headphones(Option<String>),
    Repeat(bool),
    Add(PathBuf),
    Stop,
}
