//! The impulse response from a source to a listener: the direct sound, the room's images, and its late field.
//!
//! Images are exact ([`Shoebox`]). By default they go on until the field has fallen so far that nothing of its decay is
//! left to measure ([`Reverberation::Images`]): a room's figures depend on where one stands, and only its images know.
//! [`Reverberation::Network`] is the response as it is rendered.
//!
//! The late field is the very network that the engine runs ([`Late`]): the images of the last order feed its lines as they arrive, and every line is a plane wave from its own direction ([`DIRECTIONS`]). A room
//! without images (order 0) feeds all lines with what the source sends in all directions together. So the response of a
//! sound field's channel 0 is that of an omnidirectional microphone, bit for bit, and what two ears hear is the engine's
//! own business ([`crate::render`]).

use super::decay::{Decay, EVERYWHERE, reflection, time_of_fall};
use super::late::{DIRECTIONS, LINES, Late};
use super::response::{MOST_FRAMES, Shoebox};
use super::{BANDS, Bands, Room};
use crate::ambisonics::{channels, encode};
use crate::coords::{Pose, Vec3};
use crate::dsp::denormals::FlushDenormals;
use crate::error::{Error, Result};
use crate::spatializer::Beam;
use std::f64::consts::SQRT_2;

/// The highest order of a sound field.
pub const MOST_FIELD_ORDER: usize = 7;

/// Samples of all channels together at most: 512 MB.
const MOST_SAMPLES: usize = 1 << 27;

/// Frames of the late field computed at once.
const BLOCK: usize = 4096;

/// The shortest response that [`Transmission::frames`] asks for, seconds.
const SHORTEST_S: f64 = 0.1;

/// The band filters have rung out after this, seconds: their slowest pole is at 177 Hz.
const FILTERS_S: f64 = 0.04;

/// Decibels by which the mean field has fallen in every band where images end and the network goes on: T30 is measured
/// from -5 to -35 dB.
const HEARD_DB: f64 = 45.0;

/// What images of orders above the room's own do below this is no sound.
const DRIFT_HZ: f64 = 10.0;

/// Images of the highest order that stand for a reverberation: 1.3 million.
const MOST_HEARD_ORDER: usize = 100;

/// What stands for the reverberation after the reflections that a room asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reverberation {
    /// Images of higher orders, exact, until the field has fallen by 45 dB (up to order 100); the network goes on after
    /// them. A room that asks for a reverberation time has the network at once: only the network keeps it.
    #[default]
    Images,
    /// The network after the room's own order, as it is rendered.
    Network,
}

/// One source and one listener, both at rest.
#[derive(Clone, Copy, Debug)]
pub struct Transmission<'a> {
    /// Around both; `None` for the free field.
    pub room: Option<&'a Room>,
    /// Where the source is, metres.
    pub source: Vec3,
    /// Where the listener is and how their head is turned. An omnidirectional receiver has no turn.
    pub head: Pose,
    /// How the source sends in each direction.
    pub beam: Beam,
    /// Linear, of the source.
    pub gain: f64,
    /// The response counts from the moment at which the source sends. Otherwise it counts from the arrival of the direct
    /// sound, which comes in frame 0, exactly; images come later by what their way is longer, and so does the late field
    /// that they feed.
    pub propagation: bool,
    /// Metres a second in the free field; a room has its own.
    pub speed_of_sound: f64,
    /// What stands for the late field of a room that has one.
    pub reverberation: Reverberation,
}

/// Channel gains of a plane wave from a direction, in the room's frame.
type Encode<'a> = &'a dyn Fn(Vec3, &mut [f32]);

