//! The delay lines: where each sounds from and how long it is.

use crate::coords::Vec3;
use crate::room::Room;
use crate::room::decay::{Cells, Decay, LONGEST_T60};

/// Lines of the network, each a plane wave from a direction of its own.
pub const LINES: usize = 24;

/// Lines that feed each other: those of one axis of the room.
pub const GROUP: usize = 8;

/// Axes, each with a group of lines.
pub(super) const GROUPS: usize = LINES / GROUP;

/// Half a group: the lines of directions that decay slowly, and those of directions that decay fast.
pub(super) const HALF: usize = GROUP / 2;

/// The shortest line, samples: what the network works on at once is no longer.
pub(super) const SHORTEST: usize = 17;

/// Lengths of a group span this much of its mean free path.
const SPREAD: (f64, f64) = (0.5, 1.8);

/// Modes a hertz for each second of decay, so that none stands out (Jot and Chaigne, AES 90th convention, 1991).
const MODES: f64 = 0.15;

/// Lines are lengthened this much at most to have them: a longer first pass would be heard as a gap.
const LONGEST_STRETCH: f64 = 3.0;

const A: f64 = 0.866_246_818_107_820_6;
const B: f64 = 0.422_518_653_761_111_5;
const C: f64 = 0.266_635_401_516_704_7;

/// Where the lines sound from, in the room's frame (not the head's): 24 points that form a spherical 7-design, so that
/// lines of equal power are a diffuse field for a sound field of third order. The first eight lie close to the x axis, the
/// next to y, the last to z.
///
/// Source: McLaren's improved snub cube; Hardin and Sloane, Discrete Comput. Geom. 15, 1996, pp. 429–441.
pub const DIRECTIONS: [Vec3; LINES] = directions();

const fn directions() -> [Vec3; LINES] {
    // The rotations of a cube that keep its orientation: even permutations with an even number of minus signs, odd ones
    // with an odd number. In each group the even ones come first; either half is
    // balanced between front and back.
    const EVEN: [[f64; 3]; 4] = [[1.0, 1.0, 1.0], [-1.0, -1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0]];
    const ODD: [[f64; 3]; 4] = [[-1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [-1.0, -1.0, -1.0], [1.0, 1.0, -1.0]];
    let mut all = [Vec3::new(0.0, 0.0, 0.0); LINES];
    let (even, odd) = ([[A, B, C], [C, A, B], [B, C, A]], [[A, C, B], [B, A, C], [C, B, A]]);
    let mut g = 0;
    while g < GROUPS {
        let mut i = 0;
        while i < 4 {
            let (e, o) = (EVEN[i], ODD[i]);
            all[g * GROUP + i] = Vec3::new(even[g][0] * e[0], even[g][1] * e[1], even[g][2] * e[2]);
            all[g * GROUP + HALF + i] = Vec3::new(odd[g][0] * o[0], odd[g][1] * o[1], odd[g][2] * o[2]);
            i += 1;
        }
        g += 1;
    }
    all
}

/// The two lines for a sound from `direction`, the closest of the slow and the closest of the fast half of its axis's
/// group, and the gain for each; their powers add up to 1.
pub(super) fn feed(cells: &Cells, direction: Vec3) -> [(usize, f32); 2] {
    let (axis, slow) = cells.of(direction);
    [(axis * GROUP, slow), (axis * GROUP + HALF, 1.0 - slow)].map(|(first, power)| {
        let line = (first..first + HALF).fold(first, |best, i| {
            if direction.dot(DIRECTIONS[i]) > direction.dot(DIRECTIONS[best]) { i } else { best }
        });
        (line, power.sqrt() as f32)
    })
}

/// Lengths in samples: primes around each axis's mean free path, evenly spread in their logarithm, all different.
pub(super) fn lengths(room: &Room, decay: &Decay, t60: f64, sample_rate: f64) -> [usize; LINES] {
    let paths: [f64; GROUPS] = std::array::from_fn(|axis| decay.free_path(3 << (2 * axis)) / room.speed_of_sound);
    let all = paths.iter().sum::<f64>() * GROUP as f64;
    let stretch = (MODES * t60.min(LONGEST_T60) / all).clamp(1.0, LONGEST_STRETCH);
    let mut used = [0; LINES];
    // Neighbours in direction are not neighbours in length.
    const TURN: [usize; GROUP] = [0, 5, 2, 7, 4, 1, 6, 3];
    for i in 0..LINES {
        let (axis, place) = (i / GROUP, TURN[i % GROUP] as f64);
        let part = (place + (axis as f64 + 0.5) / GROUPS as f64) / GROUP as f64;
        let seconds = paths[axis] * stretch * SPREAD.0 * (SPREAD.1 / SPREAD.0).powf(part);
        let mut n = ((seconds * sample_rate) as usize).clamp(SHORTEST, 1 << 20) | 1;
        while !is_prime(n) || used[..i].contains(&n) {
            n += 2;
        }
        used[i] = n;
    }
    used
}

fn is_prime(n: usize) -> bool {
    n > 2 && n % 2 == 1 && (3..).step_by(2).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directions_are_a_spherical_7_design() {
        // Legendre polynomials of all angles between points add up to nothing (Delsarte, Goethals and Seidel 1977).
        for degree in 1..=8 {
            let mut sum = 0.0;
            for p in DIRECTIONS {
                for q in DIRECTIONS {
                    let (x, mut before, mut now) = (p.dot(q), 1.0, p.dot(q));
                    for n in 1..degree {
                        let n = f64::from(n);
                        (before, now) = (now, ((2.0 * n + 1.0) * x * now - n * before) / (n + 1.0));
                    }
                    sum += now;
                }
            }
            assert_eq!(degree < 8, (sum / 576.0).abs() < 1e-9, "degree {degree}: {sum}");
        }
    }

    #[test]
    fn lengths_are_distinct_primes_in_rooms_of_any_size() {
        for size in [[0.5, 0.5, 0.5], [2.5, 1.5, 1.2], [6.0, 5.0, 3.0], [60.0, 30.0, 25.0], [1000.0; 3]] {
            for rate in [8000.0, 48_000.0, 192_000.0] {
                let room = Room::new(size, 0.1);
                let all = lengths(&room, &Decay::new(&room), 2.0, rate);
                let mut sorted = all;
                sorted.sort_unstable();
                assert!(sorted.windows(2).all(|w| w[0] < w[1]) && all.iter().all(|n| is_prime(*n)), "{all:?}");
            }
        }
    }
}
