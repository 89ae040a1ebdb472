//! Materials by name: measured absorption in octave bands.
//!
//! Coefficients are energy absorbed at random incidence, from two public tables: Vorländer, *Auralization* (Springer
//! 2008), annex, as carried by pyroomacoustics 0.10.1 (MIT), and the room materials of Resonance Audio (Apache-2.0).

use super::Bands;
use super::material_table::MATERIALS;

/// A surface that sound may meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Material {
    /// Its name in scene files: lower-case, with hyphens.
    pub name: &'static str,
    /// Other names that are understood.
    pub aliases: &'static [&'static str],
    /// Part of the energy that is not reflected, 0 to 1, for each octave band.
    pub absorption: Bands,
    /// Where the numbers come from.
    pub source: Source,
    /// What it is, in a few words.
    pub what: &'static str,
}

/// Where a material's numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Vorländer's table, with the entry's name in `materials.json` of pyroomacoustics.
    Vorlander(&'static str),
    /// The table of Resonance Audio, with the entry's name.
    Resonance(&'static str),
    /// No measurement: what the word means.
    Definition,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Vorlander(entry) => write!(f, "Vorländer 2008 ({entry})"),
            Self::Resonance(entry) => write!(f, "Resonance Audio ({entry})"),
            Self::Definition => f.write_str("by definition"),
        }
    }
}

/// Every material, in groups: walls, glass, wood, floors, curtains, seats and people, absorbers, outdoors.
pub fn all() -> &'static [Material] {
    MATERIALS
}

/// The material of that name or alias.
pub fn find(name: &str) -> Option<&'static Material> {
    MATERIALS.iter().find(|m| m.name == name).or_else(|| MATERIALS.iter().find(|m| m.aliases.contains(&name)))
}

/// A surface made of several materials, each with its part of the area. Parts add up to 1.
pub fn mix(parts: &[(f64, &Material)]) -> Bands {
    std::array::from_fn(|b| parts.iter().map(|(share, m)| share * m.absorption[b]).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_name_is_there_once_and_is_plain() {
        let mut seen = HashSet::new();
        for m in all() {
            for name in std::iter::once(&m.name).chain(m.aliases) {
                assert!(seen.insert(*name), "{name} is there twice");
                assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit()), "{name}");
                assert_eq!(find(name).map(|m| m.name), Some(m.name));
            }
        }
        assert!(all().len() >= 60);
        assert!(find("no such thing").is_none());
    }

    #[test]
    fn every_coefficient_is_a_part_of_the_energy() {
        for m in all() {
            assert!(m.absorption.iter().all(|a| (0.0..=1.0).contains(a)), "{}", m.name);
            let by_definition = m.source == Source::Definition;
            assert_eq!(by_definition, m.absorption.iter().all(|a| *a == 0.0 || *a == 1.0), "{}", m.name);
        }
    }

    #[test]
    fn soft_things_absorb_more_than_hard_ones() {
        let mean = |name: &str| find(name).unwrap().absorption.iter().sum::<f64>() / 7.0;
        for hard in ["plaster", "concrete", "marble", "glass", "tile", "brick-painted"] {
            for soft in ["carpet-thick", "curtain", "curtain-heavy", "foam", "audience", "seats-empty"] {
                assert!(mean(hard) < 0.06 && mean(soft) > 0.3, "{hard} {soft}");
            }
        }
    }

    #[test]
    fn a_mixture_is_the_mean_by_area() {
        let [open, rigid] = ["open", "rigid"].map(|n| find(n).unwrap());
        assert_eq!(mix(&[(0.25, open), (0.75, rigid)]), [0.25; 7]);
    }
}
