//! The promise, as code: what stops compiling here breaks clients. Signatures are written out, so that a change of one is
//! a change of this file, and a matter for the changelog.
#![cfg(feature = "sofa")]

use periphon::coords::{Pose, Rotation, Vec3};
use periphon::room::directivity::Directivity;
use periphon::room::{Air, Bands, Room, Wall, material, preset};
use periphon::{
    Beam, Control, Counters, Engine, EngineBuilder, Error, ErrorKind, Feed, FieldSpec, HeadMotion, HrtfSet, Measured,
    Motion, Path, Result, Signal, SourceId, SourceSpec, Space,
};
use std::sync::Arc;

/// Takes a function of exactly this type.
fn is<F>(_: F) {}

#[test]
fn the_engines_signatures_are_these() {
    is::<fn(&Arc<HrtfSet>) -> EngineBuilder>(Engine::builder);
    is::<fn(EngineBuilder, usize) -> EngineBuilder>(EngineBuilder::max_block);
    is::<fn(EngineBuilder, usize) -> EngineBuilder>(EngineBuilder::max_sources);
    is::<fn(EngineBuilder) -> EngineBuilder>(EngineBuilder::offline);
    is::<fn(EngineBuilder, Space) -> EngineBuilder>(EngineBuilder::space);
    is::<fn(EngineBuilder, &Room) -> EngineBuilder>(EngineBuilder::room);
    is::<fn(EngineBuilder, Pose) -> EngineBuilder>(EngineBuilder::listener);
    is::<fn(EngineBuilder) -> Result<(Engine, Control)>>(EngineBuilder::build);
    is::<fn(&mut Engine, &[&[f32]], &mut [f32], &mut [f32])>(Engine::process);
    is::<fn(&Engine) -> usize>(Engine::latency_frames);
    is::<fn(&Engine) -> usize>(Engine::tail_frames);
    is::<fn(&Engine) -> f64>(Engine::sample_rate);
    is::<fn(&Engine, usize) -> Option<usize>>(Engine::field_input);
    is::<fn(&mut Engine, u64)>(Engine::start_at);
}

#[test]
fn the_controls_signatures_are_these() {
    is::<fn(&mut Control, SourceSpec) -> Result<SourceId>>(Control::add);
    is::<fn(&mut Control, SourceSpec, usize) -> Result<(SourceId, Feed)>>(Control::add_feed);
    is::<fn(&mut Control, SourceSpec, fn(&mut [f32]) -> usize) -> Result<SourceId>>(Control::add_signal);
    is::<fn(&mut Control, SourceId, Motion) -> Result<()>>(Control::move_to);
    is::<fn(&mut Control, SourceId, Motion, f64) -> Result<()>>(Control::move_over);
    is::<fn(&mut Control, SourceId, Motion) -> Result<()>>(Control::snap_to);
    is::<fn(&mut Control, SourceId, f64) -> Result<()>>(Control::set_gain);
    is::<fn(&mut Control, SourceId, Beam) -> Result<()>>(Control::set_beam);
    is::<fn(&mut Control, SourceId) -> Result<()>>(Control::remove);
    is::<fn(&mut Control, Pose) -> Result<()>>(Control::set_head);
    is::<fn(&mut Control, HeadMotion, f64) -> Result<()>>(Control::set_head_motion);
    is::<fn(&mut Control, Option<&Room>, f64) -> Result<()>>(Control::set_room);
    is::<fn(&Control, SourceId) -> bool>(Control::has);
    is::<fn(&Control) -> f64>(Control::sample_rate);
    is::<fn(&Control) -> &Counters>(Control::counters);
    is::<fn(&mut Control)>(Control::tidy);
    is::<fn(&Counters) -> u64>(Counters::non_finite);
    is::<fn(&Counters) -> u64>(Counters::frames);
    is::<fn(&mut Feed, &[f32]) -> usize>(Feed::push);
    is::<fn(&Feed) -> usize>(Feed::room);
    is::<fn(&Feed) -> usize>(Feed::queued);
    is::<fn(&Feed) -> u64>(Feed::missing);
    is::<fn(&mut Feed)>(Feed::end);
    is::<fn(&Feed) -> bool>(Feed::is_over);
    is::<fn(SourceId) -> usize>(SourceId::input);
    is::<fn(SourceId) -> u64>(SourceId::to_bits);
    is::<fn(u64) -> SourceId>(SourceId::from_bits);
}