impl Transmission<'_> {
    /// Frames until the room has rung out: all images have come and the late field has fallen by 75 dB in its slowest
    /// band. At least a tenth of a second.
    ///
    /// # Errors
    /// `Argument` if a number of the room is out of its range.
    pub fn frames(&self, sample_rate: f64) -> Result<usize> {
        self.room.map_or(Ok(()), Room::check)?;
        let room = match self.room {
            Some(room) if room.late => room.clone(),
            _ => self.medium(),
        };
        let walls = reflection(&room);
        let images = self.shoebox(&room, &walls).frames(sample_rate);
        let late = if room.late {
            let direct = self.distance() / room.speed_of_sound;
            ((direct + 1.25 * Late::new(&room, sample_rate)?.tail_seconds()) * sample_rate) as usize
        } else {
            0
        };
        Ok(images.max(late).max((SHORTEST_S * sample_rate) as usize))
    }

    /// What an omnidirectional microphone hears, as long as `frames`.
    ///
    /// # Errors
    /// As [`Transmission::ambisonic`].
    pub fn omni(&self, sample_rate: f64, frames: usize) -> Result<Vec<f32>> {
        let mut all = self.respond(sample_rate, frames, 1, &|_, gains| gains[0] = 1.0)?;
        Ok(all.pop().unwrap_or_default())
    }

    /// The sound field at the listener, turned with the head: `[(order + 1)²][frames]` in ACN order with SN3D gains.
    ///
    /// # Errors
    /// `Argument` if a number is out of its range, `Limit` if the response would be too long.
    pub fn ambisonic(&self, sample_rate: f64, frames: usize, order: usize) -> Result<Vec<Vec<f32>>> {
        if order > MOST_FIELD_ORDER {
            return Err(Error::argument(format!("a sound field has an order of 0 to {MOST_FIELD_ORDER}, not {order}")));
        }
        let back = self.head.orientation.inverse();
        self.respond(sample_rate, frames, channels(order), &|d, gains| encode(order, back.rotate(d), gains))
    }

    fn distance(&self) -> f64 {
        (self.source - self.head.position).norm()
    }

    /// The order of the images in the response: the room's own, or the last that is heard.
    pub fn order(&self) -> usize {
        self.room.map_or(0, |room| match self.reverberation {
            Reverberation::Images if room.late && room.t60.is_none() => {
                room.reflection_order.max(last_order_heard(room))
            }
            _ => room.reflection_order,
        })
    }

    /// The room with the images that the response has, or one that has nothing but space.
    fn medium(&self) -> Room {
        match self.room {
            Some(room) => Room { reflection_order: self.order(), ..room.clone() },
            None => Room {
                reflection_order: 0,
                air: None,
                late: false,
                speed_of_sound: self.speed_of_sound,
                ..Room::new([1.0; 3], 1.0)
            },
        }
    }

    fn shoebox<'a>(&self, room: &'a Room, walls: &'a [Bands; 6]) -> Shoebox<'a> {
        let lead = if self.propagation { 0.0 } else { self.distance() };
        Shoebox::new(room, walls, self.source, self.head.position).counting_from(lead)
    }

    fn respond(&self, rate: f64, frames: usize, channels: usize, encode: Encode<'_>) -> Result<Vec<Vec<f32>>> {
        check(rate, frames, channels)?;
        self.room.map_or(Ok(()), Room::check)?;
        let room = self.medium();
        let walls = reflection(&room);
        let sent = |direction: Vec3| [self.beam.gain(direction); BANDS];
        let mut shoebox = self.shoebox(&room, &walls);
        if self.beam.everywhere != 1.0 {
            shoebox = shoebox.sending(&sent);
        }
        let own = self.room.map_or(0, |room| room.reflection_order);
        let mut out = shoebox.of_orders(0..=own).response(rate, frames, channels, encode)?;
        if room.reflection_order > own {
            let mut more =
                shoebox.of_orders(own + 1..=room.reflection_order).response(rate, frames, channels, encode)?;
            for (y, x) in out.iter_mut().zip(&mut more) {
                without_drift(x, rate);
                y.iter_mut().zip(x).for_each(|(y, x)| *y += *x);
            }
        }
        if room.late {
            self.add_late(&room, &shoebox, rate, encode, &mut out)?;
        }
        let gain = self.gain as f32;
        out.iter_mut().flatten().for_each(|x| *x *= gain);
        Ok(out)
    }

    /// Adds the late field to `out`.
    fn add_late(
        &self,
        room: &Room,
        shoebox: &Shoebox<'_>,
        rate: f64,
        encode: Encode<'_>,
        out: &mut [Vec<f32>],
    ) -> Result<()> {
        let _flush = FlushDenormals::new();
        let frames = out.first().map_or(0, Vec::len);
        let mut late = Late::new(room, rate)?;
        let feeds = if room.reflection_order == 0 {
            let mut impulse = vec![0.0; frames.min(1)];
            impulse.fill(self.beam.power().sqrt() as f32);
            vec![impulse; LINES]
        } else {
            let last = shoebox.of_orders(room.reflection_order..=room.reflection_order);
            let fed = (last.frames(rate) + (FILTERS_S * rate) as usize).min(frames);
            last.response(rate, fed, LINES, |direction, gains| {
                gains.fill(0.0);
                late.design().feed(direction).into_iter().for_each(|(line, gain)| gains[line] += gain);
            })?
        };
        let gains: Vec<Vec<f32>> = DIRECTIONS
            .iter()
            .map(|d| {
                let mut gains = vec![0.0; out.len()];
                encode(*d, &mut gains);
                gains
            })
            .collect();
        let (mut inputs, mut waves) = (vec![[0.0f32; BLOCK]; LINES], vec![[0.0f32; BLOCK]; LINES]);
        for from in (0..frames).step_by(BLOCK) {
            let n = BLOCK.min(frames - from);
            for (input, feed) in inputs.iter_mut().zip(&feeds) {
                let part = feed.get(from..).unwrap_or(&[]);
                let len = part.len().min(n);
                input[..len].copy_from_slice(&part[..len]);
                input[len..].fill(0.0);
            }
            let mut planes = waves.iter_mut();
            late.process(
                &std::array::from_fn(|l| &inputs[l][..n]),
                &mut std::array::from_fn(|_| planes.next().map_or(&mut [][..], |w| &mut w[..n])),
            );
            for (wave, gains) in waves.iter().zip(&gains) {
                for (channel, gain) in out.iter_mut().zip(gains) {
                    channel[from..from + n].iter_mut().zip(wave).for_each(|(y, x)| *y += gain * x);
                }
            }
        }
        Ok(())
    }
}

