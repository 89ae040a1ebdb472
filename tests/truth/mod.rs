//! One truth, in Rust: renders `tests/data/truth/walk.txt` through the public API. The other bindings do the same in
//! their own words and compare bits.
#![allow(dead_code, reason = "each user takes its own part")]

use periphon::room::preset;
use periphon::{
    Beam, Engine, HeadMotion, Motion, Pose, Result, Room, Rotation, SourceId, SourceSpec, Space, Vec3, hrtf,
};
use std::collections::HashMap;

/// The walk.
pub const WALK: &str = include_str!("../data/truth/walk.txt");

/// The noise that a source plays, from the frame on at which it is added: exact in every language.
pub struct Noise(pub u32);

impl Noise {
    /// The next sample, in [-0.25, 0.25).
    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((self.0 as i32) >> 8) as f32 / 33_554_432.0
    }
}

/// How samples get to the engine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fed {
    /// With each block.
    Planes,
    /// Through a queue.
    Queue,
    /// By code on the audio thread.
    Signal,
}

struct Sounding {
    id: SourceId,
    noise: Noise,
    feed: Option<periphon::Feed>,
}

/// Renders the walk: both ears.
pub fn walk(fed: Fed) -> Result<[Vec<f32>; 2]> {
    let lines = || WALK.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).map(|l| l.split_whitespace());
    let setup: Vec<f64> = lines().next().into_iter().flatten().skip(1).map(number).collect();
    let [rate, block, sources, frames, reach] = setup[..] else { panic!("the walk begins with its setup") };
    let (block, frames) = (block as usize, frames as usize);
    let head = hrtf::open("ku100", rate)?;
    let (mut engine, mut control) = Engine::builder(&head)
        .offline()
        .max_block(block)
        .max_sources(sources as usize)
        .space(Space::default().with_propagation(reach))
        .build()?;

    let mut steps = lines().skip(1).map(|mut words| {
        let frame: usize = words.next().unwrap_or_default().parse().expect("a line begins with its frame");
        (frame, words.collect::<Vec<_>>())
    });
    let mut next = steps.next();
    let mut sounding: HashMap<String, Sounding> = HashMap::new();
    let mut leaving = Vec::new();
    let mut ears = [vec![0.0; frames], vec![0.0; frames]];
    let mut planes = vec![vec![0.0f32; block]; sources as usize];
    let mut at = 0;
    while at < frames {
        while let Some((_, words)) = next.take_if(|(frame, _)| *frame == at) {
            let (what, rest) = (words[0], &words[1..]);
            let of = |from: usize| rest[from..].iter().map(|w| number(w)).collect::<Vec<f64>>();
            let id = |name: &str| sounding[name].id;
            match what {
                "room" => control.set_room(preset::find(rest[0]).map(|p| p.room()).as_ref(), number(rest[1]))?,
                "shoebox" => {
                    let v = of(0);
                    let room = Room::new([v[1], v[2], v[3]], v[4]).with_order(v[5] as usize);
                    control.set_room(Some(&room), v[0])?;
                }
                "outside" => control.set_room(None, number(rest[0]))?,
                "path" => {
                    let keys = of(2);
                    let keys = keys.chunks_exact(8).map(|k| (k[0], pose(&k[1..])));
                    control.set_head_motion(HeadMotion::path(keys)?, number(rest[0]))?;
                }
                "listen" => control.set_head_motion(HeadMotion::Still(pose(&of(1))), number(rest[0]))?,
                "add" => {
                    let v = of(1);
                    let spec = SourceSpec::still(vec3(&v[1..]))
                        .with_gain(v[4])
                        .with_beam(Beam { everywhere: v[5], facing: vec3(&v[6..]) })
                        .with_spread(v[9]);
                    let mut noise = Noise(v[0] as u32);
                    let (id, feed) = match fed {
                        Fed::Planes => (control.add(spec)?, None),
                        Fed::Queue => control.add_feed(spec, frames).map(|(id, feed)| (id, Some(feed)))?,
                        Fed::Signal => {
                            let make = move |out: &mut [f32]| {
                                out.fill_with(|| noise.next());
                                out.len()
                            };
                            (control.add_signal(spec, make)?, None)
                        }
                    };
                    leaving.retain(|s: &Sounding| s.id.input() != id.input());
                    sounding.insert(rest[0].to_string(), Sounding { id, noise: Noise(v[0] as u32), feed });
                }
                "way" => {
                    let keys = of(3);
                    let way = Motion::path(keys.chunks_exact(4).map(|k| (k[0], vec3(&k[1..]))))?;
                    control.move_over(id(rest[0]), way, number(rest[1]))?;
                }
                "move" => control.move_over(id(rest[0]), Motion::Still(vec3(&of(1))), of(4)[0])?,
                "snap" => control.snap_to(id(rest[0]), Motion::Still(vec3(&of(1))))?,
                "gain" => control.set_gain(id(rest[0]), number(rest[1]))?,
                "beam" => {
                    let v = of(1);
                    control.set_beam(id(rest[0]), Beam { everywhere: v[0], facing: vec3(&v[1..]) })?;
                }
                "remove" => {
                    // It plays on while it fades out.
                    control.remove(id(rest[0]))?;
                    leaving.extend(sounding.remove(rest[0]));
                }
                other => panic!("the walk does not know '{other}'"),
            }
            next = steps.next();
        }
        let to = frames.min(at + block).min(next.as_ref().map_or(frames, |(frame, _)| *frame));
        planes.iter_mut().for_each(|p| p[..to - at].fill(0.0));
        for source in sounding.values_mut().chain(&mut leaving) {
            let plane = &mut planes[source.id.input()][..to - at];
            plane.fill_with(|| source.noise.next());
            if let Some(feed) = &mut source.feed {
                assert!(feed.is_over() || feed.push(plane) == plane.len());
            }
        }
        let mut inputs = vec![&[][..]; planes.len()];
        if fed == Fed::Planes {
            inputs.iter_mut().zip(&planes).for_each(|(input, plane)| *input = &plane[..to - at]);
        }
        let [left, right] = &mut ears;
        engine.process(&inputs, &mut left[at..to], &mut right[at..to]);
        at = to;
    }
    Ok(ears)
}

fn number(word: &str) -> f64 {
    word.parse().expect("a number")
}

fn vec3(v: &[f64]) -> Vec3 {
    Vec3::new(v[0], v[1], v[2])
}

fn pose(v: &[f64]) -> Pose {
    Pose::new(vec3(v), Rotation { w: v[3], x: v[4], y: v[5], z: v[6] })
}

/// Both ears as the files have them that bindings compare with: frame by frame, little-endian.
pub fn bytes(ears: &[Vec<f32>; 2]) -> Vec<u8> {
    ears[0].iter().zip(&ears[1]).flat_map(|(l, r)| [l.to_le_bytes(), r.to_le_bytes()]).flatten().collect()
}
