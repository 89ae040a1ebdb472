//! A scene from above: front is up, left is left.

use super::draw::{Anchor, FAINT, GREY, INK, Page, Rgb, Shape};
use super::scene::room_name;
use crate::coords::{Pose, Vec3};
use crate::error::Result;
use crate::room::Wall;
use crate::room::directivity::Directivity;
use crate::scene::{Object, Place, RoomChoice, Scene};
use crate::spatializer::{HeadMotion, Motion};

/// Okabe and Ito's colours without yellow, which is too faint on white.
const COLOURS: [Rgb; 6] = [
    Rgb([0x00, 0x72, 0xb2]),
    Rgb([0xd5, 0x5e, 0x00]),
    Rgb([0x00, 0x9e, 0x73]),
    Rgb([0xcc, 0x79, 0xa7]),
    Rgb([0x56, 0xa5, 0xd9]),
    Rgb([0xb0, 0x84, 0x00]),
];
/// Where the plan may be on the page: left, top, width, height.
const PLAN: [f64; 4] = [70.0, 110.0, 560.0, 620.0];
/// Where the list of sources begins.
const LIST: f64 = 690.0;
const SMALL: f64 = 11.0;
/// With more sources, rays are drawn but their delays are not written.
const MOST_DELAYS: usize = 3;

/// Draws the scene; `name` goes into the title.
pub(super) fn draw(scene: &Scene, name: &str) -> Result<Page> {
    let objects = scene.objects()?;
    let head = scene.listener_motion()?;
    let first = scene.listener_pose();
    let size = match scene.room_choice() {
        Some(RoomChoice::Shoebox(room)) => Some(room.size),
        _ => None,
    };
    let world = |o: &Object, t: f64| {
        let p = o.motion.at(t);
        if o.head_locked { first.position + first.orientation.rotate(p) } else { p }
    };
    let view = View::new(size, first.position, objects.iter().map(|o| way(o, &world)).chain([head_way(&head)]));
    let mut page = Page::new(1000.0, 800.0);
    page.heading((PLAN[0], 42.0), 18.0, name);
    let what = format!("{}, from above: front is up, left is left", room_name(scene));
    page.text((PLAN[0], 64.0), 12.5, Anchor::Start, GREY, what);
    let mut labels = Labels::default();
    floor(&mut page, &view, size, scene, &mut labels);
    for o in &objects {
        labels.keep(view.at(world(o, 0.0)), 9.0);
    }
    labels.keep(view.at(first.position), 16.0);
    if let (Some(size), true) = (size, objects.len() <= 12) {
        for (i, o) in objects.iter().enumerate().filter(|(_, o)| !o.head_locked) {
            let delays = objects.len() <= MOST_DELAYS;
            rays(&mut page, &view, size, world(o, 0.0), first.position, scene, colour(i), delays, &mut labels);
        }
    }
    for (i, o) in objects.iter().enumerate() {
        let points = way(o, &world);
        track(&mut page, &view, &points, colour(i), &mut labels);
    }
    let points = head_way(&head);
    track(&mut page, &view, &points, INK, &mut labels);
    for (i, o) in objects.iter().enumerate() {
        let at = world(o, 0.0);
        pattern(&mut page, &view, o, at, colour(i));
        page.add(Shape::Dots { points: vec![view.at(at)], radius: 6.5, colour: colour(i) });
        labels.put(&mut page, view.at(at), 12.0, &o.id, INK, true);
    }
    times(&mut page, &view, &objects, scene, &mut labels);
    head_shape(&mut page, &view, &head, first);
    list(&mut page, scene, &objects, first);
    scale(&mut page, &view);
    Ok(page)
}

fn colour(i: usize) -> Rgb {
    COLOURS[i % COLOURS.len()]
}

/// From metres to the page.
struct View {
    /// x of the page's top, y of its left, metres.
    top: f64,
    left: f64,
    /// Page units a metre.
    unit: f64,
    origin: (f64, f64),
    /// Metres shown: along x and along y.
    span: (f64, f64),
}

impl View {
    fn new(size: Option<[f64; 3]>, listener: Vec3, ways: impl Iterator<Item = Vec<Vec3>>) -> Self {
        let (mut low, mut high) = match size {
            Some([x, y, _]) => ((0.0, 0.0), (x, y)),
            None => ((listener.x - 1.5, listener.y - 1.5), (listener.x + 1.5, listener.y + 1.5)),
        };
        if size.is_none() {
            for p in ways.flatten() {
                low = (low.0.min(p.x - 0.7), low.1.min(p.y - 0.7));
                high = (high.0.max(p.x + 0.7), high.1.max(p.y + 0.7));
            }
        }
        let span = (high.0 - low.0, high.1 - low.1);
        let unit = (PLAN[2] / span.1).min(PLAN[3] / span.0);
        let origin = (PLAN[0] + 0.5 * (PLAN[2] - unit * span.1), PLAN[1] + 0.5 * (PLAN[3] - unit * span.0));
        Self { top: high.0, left: high.1, unit, origin, span }
    }

