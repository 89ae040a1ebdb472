//! How do several people listen in one room? Each has an engine; the head, what is made of it, and the room are shared.
//!
//! `cargo run --release --example several_listeners`

use periphon::room::preset;
use periphon::{Control, Engine, Motion, Pose, Result, Rotation, SourceId, SourceSpec, Vec3, hrtf};

const RATE: f64 = 48_000.0;
const BLOCK: usize = 256;

/// One of them: a server would have a thread for each.
struct Listener {
    engine: Engine,
    control: Control,
    piano: SourceId,
    ears: [Vec<f32>; 2],
}

/// A pianist goes through the club; two friends sit at its sides, facing each other. The energy at their left and right
/// ears in the first and in the last quarter: `[listener][quarter][ear]`.
pub fn evening() -> Result<[[[f64; 2]; 2]; 2]> {
    let head = hrtf::open("ku100", RATE)?;
    let club = preset::find("club").map(|p| p.room()).unwrap_or_else(|| periphon::Room::new([16.0, 11.0, 4.5], 0.2));
    let places = [(Vec3::new(8.0, 2.0, 1.2), 90.0), (Vec3::new(8.0, 9.0, 1.2), -90.0)];
    let mut listeners = Vec::new();
    for (place, yaw) in places {
        // The second engine of a head is built in a fraction of the first one's time.
        let pose = Pose::new(place, Rotation::from_yaw_pitch_roll(yaw, 0.0, 0.0));
        let builder = Engine::builder(&head).max_block(BLOCK).max_sources(8);
        let (engine, mut control) = builder.room(&club).listener(pose).build()?;
        let piano = control.add(SourceSpec::still(Vec3::new(12.0, 5.5, 1.2)))?;
        listeners.push(Listener { engine, control, piano, ears: Default::default() });
    }
    let noise: Vec<f32> =
        (0..BLOCK as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 16) as f32 / 65_536.0 - 0.5).collect();
    for block in 0..400 {
        for Listener { engine, control, piano, ears } in &mut listeners {
            if block == 100 {
                // What happens in the room happens for all.
                control.move_over(*piano, Motion::Still(Vec3::new(4.0, 5.5, 1.2)), 1.0)?;
            }
            let mut inputs = [&[][..]; 8];
            inputs[piano.input()] = &noise;
            let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
            engine.process(&inputs, &mut left, &mut right);
            ears[0].extend(left);
            ears[1].extend(right);
        }
    }
    let energy = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    let quarter = |l: &Listener, q: usize| [0, 1].map(|ear| energy(&l.ears[ear][q * 100 * BLOCK..][..100 * BLOCK]));
    Ok([0, 1].map(|l| [quarter(&listeners[l], 0), quarter(&listeners[l], 3)]))
}

#[allow(dead_code, reason = "a test calls the function above")]
fn main() -> Result<()> {
    for (name, quarters) in ["Ada", "Ben"].iter().zip(evening()?) {
        let side = quarters.map(|[left, right]| if left > right { "left" } else { "right" });
        println!("{name} hears the piano first at the {}, then at the {}", side[0], side[1]);
    }
    Ok(())
}
