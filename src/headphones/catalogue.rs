//! The catalogue of measured headphones that comes along: 6,002 models, 10,784 parametric equalisers.
//!
//! `headphones/catalogue.bin` is made by `scripts/pack_headphones.py` from the data described, with licence and credit, in
//! `headphones/README.md`. It is unpacked when it is first asked for, in a few milliseconds.
//!
//! The unpacked layout, little-endian: `PHEQ`; five `u32`, the numbers of vendors, sources, models, entries and
//! equalisers; the names of the first three, each a byte of length and its text; then columns, of which wide ones are
//! stored low bytes first: for each model its vendor (`u16`) and kind (`u8`), for each entry its model, source and
//! equaliser (`u16`), for each equaliser its preamp (`i16`, 0.1 dB), and for each of ten bands the shape (`u8`), hertz
//! (`u16`), gain (`i16`, 0.1 dB) and Q (`u16`, 0.01) of all equalisers.

use super::equaliser::{Equaliser, Filter, Shape};
use super::profile::Profile;
use std::sync::OnceLock;
use zune_inflate::{DeflateDecoder, DeflateOptions};

static PACKED: &[u8] = include_bytes!("../../headphones/catalogue.bin");

const BANDS: usize = 10;

/// How a headphone is worn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Around the ear.
    OverEar,
    /// On the ear.
    OnEar,
    /// In the ear canal.
    InEar,
    /// In the concha.
    Earbud,
}

impl Kind {
    /// Its name in lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::OverEar => "over-ear",
            Self::OnEar => "on-ear",
            Self::InEar => "in-ear",
            Self::Earbud => "earbud",
        }
    }
}

/// One equaliser of the catalogue: a model as somebody measured it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// Who makes it.
    pub vendor: &'static str,
    /// What it is called.
    pub product: &'static str,
    /// How it is worn.
    pub kind: Kind,
    /// Who measured it, and under which conditions.
    pub source: &'static str,
    equaliser: u16,
}

struct Catalogue {
    models: Vec<Model>,
    preamps: Vec<i16>,
    /// `[equaliser][band]`
    filters: Vec<[Filter; BANDS]>,
}

/// All equalisers, by vendor, product and source.
pub fn all() -> &'static [Model] {
    &catalogue().models
}

impl Model {
    /// Vendor and product.
    pub fn name(&self) -> String {
        format!("{} {}", self.vendor, self.product)
    }

    /// Name and source, as reports call it.
    pub fn title(&self) -> String {
        format!("{} ({})", self.name(), self.source)
    }

    /// Its equaliser.
    pub fn equaliser(&self) -> Equaliser {
        let (catalogue, at) = (catalogue(), usize::from(self.equaliser));
        Equaliser { preamp_db: f64::from(catalogue.preamps[at]) / 10.0, filters: catalogue.filters[at].to_vec() }
    }

    /// Its correction, called by model and source.
    pub fn profile(&self) -> Profile {
        Profile::of(self.title(), self.equaliser())
    }
}

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let options = DeflateOptions::default().set_size_hint(1 << 20);
        let raw = DeflateDecoder::new_with_options(PACKED, options).decode_zlib();
        // What is built in is tested; were it damaged all the same, there would be no headphones, and no panic.
        raw.ok().and_then(|raw| read(Vec::leak(raw))).unwrap_or(Catalogue {
            models: Vec::new(),
            preamps: Vec::new(),
            filters: Vec::new(),
        })
    })
}

struct Reader(&'static [u8]);

impl Reader {
    fn take(&mut self, n: usize) -> Option<&'static [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    fn count(&mut self) -> Option<usize> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?) as usize)
    }

    fn names(&mut self, n: usize) -> Option<Vec<&'static str>> {
        (0..n)
            .map(|_| {
                let len = usize::from(self.take(1)?[0]);
                std::str::from_utf8(self.take(len)?).ok()
            })
            .collect()
    }

    fn words(&mut self, n: usize) -> Option<Vec<u16>> {
        let (low, high) = (self.take(n)?, self.take(n)?);
        Some(low.iter().zip(high).map(|(l, h)| u16::from_le_bytes([*l, *h])).collect())
    }
}

