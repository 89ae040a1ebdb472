//! Solo, mute and gain of each source.

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
pub(super) struct Mixer {
    track: Option<usize>,
    names: Vec<String>,
    pub strips: Vec<Strip>,
    /// What the player was told last.
    told: Vec<f64>,
}

impl Mixer {
    /// Takes in which sources there are: others begin as they are.
    pub(super) fn follow<'a>(&mut self, track: usize, names: impl ExactSizeIterator<Item = &'a str> + Clone) {
        let same = self.track == Some(track) && self.names.iter().map(String::as_str).eq(names.clone());
        if !same {
            self.track = Some(track);
            self.strips = vec![Strip::default(); names.len()];
            self.told = vec![1.0; names.len()];
            self.names = names.map(str::to_string).collect();
        }
    }

    pub(super) fn mute(&mut self, n: usize) {
        if let Some(strip) = self.strips.get_mut(n) {
            strip.mute = !strip.mute;
        }
    }

    pub(super) fn solo(&mut self, n: usize) {
        if let Some(strip) = self.strips.get_mut(n) {
            strip.solo = !strip.solo;
        }
    }

    /// Decibels more, or back to none.
    pub(super) fn gain(&mut self, n: usize, by: Option<f64>) {
        if let Some(strip) = self.strips.get_mut(n) {
            strip.gain_db = by.map_or(0.0, |by| (strip.gain_db + by).clamp(RANGE_DB[0], RANGE_DB[1]));
        }
    }

    /// True if a source is not heard: muted, or another is alone.
    pub(super) fn is_silent(&self, n: usize) -> bool {
        let any = self.strips.iter().any(|s| s.solo);
        self.strips.get(n).is_some_and(|s| s.mute || (any && !s.solo))
    }

    /// The gains that the player does not know yet: source and factor.
    pub(super) fn news(&mut self) -> impl Iterator<Item = (usize, f64)> + use<> {
        let gain = |n: usize| if self.is_silent(n) { 0.0 } else { 10f64.powf(self.strips[n].gain_db / 20.0) };
        let now: Vec<f64> = (0..self.strips.len()).map(gain).collect();
        let news: Vec<_> = now.iter().copied().enumerate().filter(|(n, g)| self.told[*n] != *g).collect();
        self.told = now;
        news.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solo_silences_the_others_mute_wins_and_only_news_are_told() {
        let mut mixer = Mixer::default();
        mixer.follow(0, ["a", "b", "c"].into_iter());
        mixer.solo(1);
        assert_eq!(mixer.news().collect::<Vec<_>>(), [(0, 0.0), (2, 0.0)]);
        mixer.mute(1);
        assert_eq!(mixer.news().collect::<Vec<_>>(), [(1, 0.0)]);
        mixer.solo(1);
        assert_eq!(mixer.news().collect::<Vec<_>>(), [(0, 1.0), (2, 1.0)]);
        mixer.mute(1);
        (0..30).for_each(|_| mixer.gain(1, Some(1.0)));
        assert_eq!(mixer.strips[1].gain_db, 12.0);
        assert_eq!(mixer.news().count(), 1);
        assert_eq!(mixer.news().count(), 0);
        mixer.follow(1, ["a", "b", "c"].into_iter());
        assert_eq!(mixer.strips[1], Strip::default(), "another track begins as it is");
        mixer.mute(7);
    }
}