    fn at(&self, p: Vec3) -> (f64, f64) {
        (self.origin.0 + (self.left - p.y) * self.unit, self.origin.1 + (self.top - p.x) * self.unit)
    }
}

/// Points of a source's way; one if it stands.
fn way(o: &Object, world: &impl Fn(&Object, f64) -> Vec3) -> Vec<Vec3> {
    match &o.motion {
        Motion::Path(path) => path.keys().iter().map(|k| world(o, k.t)).collect(),
        _ => vec![world(o, 0.0)],
    }
}

fn head_way(head: &HeadMotion) -> Vec<Vec3> {
    match head {
        HeadMotion::Still(pose) => vec![pose.position],
        HeadMotion::Path(path) => path.keys().iter().map(|k| k.value.position).collect(),
    }
}

fn line(page: &mut Page, points: Vec<(f64, f64)>, width: f64, colour: Rgb, opacity: f64) {
    page.add(Shape::Line { points, width, colour, opacity });
}

/// Metres as a grid, walls with their materials; in the free field rings around the listener.
fn floor(page: &mut Page, view: &View, size: Option<[f64; 3]>, scene: &Scene, labels: &mut Labels) {
    let (x0, y0) = view.origin;
    let (w, h) = (view.span.1 * view.unit, view.span.0 * view.unit);
    let Some([x, y, _]) = size else {
        let middle = scene.listener_pose().position;
        let step = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0].into_iter().find(|s| view.span.0 / s < 12.0);
        let step = step.unwrap_or(5000.0);
        let most = (view.span.0.hypot(view.span.1) / step) as usize;
        for i in 1..=most {
            let radius = step * i as f64;
            let on_page = |p: &(f64, f64)| (x0..=x0 + w).contains(&p.0) && (y0..=y0 + h).contains(&p.1);
            let ring = circle(view.at(middle), radius * view.unit);
            for piece in ring.split(|p| !on_page(p)).filter(|p| p.len() > 1) {
                line(page, piece.to_vec(), 1.0, FAINT, 1.0);
            }
            let label = view.at(middle + Vec3::new(-radius, 0.0, 0.0));
            if on_page(&label) {
                page.text((label.0, label.1 - 4.0), 10.0, Anchor::Middle, GREY, format!("{radius} m"));
            }
        }
        return;
    };
    let step = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0].into_iter().find(|s| x.max(y) / s <= 16.0).unwrap_or(200.0);
    for i in 1..=(x / step).floor() as usize {
        let at = y0 + h - i as f64 * step * view.unit;
        line(page, vec![(x0, at), (x0 + w, at)], 1.0, FAINT, 1.0);
    }
    for i in 1..=(y / step).floor() as usize {
        let at = x0 + w - i as f64 * step * view.unit;
        line(page, vec![(at, y0), (at, y0 + h)], 1.0, FAINT, 1.0);
    }
    let corners = vec![(x0, y0), (x0 + w, y0), (x0 + w, y0 + h), (x0, y0 + h), (x0, y0)];
    line(page, corners, 4.0, INK, 1.0);
    for (wall, at, upright) in [
        (Wall::Front, (x0 + 0.5 * w, y0 - 10.0), false),
        (Wall::Back, (x0 + 0.5 * w, y0 + h + 19.0), false),
        (Wall::Left, (x0 - 11.0, y0 + 0.5 * h), true),
        (Wall::Right, (x0 + w + 19.0, y0 + 0.5 * h), true),
    ] {
        let text = format!("{}: {}", wall.name(), material(scene, wall));
        let room = if upright { h } else { w.max(300.0) };
        let text = shorten(&text, room / 5.6);
        let anchor = Anchor::Middle;
        page.add(Shape::Text { at, size: SMALL, anchor, upright, bold: false, colour: GREY, text });
    }
    labels.walls = Some([x0, y0, w, h]);
}

/// What a wall is made of.
fn material(scene: &Scene, wall: Wall) -> String {
    let Some(room) = &scene.room else { return String::new() };
    if let Some(preset) = room.preset {
        return preset.wall(wall);
    }
    let own = room.materials[wall as usize].or(room.material);
    own.map_or_else(|| "as t60 asks".to_string(), |s| s.label())
}

