//! Playing through a sound device: the same stage, the same engine and the same sound as a render to a file.
//!
//! Four threads share the work. The *feed* of each track decodes ahead into a ring. The device's *callback* takes fixed
//! blocks out of it, sends them through the engine and hands out as many frames as the device asks for. The *steward*
//! opens tracks, builds engines, opens the device, and opens it again when it is lost. The caller holds a [`Player`]
//! and tells the steward what to do, or moves head and sources at once.
//!
//! Whatever needs another engine (another place in the track, another head, room or placement) is one mechanism: the
//! steward builds a *machine* and lets it run, faster than time, until its room rings as if it had always played and
//! it is a moment ahead; the callback then cross-fades to it at the very frame.

pub(crate) mod address;
mod backend;
pub mod device;
mod gauge;
mod hosts;
mod level;
mod machine;
mod meters;
mod naming;
mod plan;
mod player;
mod playlist;
mod playout;
mod request;
mod steering;
mod steward;
mod stream;
mod view;
mod workshop;

pub use backend::{Backend, Lease, Opened, Reports, Stream};
pub use gauge::{State, Status};
pub use meters::Meters;
pub use player::{Event, PlayReport, Player, Settings};
pub use playlist::{tracks, tracks_told};
pub use playout::Playout;
pub use steering::HeadControl;
pub use stream::DeviceBackend;
pub use view::{RoomView, SourceView, StageView};
