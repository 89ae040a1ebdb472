//! Scenes from text and back: every mistake at its line and column, and nothing lost on the way.
#![cfg(feature = "scene")]

use periphon::scene::{Scene, SceneErrors};

/// The scene of the contract, all of it.
const WHOLE: &str = r#"format = 1
sample_rate = 48000
duration = 20.0
speed_of_sound = 343.0
propagation = true

[listener]
position = [2.0, 2.2, 1.6]
orientation = { yaw = 0, pitch = 0, roll = 0 }

[room]
size = [6.0, 5.0, 3.0]
material = "plaster"
materials = { front = "glass", back = 0.3, left = "curtain", right = "plaster", floor = "carpet", ceiling = [0.1, 0.1, 0.2, 0.3, 0.4, 0.5, 0.5] }
reflection_order = 3
air_absorption = true
late = true
t60 = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]

[[source]]
id = "vocals"
file = "vocals.flac"
channel = "sum"
position = [4.5, 2.5, 1.5]
gain_db = 0.0
start = 0.0
loop = false
directivity = "omni"
facing = { yaw = 180, pitch = 0 }
spread = 0

[[bed]]
file = "bed.wav"
layout = "7.1.4"
head_locked = false
"#;

fn parse(text: &str) -> Result<Scene, SceneErrors> {
    Scene::parse(text, "")
}

#[test]
fn the_scene_of_the_contract_is_read_and_comes_back() {
    let scene = parse(WHOLE).unwrap_or_else(|e| panic!("{e}"));
    let text = scene.to_toml();
    assert_eq!(parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}")), scene);
    println!("{text}");
}