/// The order after which the images of a room that has passed [`Room::check`] no longer matter.
fn last_order_heard(room: &Room) -> usize {
    let decay = Decay::new(room);
    let fallen = (0..BANDS).map(|b| time_of_fall(&decay.terms(b, EVERYWHERE), HEARD_DB)).fold(0.0, f64::max);
    // In the direction where a metre crosses most walls.
    let walls = room.size.iter().map(|l| l.powi(-2)).sum::<f64>().sqrt();
    ((fallen * room.speed_of_sound * walls).ceil() as usize).min(MOST_HEARD_ORDER)
}

/// Takes away what is below [`DRIFT_HZ`], with a Butterworth filter of second order. Images of walls that reflect in phase
/// are all positive, and so many of them add up to a pressure that stays, which no real room has (Allen and Berkley 1979,
/// section II).
fn without_drift(x: &mut [f32], rate: f64) {
    let w = (std::f64::consts::PI * DRIFT_HZ / rate).tan();
    let (a0, a1, a2) = (1.0 + SQRT_2 * w + w * w, 2.0 * (w * w - 1.0), 1.0 - SQRT_2 * w + w * w);
    let (mut one, mut two) = (0.0, 0.0);
    for x in x {
        let inner = f64::from(*x) - (a1 * one + a2 * two) / a0;
        *x = ((inner - 2.0 * one + two) / a0) as f32;
        (one, two) = (inner, one);
    }
}

