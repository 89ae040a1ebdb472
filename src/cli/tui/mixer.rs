//! Solo, mute and gain of each source.

use crate::live::SourceView;
use std::collections::BTreeMap;

/// Softest and loudest that a source is set to, dB.
const RANGE_DB: [f64; 2] = [-60.0, 12.0];

/// One source's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Strip {
    pub gain_db: f64,
    pub mute: bool,
    pub solo: bool,
}

/// Those of a track.
#[derive(Clone, Debug, Default)]
struct Desk {
    names: Vec<String>,
    strips: Vec<Strip>,
    /// What the player was told last.
    told: Vec<f64>,
}

impl Desk {
    /// As the player has it, if there is nothing else to go by.
    fn of(sources: &[SourceView]) -> Self {
        let strip = |s: &SourceView| Strip {
            gain_db: if s.gain > 0.0 { 20.0 * s.gain.log10() } else { 0.0 },
            mute: s.gain <= 0.0,
            solo: false,
        };
        Self {
            names: sources.iter().map(|s| s.name.clone()).collect(),
            strips: sources.iter().map(strip).collect(),
            told: sources.iter().map(|s| s.gain).collect(),
        }
    }

    /// True if it is what the player has.
    fn is_of(&self, sources: &[SourceView]) -> bool {
        self.names.iter().eq(sources.iter().map(|s| &s.name))
            && self.told.iter().zip(sources).all(|(told, s)| is_same(*told, s.gain))
    }
}

/// The same but for the rounding on the way to decibels and back.
fn is_same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.max(b)
}

/// Those of all tracks: the player keeps their gains as well when others play.
#[derive(Clone, Debug, Default)]
pub(super) struct Mixer {
    track: usize,
    desks: BTreeMap<usize, Desk>,
}

impl Mixer {
    /// Takes in which track plays and which sources it has. Where the player has other gains than it was told, because
    /// the sources are others now or it could not do it, its gains are those that are heard, and so they are shown.
    pub(super) fn follow(&mut self, track: usize, sources: &[SourceView]) {
        self.track = track;
        let desk = self.desks.entry(track).or_default();
        if !desk.is_of(sources) {
            *desk = Desk::of(sources);
        }
    }

    /// One source's; as it is where there is none.
    pub(super) fn strip(&self, n: usize) -> Strip {
        self.strips().get(n).copied().unwrap_or_default()
    }

    fn strips(&self) -> &[Strip] {
        self.desks.get(&self.track).map_or(&[], |d| &d.strips)
    }

    fn strip_mut(&mut self, n: usize) -> Option<&mut Strip> {
        self.desks.get_mut(&self.track)?.strips.get_mut(n)
    }

    pub(super) fn mute(&mut self, n: usize) {
        if let Some(strip) = self.strip_mut(n) {
            strip.mute = !strip.mute;
        }
    }

    pub(super) fn solo(&mut self, n: usize) {
        if let Some(strip) = self.strip_mut(n) {
            strip.solo = !strip.solo;
        }
    }

    /// Decibels more, or back to none.
    pub(super) fn gain(&mut self, n: usize, by: Option<f64>) {
        if let Some(strip) = self.strip_mut(n) {
            strip.gain_db = by.map_or(0.0, |by| (strip.gain_db + by).clamp(RANGE_DB[0], RANGE_DB[1]));
        }
    }

    /// True if a source is not heard: muted, or another is alone.
    pub(super) fn is_silent(&self, n: usize) -> bool {
        let any = self.strips().iter().any(|s| s.solo);
        self.strips().get(n).is_some_and(|s| s.mute || (any && !s.solo))
    }

    /// The gains that the player does not know yet: source and factor.
    pub(super) fn news(&mut self) -> Vec<(usize, f64)> {
        let gain = |(n, s): (usize, &Strip)| if self.is_silent(n) { 0.0 } else { 10f64.powf(s.gain_db / 20.0) };
        let now: Vec<f64> = self.strips().iter().enumerate().map(gain).collect();
        let Some(desk) = self.desks.get_mut(&self.track) else { return Vec::new() };
        let news = now.iter().copied().enumerate().filter(|(n, g)| !is_same(desk.told[*n], *g)).collect();
        desk.told = now;
        news
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::source;
    use super::*;
    use crate::coords::Vec3;

    fn sources(names: &[&str]) -> Vec<SourceView> {
        names.iter().map(|name| source(name, Vec3::default(), Vec::new())).collect()
    }

    /// What the player does with the gains that it is told.
    fn heard(sources: &mut [SourceView], news: &[(usize, f64)]) {
        news.iter().for_each(|(n, gain)| sources[*n].gain = *gain);
    }

    #[test]
    fn solo_silences_the_others_mute_wins_and_only_news_are_told() {
        let mut mixer = Mixer::default();
        mixer.follow(0, &sources(&["a", "b", "c"]));
        mixer.solo(1);
        assert_eq!(mixer.news(), [(0, 0.0), (2, 0.0)]);
        mixer.mute(1);
        assert_eq!(mixer.news(), [(1, 0.0)]);
        mixer.solo(1);
        assert_eq!(mixer.news(), [(0, 1.0), (2, 1.0)]);
        mixer.mute(1);
        (0..30).for_each(|_| mixer.gain(1, Some(1.0)));
        assert_eq!(mixer.strip(1).gain_db, 12.0);
        assert_eq!(mixer.news().len(), 1);
        assert_eq!(mixer.news(), []);
        mixer.mute(7);
        assert_eq!(mixer.strip(7), Strip::default());
    }

    #[test]
    fn each_track_keeps_its_strips_while_others_play() {
        let mut mixer = Mixer::default();
        let (mut one, two) = (sources(&["a", "b", "c"]), sources(&["a", "b", "c"]));
        mixer.follow(0, &one);
        mixer.gain(0, Some(3.0));
        mixer.solo(1);
        heard(&mut one, &mixer.news());
        mixer.follow(0, &one);
        let strips = [0, 1, 2].map(|n| mixer.strip(n));
        mixer.follow(1, &two);
        assert_eq!(mixer.strip(1), Strip::default(), "another track begins as it is");
        mixer.follow(0, &one);
        assert_eq!([0, 1, 2].map(|n| mixer.strip(n)), strips);
        assert!(mixer.is_silent(0) && mixer.news().is_empty());
    }

    #[test]
    fn what_the_player_has_is_shown_where_it_is_something_else() {
        let mut mixer = Mixer::default();
        let mut all = sources(&["M+030", "M-030"]);
        mixer.follow(0, &all);
        mixer.mute(0);
        heard(&mut all, &mixer.news());
        // Placed in another way, with other sources: the player has forgotten.
        mixer.follow(0, &sources(&["point"]));
        assert_eq!(mixer.strip(0), Strip::default());
        mixer.follow(0, &sources(&["M+030", "M-030"]));
        assert_eq!(mixer.strip(0), Strip::default());
        // Gains of a track that the interface has not seen before.
        all[1].gain = 0.5;
        mixer.follow(5, &all);
        assert!(mixer.strip(0).mute && !mixer.strip(1).mute);
        assert!((mixer.strip(1).gain_db + 6.02).abs() < 0.01);
        mixer.mute(0);
        assert_eq!(mixer.news(), [(0, 1.0)]);
        // What it could not do is not shown as done.
        mixer.follow(5, &all);
        assert!(mixer.strip(0).mute);
    }
}