#[test]
fn what_goes_in_is_made_like_this() {
    is::<fn(&str, f64) -> Result<Arc<HrtfSet>>>(periphon::hrtf::open);
    is::<fn(&Measured, f64) -> Result<HrtfSet>>(HrtfSet::new);
    is::<fn(&HrtfSet) -> f64>(HrtfSet::sample_rate);
    is::<fn(Vec3) -> SourceSpec>(SourceSpec::still);
    is::<fn(Motion) -> SourceSpec>(SourceSpec::new);
    is::<fn(SourceSpec, f64) -> SourceSpec>(SourceSpec::with_gain);
    is::<fn(SourceSpec) -> SourceSpec>(SourceSpec::with_head_locked);
    is::<fn(SourceSpec) -> SourceSpec>(SourceSpec::with_everywhere);
    is::<fn(SourceSpec, Beam) -> SourceSpec>(SourceSpec::with_beam);
    is::<fn(SourceSpec, f64) -> SourceSpec>(SourceSpec::with_spread);
    is::<fn(SourceSpec, f64) -> SourceSpec>(SourceSpec::with_fade_in);
    is::<fn(Directivity, Vec3) -> Beam>(Beam::new);
    is::<fn(Space, f64) -> Space>(Space::with_propagation);
    is::<fn(Space, f64) -> Space>(Space::with_speed_of_sound);
    is::<fn(Space, FieldSpec) -> Space>(Space::with_field);
    is::<fn(usize) -> FieldSpec>(FieldSpec::new);
    is::<fn([(f64, Vec3); 2]) -> Result<Motion>>(Motion::path);
    is::<fn([(f64, Pose); 2]) -> Result<HeadMotion>>(HeadMotion::path);
    is::<fn([f64; 3], f64) -> Room>(Room::new);
    is::<fn(Room, Wall, Bands) -> Room>(Room::with_wall);
    is::<fn(Room, Bands) -> Room>(Room::with_t60);
    is::<fn(Room, usize) -> Room>(Room::with_order);
    is::<fn(Room, bool) -> Room>(Room::with_late);
    is::<fn(Room, Option<Air>) -> Room>(Room::with_air);
    is::<fn(&Room) -> Result<()>>(Room::check);
    is::<fn(&str) -> Option<&'static preset::Preset>>(preset::find);
    is::<fn(&preset::Preset) -> Room>(preset::Preset::room);
    is::<fn(&str) -> Option<&'static material::Material>>(material::find);
    is::<fn(f64, f64, f64) -> Vec3>(Vec3::from_polar);
    is::<fn(f64, f64, f64) -> Rotation>(Rotation::from_yaw_pitch_roll);
    is::<fn(f64, f64, f64, f64) -> Rotation>(Rotation::from_quaternion);
    is::<fn(Vec3, Rotation) -> Pose>(Pose::new);
    is::<fn(&Error) -> ErrorKind>(Error::kind);
    is::<fn(&Error) -> &[String]>(Error::hints);
}

#[test]
fn halves_go_to_their_threads() {
    fn send<T: Send + 'static>() {}
    fn sync<T: Sync + Send + 'static>() {}
    send::<Engine>();
    send::<Control>();
    send::<Feed>();
    send::<Box<dyn Signal>>();
    sync::<Arc<HrtfSet>>();
    sync::<Room>();
    sync::<SourceSpec>();
    sync::<Path<Vec3>>();
    sync::<Error>();
    sync::<EngineBuilder>();
}