fn shorten(text: &str, most: f64) -> String {
    let most = most.max(8.0) as usize;
    if text.chars().count() <= most {
        text.to_string()
    } else {
        text.chars().take(most - 3).collect::<String>() + "..."
    }
}

fn circle((x, y): (f64, f64), radius: f64) -> Vec<(f64, f64)> {
    (0..=72)
        .map(|i| (f64::from(i) * 5.0).to_radians().sin_cos())
        .map(|(s, c)| (x + radius * c, y + radius * s))
        .collect()
}

/// The four first reflections that can be seen from above.
#[allow(clippy::too_many_arguments)] // One place draws them; a struct would only rename the list.
fn rays(
    page: &mut Page,
    view: &View,
    size: [f64; 3],
    source: Vec3,
    ears: Vec3,
    scene: &Scene,
    colour: Rgb,
    delays: bool,
    labels: &mut Labels,
) {
    line(page, vec![view.at(source), view.at(ears)], 1.6, colour, 0.75);
    let direct = (source - ears).norm();
    for (wall, at) in [(Wall::Front, size[0]), (Wall::Back, 0.0), (Wall::Left, size[1]), (Wall::Right, 0.0)] {
        if material(scene, wall) == "open" {
            continue;
        }
        let along_x = matches!(wall, Wall::Front | Wall::Back);
        let mirror =
            |p: Vec3| if along_x { Vec3::new(2.0 * at - p.x, p.y, p.z) } else { Vec3::new(p.x, 2.0 * at - p.y, p.z) };
        let image = mirror(source);
        let (from, to) = if along_x { (ears.x, image.x) } else { (ears.y, image.y) };
        if (to - from).abs() < 1e-9 {
            continue;
        }
        let hit = ears.lerp(image, (at - from) / (to - from));
        line(page, vec![view.at(source), view.at(hit), view.at(ears)], 0.9, colour, 0.4);
        page.add(Shape::Dots { points: vec![view.at(hit)], radius: 2.0, colour });
        if delays {
            let late = ((image - ears).norm() - direct) / scene.speed_of_sound * 1e3;
            labels.put(page, view.at(hit), 4.0, &format!("+{late:.1} ms"), colour, false);
        }
    }
}

/// A way with arrowheads.
fn track(page: &mut Page, view: &View, points: &[Vec3], colour: Rgb, labels: &mut Labels) {
    let points: Vec<(f64, f64)> = points.iter().map(|p| view.at(*p)).collect();
    if points.windows(2).all(|p| p[0] == p[1]) {
        return;
    }
    line(page, points.clone(), 2.2, colour, 1.0);
    for pair in points.windows(2) {
        // Names stay off the way.
        (1..=8).for_each(|i| {
            let part = f64::from(i) / 8.0;
            labels.keep((pair[0].0 + (pair[1].0 - pair[0].0) * part, pair[0].1 + (pair[1].1 - pair[0].1) * part), 4.0);
        });
    }
    let mut since = 0.0;
    for (i, pair) in points.windows(2).enumerate() {
        let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
        let length = dx.hypot(dy);
        since += length;
        let last = i + 2 == points.len();
        // Arcs have many short pieces: an arrow now and then is enough.
        if length < 1e-6 || (since < 90.0 && !last) {
            continue;
        }
        since = 0.0;
        let part = if last { 1.0 } else { 0.55 };
        let tip = (pair[0].0 + part * dx, pair[0].1 + part * dy);
        let (ux, uy) = (dx / length, dy / length);
        let barb = |side: f64| (tip.0 - 10.0 * ux - side * 4.6 * uy, tip.1 - 10.0 * uy + side * 4.6 * ux);
        line(page, vec![barb(1.0), tip, barb(-1.0)], 2.2, colour, 1.0);
    }
}

/// The times of keys beside them.
fn times(page: &mut Page, view: &View, objects: &[Object], scene: &Scene, labels: &mut Labels) {
    for (i, (o, s)) in objects.iter().zip(&scene.sources).enumerate() {
        let keys: Vec<f64> = match &s.place {
            Place::Path(keys) => keys.iter().map(|k| k.t).collect(),
            Place::PolarPath(keys) => keys.iter().map(|k| k.t).collect(),
            _ => continue,
        };
        let first = scene.listener_pose();
        for t in keys.into_iter().take(40) {
            let p = o.motion.at(t);
            let at = view.at(if o.head_locked { first.position + first.orientation.rotate(p) } else { p });
            page.add(Shape::Dots { points: vec![at], radius: 2.8, colour: colour(i) });
            labels.put(page, at, 7.0, &format!("{t} s"), colour(i), false);
        }
    }
    let mut before = None;
    for key in scene.listener.path.iter().filter(|k| k.position.is_some()).take(40) {
        if let Some(p) = key.position
            && before != Some(p)
        {
            labels.put(page, view.at(p), 18.0, &format!("{} s", key.t), INK, false);
            before = Some(p);
        }
    }
}