/// Says whether a response may be so long.
///
/// # Errors
/// `Limit` if not; the hint says how long it may be.
pub fn check(sample_rate: f64, frames: usize, channels: usize) -> Result<()> {
    let most = MOST_FRAMES.min(MOST_SAMPLES / channels.max(1));
    if frames <= most {
        return Ok(());
    }
    let seconds = |n: usize| n as f64 / sample_rate;
    let message = format!(
        "a response of {:.1} s at {sample_rate} Hz in {channels} channel{} is too long",
        seconds(frames),
        if channels == 1 { "" } else { "s" }
    );
    Err(Error::limit(message).hint(format!("it may have {:.1} s at most", seconds(most).floor())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coords::Rotation;
    use crate::room::measures::BandPass;

    const RATE: f64 = 48_000.0;

    fn between<'a>(room: Option<&'a Room>) -> Transmission<'a> {
        Transmission {
            room,
            source: Vec3::new(4.5, 3.1, 1.4),
            head: Pose {
                position: Vec3::new(2.0, 2.2, 1.6),
                orientation: Rotation::from_yaw_pitch_roll(30.0, 10.0, 5.0),
            },
            beam: Beam::OMNI,
            gain: 1.0,
            propagation: true,
            speed_of_sound: 343.0,
            reverberation: Reverberation::Network,
        }
    }

    fn room() -> Room {
        Room::new([6.0, 5.0, 3.0], 0.3)
    }

    fn energy(x: &[f32]) -> f64 {
        x.iter().map(|x| f64::from(*x).powi(2)).sum()
    }

    #[test]
    fn the_first_channel_of_a_sound_field_is_the_omnidirectional_response() {
        let room = room();
        let t = between(Some(&room));
        let omni = t.omni(RATE, 24_000).unwrap();
        for order in [0, 1, 3] {
            let field = t.ambisonic(RATE, 24_000, order).unwrap();
            assert_eq!(field.len(), channels(order));
            assert!(field[0] == omni);
        }
        assert!(energy(&omni[12_000..]) > 0.0);
    }

    #[test]
    fn the_direct_sound_comes_from_where_the_source_is_to_the_head() {
        let t = Transmission { propagation: false, ..between(None) };
        let field = t.ambisonic(RATE, 100, 1).unwrap();
        let d = t.head.relative(t.source);
        let (at, far) = (d.direction(), d.norm());
        for (channel, want) in field.iter().zip([1.0, at.y, at.z, at.x]) {
            assert!((f64::from(channel[0]) - want / far).abs() < 1e-6);
            assert!(channel[1..].iter().all(|x| *x == 0.0));
        }
    }

    #[test]
    fn without_propagation_the_same_response_begins_with_the_direct_sound() {
        // A source so far that its delay is a whole number of frames: nothing but a shift is left.
        let room = room();
        let metres = 400.0 * 343.0 / RATE;
        let mut t = between(Some(&room));
        t.source = t.head.position + Vec3::new(metres, 0.0, 0.0);
        let with = t.omni(RATE, 24_400).unwrap();
        t.propagation = false;
        let without = t.omni(RATE, 24_000).unwrap();
        let difference: Vec<f32> = with[400..].iter().zip(&without).map(|(a, b)| a - b).collect();
        let db = 10.0 * (energy(&difference) / energy(&without)).log10();
        assert!(db < -70.0, "{db:.1} dB");
        assert_eq!(without.iter().position(|x| x.abs() > 0.1), Some(0));
    }

    #[test]
    fn the_late_field_goes_on_as_the_images_would() {
        // Mean over places of the energy after 60 ms, third order and late field against images alone, in a band where
        // images interfere at random: walls that reflect in phase add images up at the lowest frequencies.
        let mut room = Room { air: None, ..room() };
        let band = BandPass::fraction(2000.0, 1.0, RATE).unwrap();
        let places: Vec<(Vec3, Vec3)> = (0..12)
            .map(|i| {
                let part = |k: f64| (f64::from(i) * k + 0.37).fract() * 0.7 + 0.15;
                (
                    Vec3::new(6.0 * part(0.618), 5.0 * part(0.755), 3.0 * part(0.57)),
                    Vec3::new(6.0 * part(0.414), 5.0 * part(0.236), 3.0 * part(0.732)),
                )
            })
            .collect();
        let mut mean = |order: usize, late: bool| -> f64 {
            (room.reflection_order, room.late) = (order, late);
            let one = |(source, listener): &(Vec3, Vec3)| {
                let head = Pose { position: *listener, ..Pose::default() };
                let t = Transmission { source: *source, head, ..between(Some(&room)) };
                let mut x: Vec<f64> = t.omni(RATE, 14_400).unwrap()[2880..].iter().map(|x| f64::from(*x)).collect();
                band.run(&mut x);
                x.iter().map(|x| x * x).sum::<f64>()
            };
            places.iter().map(one).sum()
        };
        let want = mean(40, false);
        for order in [0, 1, 2, 3, 5] {
            let db = 10.0 * (mean(order, true) / want).log10();
            assert!(db.abs() < 1.0, "order {order}: {db:+.2} dB");
        }
    }

    #[test]
    fn a_directed_source_sends_less_into_the_room() {
        let room = Room { reflection_order: 0, ..room() };
        let omni = between(Some(&room));
        let facing = (omni.head.position - omni.source).direction();
        let cardioid = Transmission { beam: Beam { everywhere: 0.5, facing }, ..omni };
        let (a, b) = (omni.omni(RATE, 14_400).unwrap(), cardioid.omni(RATE, 14_400).unwrap());
        // A third of the power in the late field.
        let ratio = energy(&b[2880..]) / energy(&a[2880..]);
        assert!((ratio - 1.0 / 3.0).abs() < 1e-3, "{ratio}");
        // The direct sound, on the axis, is the same.
        let dry = Room { late: false, ..room.clone() };
        let [a, b] = [omni, cardioid].map(|t| Transmission { room: Some(&dry), ..t }.omni(RATE, 14_400).unwrap());
        let difference: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        assert!(energy(&a) > 0.0 && energy(&difference) < 1e-8 * energy(&a));
    }

    #[test]
    fn what_is_too_long_is_refused_with_how_long_it_may_be() {
        let e = between(None).omni(RATE, 1 << 24).unwrap_err();
        assert!(e.hints()[0].contains("174"), "{e} {:?}", e.hints());
        assert!(between(None).ambisonic(RATE, 100, 8).is_err());
    }
}