fn read(raw: &'static [u8]) -> Option<Catalogue> {
    let mut reader = Reader(raw);
    if reader.take(4)? != b"PHEQ" {
        return None;
    }
    let counts: Vec<usize> = (0..5).map(|_| reader.count()).collect::<Option<_>>()?;
    let &[vendors, sources, models, entries, equalisers] = counts.as_slice() else { return None };
    let vendors = reader.names(vendors)?;
    let sources = reader.names(sources)?;
    let products = reader.names(models)?;
    let makers = reader.words(models)?;
    let kinds = reader.take(models)?;
    let (of_model, of_source, of_equaliser) = (reader.words(entries)?, reader.words(entries)?, reader.words(entries)?);
    let models = (0..entries)
        .map(|i| {
            let model = usize::from(of_model[i]);
            let equaliser = of_equaliser[i];
            Some(Model {
                vendor: vendors.get(usize::from(*makers.get(model)?))?,
                product: products.get(model)?,
                kind: match kinds.get(model)? {
                    0 => Kind::OverEar,
                    1 => Kind::OnEar,
                    2 => Kind::InEar,
                    _ => Kind::Earbud,
                },
                source: sources.get(usize::from(of_source[i]))?,
                equaliser: (usize::from(equaliser) < equalisers).then_some(equaliser)?,
            })
        })
        .collect::<Option<Vec<Model>>>()?;
    let signed = |words: Vec<u16>| words.into_iter().map(|w| w as i16).collect::<Vec<i16>>();
    let preamps = signed(reader.words(equalisers)?);
    let empty = Filter { shape: Shape::Peak, frequency_hz: 1000.0, gain_db: 0.0, q: 1.0 };
    let mut filters = vec![[empty; BANDS]; equalisers];
    for band in 0..BANDS {
        let shapes = reader.take(equalisers)?;
        let hertz = reader.words(equalisers)?;
        let gains = signed(reader.words(equalisers)?);
        let widths = reader.words(equalisers)?;
        for (i, bands) in filters.iter_mut().enumerate() {
            bands[band] = Filter {
                shape: match shapes[i] {
                    0 => Shape::Peak,
                    1 => Shape::LowShelf,
                    _ => Shape::HighShelf,
                },
                frequency_hz: f64::from(hertz[i]),
                gain_db: f64::from(gains[i]) / 10.0,
                q: f64::from(widths[i]) / 100.0,
            };
        }
    }
    reader.0.is_empty().then_some(Catalogue { models, preamps, filters })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_there_and_every_equaliser_is_sound() {
        let all = all();
        assert_eq!(all.len(), 10_784);
        let mut names: Vec<(&str, &str)> = all.iter().map(|m| (m.vendor, m.product)).collect();
        names.dedup();
        assert_eq!(names.len(), 6_002);
        for model in all {
            let equaliser = model.equaliser();
            equaliser.check().unwrap();
            assert!((-10.0..0.0).contains(&equaliser.preamp_db), "{model:?}");
            assert!(!model.vendor.is_empty() && !model.product.is_empty() && !model.source.is_empty());
        }
    }

    #[test]
    fn an_entry_is_number_for_number_what_was_published() {
        let model = all().iter().find(|m| m.product == "SA02").unwrap();
        assert_eq!((model.vendor, model.kind, model.source), ("1Custom", Kind::InEar, "crinacle"));
        let equaliser = model.equaliser();
        assert_eq!(equaliser.preamp_db, -6.0);
        let f = |shape, frequency_hz, gain_db, q| Filter { shape, frequency_hz, gain_db, q };
        assert_eq!(equaliser.filters[0], f(Shape::LowShelf, 105.0, 5.5, 0.7));
        assert_eq!(equaliser.filters[2], f(Shape::Peak, 9140.0, 5.6, 3.46));
        assert_eq!(equaliser.filters[5], f(Shape::HighShelf, 10_000.0, -1.1, 0.7));
        assert_eq!(equaliser.filters[9], f(Shape::Peak, 166.0, 0.4, 1.76));
    }

    #[test]
    fn a_cut_catalogue_is_refused_and_does_not_panic() {
        let raw = DeflateDecoder::new(PACKED).decode_zlib().unwrap();
        for len in [0, 3, 10, 30, 5000, raw.len() / 2, raw.len() - 1] {
            assert!(read(Vec::leak(raw[..len].to_vec())).is_none(), "{len}");
        }
    }
}
