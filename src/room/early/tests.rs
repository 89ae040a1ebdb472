use super::super::bands::BandSplit;
use super::*;
use crate::spatializer::Beam;

const RATE: f64 = 48_000.0;

fn options(frames: usize) -> EarlyOptions {
    EarlyOptions { sample_rate: RATE, sources: 1, frames, segment: 256, turn: 1, propagation: true }
}

fn placing(place: Vec3, head: Vec3) -> Placing {
    Placing { place, head: Pose { position: head, ..Pose::default() }, gain: 1.0, beam: Beam::OMNI }
}

/// One source in a room, as a chamber plays it.
struct Played {
    early: Early,
    split: BandSplit,
    parts: Parts,
    near: Vec<f32>,
    bus: Vec<f32>,
    lines: Vec<f32>,
    stride: usize,
}

impl Played {
    fn new(early: Early, stride: usize) -> Self {
        Self {
            split: BandSplit::new(&early.filter),
            parts: Parts::new(stride),
            near: vec![0.0; NEAR * stride],
            bus: vec![0.0; THIRD * early.reach()],
            lines: vec![0.0; 24 * early.reach()],
            early,
            stride,
        }
    }

    fn begin(&mut self, at: Placing) {
        self.early.begin(0, &Ways { segment: [at; 3], turn: [at; 3] });
    }

    /// A stretch: its bus' first plane, and then what has been rendered ahead moves up.
    fn stretch(&mut self, x: &[f32], ends: [f64; 2]) -> Vec<f32> {
        let (stride, reach, frames) = (self.stride, self.early.reach(), x.len());
        self.parts.cut(&mut self.split, x, false);
        self.early.push(0, &self.parts, [1.0; 2]);
        let (near, bus, lines) = (&mut self.near, &mut self.bus, &mut self.lines);
        let mut outlets = Outlets { stride, reach, near, bus, lines };
        self.early.render(0, frames, &basis(ends[0], ends[1]), ends, &mut outlets);
        let out = self.bus[..frames].to_vec();
        self.early.end_stretch(frames, &mut self.bus, &mut self.lines);
        out
    }

    /// A segment in stretches of `block` frames: its bus.
    fn segment(&mut self, x: &[f32], block: usize, next: Placing, turn: Placing) -> Vec<f32> {
        self.early.next_segment();
        self.early.advance(0, &next, || turn);
        let part = |n: usize| n as f64 / x.len() as f64;
        let stretches = x.chunks(block).enumerate();
        stretches.flat_map(|(i, x)| self.stretch(x, [part(i * block), part(i * block + x.len())])).collect()
    }
}

/// What an omnidirectional ear hears of all images but the source itself.
fn omni(early: Early, x: &[f32], block: usize, placing_at: &dyn Fn(usize) -> Placing) -> Vec<f64> {
    let mut played = Played::new(early, block);
    played.begin(placing_at(0));
    let mut out = Vec::new();
    for (i, x) in x.chunks(block).enumerate() {
        let bus = played.segment(x, block, placing_at(i + 1), placing_at(i + 1));
        let early = &played.early;
        out.extend((0..x.len()).map(|n| {
            let distance = |k: usize| {
                let p = placing_at(i);
                (early.images[k].image.position(early.size, p.place) - p.head.position).norm()
            };
            let near = (0..early.near).map(|k| f64::from(played.near[k * block + n]) / distance(k));
            f64::from(bus[n]) + near.sum::<f64>()
        }));
    }
    out
}

fn noise(len: usize) -> Vec<f32> {
    (0..len as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0).collect()
}

/// Decibels of a difference.
fn difference(a: &[f32], b: &[f32]) -> f64 {
    let energy = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
    10.0 * (energy(&mut a.iter().zip(b).map(|(a, b)| a - b)) / energy(&mut a.iter().copied())).log10()
}

fn build(room: &Room, segment: usize, turn: usize) -> Played {
    let reflection = room.absorption.map(|w| w.map(|a| (1.0 - a).sqrt()));
    let o = EarlyOptions { sample_rate: RATE, sources: 1, frames: segment, segment, turn, propagation: true };
    Played::new(Early::new(room, &reflection, None, &o), segment)
}

#[test]
fn turns_render_ahead_what_long_segments_render_in_time() {
    let room = Room::new([5.0, 4.0, 3.0], 0.2);
    let x = noise(94 * 256);
    // In a corner some images of higher order arrive too soon to be rendered ahead. They are read in shorter pieces, which
    // differ as pieces of a glide do.
    let (middle, corner) = (Vec3::new(2.6, 1.9, 1.4), Vec3::new(4.8, 3.7, 1.2));
    // A jump is taken by a few images a turn: what comes until then, and from then on, is the same.
    for (head, jump, soon, most_db) in
        [(middle, 9.9, false, -120.0), (corner, 9.9, true, -60.0), (middle, 0.31, false, -50.0)]
    {
        let at = |frame: f64| {
            let t = frame / RATE;
            placing(Vec3::new(4.5 - 1.5 * t, if t > jump { 0.9 } else { 3.2 }, 1.0 + 0.3 * t), head)
        };
        let next = |n: usize| at(256.0 * (n as f64 + 1.5));
        let mut whole = build(&room, 256, 1);
        whole.begin(at(0.0));
        let want = x.chunks(256).enumerate().flat_map(|(n, x)| whole.segment(x, 256, next(n), next(n)));
        let want: Vec<f32> = want.collect();
        for (turn, block) in [(2, 128), (2, 37), (4, 64), (8, 32)] {
            let mut played = build(&room, 256 / turn, turn);
            // The first segment begins a turn.
            played.early.segments = turn - 1;
            played.begin(at(0.0));
            let (mut got, mut most) = (Vec::new(), 0);
            for (n, x) in x.chunks(256 / turn).enumerate() {
                got.extend(played.segment(x, block, next(n / turn), next(n / turn)));
                most = played.early.senders[0].soon.max(most);
            }
            assert_eq!(most > 0, soon, "{most} images arrive soon");
            let under_way = ((jump - 0.01) * RATE) as usize..((jump + 0.07) * RATE) as usize;
            for n in under_way.take_while(|n| *n < want.len()) {
                assert!(got[n].abs() < 4.0, "{} is louder than both", got[n]);
                got[n] = want[n];
            }
            let db = difference(&want, &got);
            assert!(db < most_db, "turns of {turn} in blocks of {block}: {db:.1} dB");
        }
    }
}

