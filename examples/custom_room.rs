//! How is a room made of one's own walls, and changed while it sounds? A clap in a chapel of stone, then with curtains.
//!
//! `cargo run --release --example custom_room`

use periphon::room::{Bands, Room, Wall, material};
use periphon::{Engine, Error, Pose, Result, SourceSpec, Vec3, hrtf};

const RATE: f64 = 48_000.0;

fn stone() -> Result<Room> {
    let of = |name: &str| -> Result<Bands> {
        Ok(material::find(name).ok_or_else(|| Error::argument(format!("there is no '{name}'")))?.absorption)
    };
    let mut room = Room::new([14.0, 9.0, 8.0], 0.0).with_wall(Wall::Floor, of("parquet")?);
    for wall in Wall::ALL.into_iter().filter(|wall| *wall != Wall::Floor) {
        room = room.with_wall(wall, of("limestone")?);
    }
    Ok(room)
}

/// The energy of two claps, one in each room, every 0.1 s for 2 s after them, in dB under the clap itself.
pub fn claps() -> Result<[Vec<f64>; 2]> {
    let head = hrtf::open("ku100", RATE)?;
    let chapel = stone()?;
    let curtain = material::find("curtain-heavy").map_or([0.5; 7], |m| m.absorption);
    let draped = chapel.clone().with_wall(Wall::Left, curtain).with_wall(Wall::Right, curtain);
    let listener = Pose::at(Vec3::new(6.0, 4.0, 1.7));
    let (mut engine, mut control) = Engine::builder(&head).max_sources(1).room(&chapel).listener(listener).build()?;
    control.add(SourceSpec::still(Vec3::new(9.0, 5.0, 1.5)))?;

    let mut clap = |room: Option<&Room>| -> Result<Vec<f64>> {
        if let Some(room) = room {
            // By a cross-fade: nothing clicks, and what still rings rings out.
            control.set_room(Some(room), 0.05)?;
            engine.process(&[], &mut vec![0.0; 96_000], &mut vec![0.0; 96_000]);
        }
        let tenths = (0..20).map(|tenth| {
            let (mut left, mut right) = ([0.0; 4800], [0.0; 4800]);
            let clap: &[f32] = if tenth == 0 { &[1.0] } else { &[] };
            engine.process(&[clap], &mut left, &mut right);
            left.iter().chain(&right).map(|x| f64::from(*x).powi(2)).sum::<f64>()
        });
        let tenths: Vec<f64> = tenths.collect();
        Ok(tenths.iter().map(|energy| 10.0 * (energy / tenths[0]).log10()).collect())
    };
    Ok([clap(None)?, clap(Some(&draped))?])
}

#[allow(dead_code, reason = "a test calls the function above")]
fn main() -> Result<()> {
    let [stone, draped] = claps()?;
    println!("after the clap: stone, with curtains");
    for (i, (stone, draped)) in stone.iter().zip(draped).enumerate() {
        println!("{:.1} s   {stone:6.1} dB   {draped:6.1} dB", 0.1 * i as f64);
    }
    Ok(())
}