/// How a source sends its sound, as an outline.
fn pattern(page: &mut Page, view: &View, o: &Object, at: Vec3, colour: Rgb) {
    if o.directivity == Directivity::Omni {
        return;
    }
    let (x, y) = view.at(at);
    let (yaw, _, _) = o.facing.rotate(Vec3::new(1.0, 0.0, 0.0)).to_polar();
    let outline = (0..=72).map(|i| {
        let angle = f64::from(i) * 5.0;
        let radius = 26.0 * o.directivity.gain(angle.to_radians().cos()).abs();
        let (s, c) = (yaw + angle).to_radians().sin_cos();
        (x - radius * s, y - radius * c)
    });
    line(page, outline.collect(), 1.2, colour, 0.7);
}

/// The head with its nose and ears, and how it is turned at the path's keys.
fn head_shape(page: &mut Page, view: &View, head: &HeadMotion, first: Pose) {
    let nose = |pose: &Pose, length: f64| {
        let v = pose.orientation.rotate(Vec3::new(1.0, 0.0, 0.0));
        let (x, y) = view.at(pose.position);
        let n = v.x.hypot(v.y).max(1e-6);
        ((x, y), (x - v.y / n * length, y - v.x / n * length))
    };
    if let HeadMotion::Path(path) = head {
        for key in path.keys().iter().take(40) {
            let (at, to) = nose(&key.value, 30.0);
            line(page, vec![at, to], 1.2, INK, 0.45);
        }
    }
    let (at, tip) = nose(&first, 17.0);
    let (dx, dy) = ((tip.0 - at.0) / 17.0, (tip.1 - at.1) / 17.0);
    let side =
        |s: f64, forward: f64, out: f64| (at.0 + forward * dx - s * out * dy, at.1 + forward * dy + s * out * dx);
    line(page, vec![side(1.0, 9.0, 4.5), tip, side(-1.0, 9.0, 4.5)], 2.4, INK, 1.0);
    for s in [1.0, -1.0] {
        line(page, vec![side(s, 3.0, 11.5), side(s, -3.0, 11.5)], 4.0, INK, 1.0);
    }
    page.add(Shape::Dots { points: vec![at], radius: 10.5, colour: INK });
    page.add(Shape::Dots { points: vec![at], radius: 8.3, colour: Rgb([255; 3]) });
}

/// What sounds, beside the plan.
fn list(page: &mut Page, scene: &Scene, objects: &[Object], first: Pose) {
    let mut y = 122.0;
    page.heading((LIST, y), 13.5, "sources");
    let most = 13;
    for (i, (o, s)) in objects.iter().zip(&scene.sources).enumerate().take(most) {
        y += 24.0;
        page.add(Shape::Dots { points: vec![(LIST + 6.0, y - 4.0)], radius: 5.0, colour: colour(i) });
        page.text((LIST + 19.0, y), 12.0, Anchor::Start, INK, shorten(&o.id, 40.0));
        y += 15.0;
        let p = o.motion.at(0.0);
        let from_head = if o.head_locked { p } else { first.relative(p) };
        let (azimuth, elevation, distance) = from_head.to_polar();
        let mut text = format!("{distance:.1} m at {azimuth:.0}°");
        if elevation.abs() >= 0.5 {
            text += &format!(", {:.0}° {}", elevation.abs(), if elevation > 0.0 { "up" } else { "down" });
        }
        if s.gain_db != 0.0 {
            text += &format!(", {} dB", s.gain_db);
        }
        if !matches!(o.motion, Motion::Still(_)) {
            text += ", moving";
        }
        if o.head_locked {
            text += ", head-locked";
        }
        if o.directivity != Directivity::Omni {
            text += &format!(", {}", o.directivity.name());
        }
        page.text(
            (LIST + 19.0, y),
            SMALL,
            Anchor::Start,
            GREY,
            shorten(&text.replace('-', "−").replace("head−", "head-"), 48.0),
        );
    }
    if objects.len() > most {
        y += 20.0;
        page.text((LIST + 19.0, y), SMALL, Anchor::Start, GREY, format!("and {} more", objects.len() - most));
    }
    for bed in scene.beds.iter().take(3) {
        y += 26.0;
        let layout = bed.layout.map_or("as the file says", |l| l.name());
        page.text((LIST, y), 12.0, Anchor::Start, INK, shorten(&format!("bed {} ({layout})", bed.file), 46.0));
    }
    y += 36.0;
    if let Some(RoomChoice::Shoebox(room)) = scene.room_choice() {
        page.heading((LIST, y), 13.5, "room");
        let [a, b, c] = room.size;
        let mut lines = vec![format!("{a} × {b} × {c} m")];
        for wall in [Wall::Floor, Wall::Ceiling] {
            lines.push(shorten(&format!("{}: {}", wall.name(), material(scene, wall)), 50.0));
        }
        lines.push(format!(
            "reflections up to order {}{}",
            room.reflection_order,
            if room.late { ", late field" } else { "" }
        ));
        for text in lines {
            y += 17.0;
            page.text((LIST, y), SMALL, Anchor::Start, GREY, text);
        }
        y += 17.0;
        page.text((LIST, y), SMALL, Anchor::Start, GREY, "thin lines: first reflections at the four walls");
    }
}

