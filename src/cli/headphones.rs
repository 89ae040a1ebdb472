//! `periphon headphones`: the measured headphones that `--headphones` knows by name.

use super::{Common, print};
use crate::error::Result;
use crate::headphones::{Model, Shape, catalogue, find, search};
use clap::Args;
use serde::Serialize;
use std::fmt::Write;

/// List the headphones that --headphones knows, or show the equaliser of one
#[derive(Clone, Debug, Args)]
#[command(arg_required_else_help = false)]
#[command(after_help = "Examples:
  periphon headphones hd 650
  periphon headphones sony in-ear --json
  periphon headphones hd 650 oratory1990 --show > hd650.txt

The equalisers are AutoEq's (MIT), measured by many people, collected by OPRA (CC BY-SA 4.0).")]
pub(super) struct HeadphonesArgs {
    /// Words of the maker, the model or who measured it, in any order [default: how many there are]
    search: Vec<String>,
    /// Print the equaliser of the one model that is meant, in the form of AutoEq's files
    #[arg(long, requires = "search")]
    show: bool,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: String,
    vendor: &'a str,
    product: &'a str,
    kind: &'a str,
    source: &'a str,
    preamp_db: f64,
}

#[derive(Serialize)]
struct List<'a> {
    models: usize,
    equalisers: usize,
    found: Vec<Entry<'a>>,
}

pub(super) fn run(args: &HeadphonesArgs, common: &Common) -> Result<()> {
    let words = args.search.join(" ");
    if args.show {
        return show(find(&words)?, common);
    }
    let (kind, words) = kind_of(&args.search);
    let found: Vec<&Model> = match (args.search.is_empty(), common.json) {
        (true, false) => return print::lines(&overview()),
        _ => search(&words).into_iter().filter(|m| kind.is_none_or(|k| m.kind.name() == k)).collect(),
    };
    if found.is_empty() {
        // Says what the nearest ones are called.
        find(&args.search.join(" "))?;
    }
    if common.json {
        let entry = |m: &&Model| Entry {
            name: m.name(),
            vendor: m.vendor,
            product: m.product,
            kind: m.kind.name(),
            source: m.source,
            preamp_db: m.equaliser().preamp_db,
        };
        let (models, equalisers) = counts();
        return print::json(&List { models, equalisers, found: found.iter().map(entry).collect() });
    }
    let mut text = String::new();
    let wide = found.iter().map(|m| m.name().chars().count()).max().unwrap_or(0).min(48);
    for model in &found {
        let _ = writeln!(text, "{:wide$}  {:8}  {}", model.name(), model.kind.name(), model.source);
    }
    print::lines(&text)
}

/// A kind of headphone among the words, and the words without it.
fn kind_of(words: &[String]) -> (Option<&'static str>, String) {
    let kinds = ["over-ear", "on-ear", "in-ear", "earbud"];
    let kind = kinds.into_iter().find(|k| words.iter().any(|w| w.eq_ignore_ascii_case(k)));
    let rest: Vec<&str> =
        words.iter().map(String::as_str).filter(|w| kind.is_none_or(|k| !w.eq_ignore_ascii_case(k))).collect();
    (kind, rest.join(" "))
}

fn counts() -> (usize, usize) {
    let mut models: Vec<(&str, &str)> = catalogue::all().iter().map(|m| (m.vendor, m.product)).collect();
    let equalisers = models.len();
    models.dedup();
    (models.len(), equalisers)
}

fn overview() -> String {
    let (models, equalisers) = counts();
    format!(
        "{models} headphones, {equalisers} equalisers; list them with: periphon headphones WORD ...\n\
         use one with: periphon render SONG --headphones 'MAKER MODEL'\n"
    )
}

fn show(model: &Model, common: &Common) -> Result<()> {
    let equaliser = model.equaliser();
    if common.json {
        #[derive(Serialize)]
        struct Band {
            shape: &'static str,
            frequency_hz: f64,
            gain_db: f64,
            q: f64,
        }
        #[derive(Serialize)]
        struct Shown {
            name: String,
            source: &'static str,
            preamp_db: f64,
            filters: Vec<Band>,
        }
        let band = |f: &crate::headphones::Filter| Band {
            shape: code(f.shape),
            frequency_hz: f.frequency_hz,
            gain_db: f.gain_db,
            q: f.q,
        };
        return print::json(&Shown {
            name: model.name(),
            source: model.source,
            preamp_db: equaliser.preamp_db,
            filters: equaliser.filters.iter().map(band).collect(),
        });
    }
    let mut text = format!("# {}, measured by {}\nPreamp: {:.1} dB\n", model.name(), model.source, equaliser.preamp_db);
    for (i, f) in equaliser.filters.iter().enumerate() {
        let _ = writeln!(
            text,
            "Filter {}: ON {} Fc {:.0} Hz Gain {:.1} dB Q {:.2}",
            i + 1,
            code(f.shape),
            f.frequency_hz,
            f.gain_db,
            f.q
        );
    }
    print::lines(&text)
}

fn code(shape: Shape) -> &'static str {
    match shape {
        Shape::Peak => "PK",
        Shape::LowShelf => "LSC",
        Shape::HighShelf => "HSC",
        Shape::LowPass => "LP",
        Shape::HighPass => "HP",
    }
}