#[test]
fn turns_join_a_rest_of_any_length_without_a_gap() {
    let (room, head) = (Room::new([5.0, 4.0, 3.0], 0.2), Vec3::new(4.8, 3.7, 1.2));
    let x = noise(48_000);
    // Walks, rests for stretches of odd lengths, and walks on.
    let run = |turn: usize, rests: &[usize]| {
        let mut played = build(&room, 128, turn);
        let mut at = Vec3::new(1.0, 2.0, 1.5);
        played.begin(placing(at, head));
        let (mut out, mut segments) = (Vec::new(), 0);
        for rest in rests {
            for step in 0..40 {
                // Slow enough that nothing lies between both but rounding and how finely the way is drawn.
                at.x += if step < 20 { 1e-5 } else { 0.0 };
                let here = &x[out.len()..][..128];
                out.extend(played.segment(here, 128, placing(at, head), placing(at, head)));
                segments += 1;
            }
            assert!(!played.early.is_changing(), "after {segments} segments");
            let until = out.len() + rest;
            while out.len() < until {
                let frames = (until - out.len()).min(57);
                let here = &x[out.len()..][..frames];
                out.extend(played.stretch(here, [0.0, 1.0]));
            }
        }
        out
    };
    for rests in [&[1usize, 57, 100][..], &[31, 128, 300], &[0, 7, 0]] {
        let db = difference(&run(1, rests), &run(2, rests));
        assert!(db < -45.0, "{rests:?}: {db:.1} dB");
    }
}

#[test]
fn all_images_arrive_when_and_as_loud_as_theory_says() {
    let mut room = Room::new([6.0, 5.0, 3.0], 0.0);
    room.air = None;
    for (i, wall) in room.absorption.iter_mut().enumerate() {
        *wall = [0.1 + 0.08 * i as f64; BANDS];
    }
    let (source, head) = (Vec3::new(4.5, 2.5, 1.5), Vec3::new(2.0, 2.2, 1.6));
    let reflection = room.absorption.map(|w| w.map(|a| (1.0 - a).sqrt()));
    let early = Early::new(&room, &reflection, None, &options(256));
    // A band-limited pulse, so that only what the short reader promises is asked of it.
    let pulse = |t: f64| {
        let x = 0.5 * t;
        let sinc = if x.abs() < 1e-9 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
        if t.abs() < 40.0 { sinc * (0.5 + 0.5 * (std::f64::consts::PI * t / 40.0).cos()) } else { 0.0 }
    };
    let x: Vec<f32> = (0..4096).map(|n| pulse(n as f64 - 50.0) as f32).collect();
    let got = omni(early, &x, 256, &|_| placing(source, head));
    let mut error = 0.0;
    let mut energy = 0.0;
    let images: Vec<(f64, f64)> = Image::up_to(3)
        .iter()
        .skip(1)
        .map(|i| {
            let d = (i.position(room.size, source) - head).norm();
            (d / 343.0 * RATE, i.reflection(&reflection)[0] / d)
        })
        .collect();
    for (n, y) in got.iter().enumerate() {
        let want: f64 = images.iter().map(|(t, g)| g * pulse(n as f64 - 50.0 - t)).sum();
        error += (y - want).powi(2);
        energy += want * want;
    }
    let db = 10.0 * (error / energy).log10();
    assert!(db < -45.0, "{db:.1} dB");
}

#[test]
fn a_walking_source_does_not_click() {
    let room = Room::new([8.0, 6.0, 3.0], 0.2);
    let reflection = room.absorption.map(|w| w.map(|a| (1.0 - a).sqrt()));
    let place = |segment: usize| {
        let t = segment as f64 * 256.0 / RATE;
        placing(Vec3::new(1.0 + 2.0 * t, 2.0, 1.5), Vec3::new(4.0, 3.0, 1.6))
    };
    let x: Vec<f32> = (0..48_000).map(|n| (n as f64 * 0.13).sin() as f32).collect();
    let early = Early::new(&room, &reflection, None, &options(256));
    let whole = omni(early, &x, 256, &place);
    // The loudest change from sample to sample is the tone's own: nothing clicks.
    let level = whole.iter().map(|y| y * y).sum::<f64>() / whole.len() as f64;
    let step = whole[4096..].windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]).abs()).fold(0.0, f64::max);
    assert!(step < 0.13f64.powi(2) * 4.0 * level.sqrt(), "{step} at a level of {}", level.sqrt());
}