/// A bar of a round number of metres, below the plan.
fn scale(page: &mut Page, view: &View) {
    let metres = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0, 1000.0];
    let metres = metres.into_iter().find(|m| m * view.unit >= 75.0).unwrap_or(5000.0);
    let (x, y, w) = (PLAN[0], 782.0, metres * view.unit);
    line(page, vec![(x, y - 4.0), (x, y + 4.0)], 1.6, INK, 1.0);
    line(page, vec![(x + w, y - 4.0), (x + w, y + 4.0)], 1.6, INK, 1.0);
    line(page, vec![(x, y), (x + w, y)], 1.6, INK, 1.0);
    page.text((x + w + 9.0, y + 4.0), SMALL, Anchor::Start, INK, format!("{metres} m"));
}

/// Texts beside points, put where they cover nothing that is there already.
#[derive(Default)]
struct Labels {
    boxes: Vec<[f64; 4]>,
    walls: Option<[f64; 4]>,
}

impl Labels {
    /// Keeps a round place free.
    fn keep(&mut self, (x, y): (f64, f64), radius: f64) {
        self.boxes.push([x - radius, y - radius, x + radius, y + radius]);
    }

    fn put(&mut self, page: &mut Page, (x, y): (f64, f64), gap: f64, text: &str, colour: Rgb, bold: bool) {
        let size = if bold { 12.0 } else { 10.0 };
        let w = 0.56 * size * text.chars().count() as f64;
        let h = size;
        let places =
            [(1.0, 0.0), (-1.0, 0.0), (0.0, -1.0), (0.0, 1.0), (0.8, -1.0), (-0.8, -1.0), (0.8, 1.0), (-0.8, 1.0)];
        let at = |(dx, dy): (f64, f64), far: f64| {
            let middle = (x + dx * (gap * far + 0.5 * w), y + dy * (gap * far + 0.5 * h));
            [middle.0 - 0.5 * w, middle.1 - 0.5 * h, middle.0 + 0.5 * w, middle.1 + 0.5 * h]
        };
        let meets = |a: &[f64; 4], b: &[f64; 4]| a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
        let inside = |b: &[f64; 4]| {
            self.walls
                .is_none_or(|[l, t, w, h]| b[0] > l + 3.0 && b[1] > t + 3.0 && b[2] < l + w - 3.0 && b[3] < t + h - 3.0)
        };
        let tries = [1.0, 2.0, 3.2].into_iter().flat_map(|far| places.map(|p| at(p, far)));
        let found = tries.filter(|b| inside(b)).find(|b| !self.boxes.iter().any(|o| meets(b, o)));
        // Where there is no room, a name is more important than what it covers; a time or delay is not.
        let Some(b) = found.or(bold.then(|| at(places[0], 1.0))) else { return };
        self.boxes.push(b);
        // A white ground keeps it legible where lines pass.
        let y = 0.5 * (b[1] + b[3]);
        line(page, vec![(b[0] + 0.4 * h, y), (b[2] - 0.4 * h, y)], 1.15 * h, Rgb([255; 3]), 0.8);
        page.add(Shape::Text {
            at: (0.5 * (b[0] + b[2]), b[3] - 0.17 * size),
            size,
            anchor: Anchor::Middle,
            upright: false,
            bold,
            colour,
            text: text.to_string(),
        });
    }
}
