//! A fixed state, for tests.

use super::app::App;
use crate::coords::{Pose, Rotation, Vec3};
use crate::live::{Meters, RoomView, SourceView, StageView, State, Status};

pub(super) fn source(name: &str, position: Vec3, reflections: Vec<Vec3>) -> SourceView {
    SourceView {
        name: name.to_string(),
        position,
        moves: false,
        head_locked: false,
        everywhere: name.starts_with("LFE"),
        gain: 1.0,
        reflections,
    }
}

pub(super) fn stage() -> StageView {
    // Where the walls of this room reflect, by hand: the ratio of the distances to each wall.
    let hits = vec![
        Vec3::new(0.0, 2.222, 1.5),
        Vec3::new(5.0, 2.75, 1.4),
        Vec3::new(2.714, 0.0, 1.4),
        Vec3::new(3.25, 4.0, 1.4),
    ];
    StageView {
        track: 0,
        listener: Pose {
            position: Vec3::new(2.0, 2.0, 1.6),
            orientation: Rotation::from_yaw_pitch_roll(30.0, 0.0, 0.0),
        },
        held_back: Vec3::default(),
        room: Some(RoomView { name: "living-room".to_string(), size: Some([5.0, 4.0, 2.5]) }),
        sources: vec![
            source("vocals", Vec3::new(4.0, 3.0, 1.5), hits),
            source("guitar", Vec3::new(4.0, 1.0, 1.2), Vec::new()),
            source("drums", Vec3::new(1.0, 0.5, 1.0), Vec::new()),
            source("LFE1", Vec3::default(), Vec::new()),
        ],
        fields: 0,
        placement: "scene",
        steerable: true,
    }
}

pub(super) fn status() -> Status {
    Status {
        state: State::Playing,
        track: 1,
        tracks: 12,
        position_s: 64.3,
        duration_s: Some(235.0),
        peaks: [0.5, 0.4],
        true_peak_dbtp: -1.2,
        mean_load: 0.031,
        max_load: 0.124,
        recent_load: 0.08,
        xruns: 0,
        overruns: 0,
        starved_frames: 0,
        latency_ms: 12.3,
        device: "pulseaudio:phones".to_string(),
        sample_rate: 48_000,
        buffer: 480,
        hrtf: "ku100".to_string(),
        room: "living-room".to_string(),
        headphones: "none".to_string(),
        gain_db: -3.0,
    }
}

pub(super) fn meters() -> Meters {
    Meters {
        level_db: [-14.2, -20.7],
        true_peak_db: [-5.1, -9.8],
        momentary_lufs: Some(-17.8),
        short_term_lufs: Some(-18.24),
        integrated_lufs: Some(-19.0),
    }
}

pub(super) fn app() -> App {
    let mut app = App::new(false, Vec::new());
    app.title = "band.toml".to_string();
    app.tick(0.05, status(), Some(stage()), meters());
    app
}
