//! A correction by what people type: a file, or the name of a headphone.

use super::parse::MOST_BYTES;
use super::profile::{ImpulseResponse, MOST_SECONDS, Profile};
use crate::decode::{self, Kind, sniff};
use crate::error::{Error, Result};
use std::io::Read;
use std::path::Path;

/// Opens a correction: an equaliser file as AutoEq publishes them, an impulse response of one or two channels in any
/// sound format, or, if there is no such file, a headphone of the catalogue. Files are told apart by content.
///
/// # Errors
/// What the file is wrong in, with its line; `Argument` if neither a file nor a headphone is called so.
pub fn open(what: &str) -> Result<Profile> {
    let path = Path::new(what);
    if path.is_file() {
        return file(path).map_err(|e| e.at(path));
    }
    let looks_like_a_file = what.contains(std::path::MAIN_SEPARATOR)
        || path.extension().is_some_and(|e| ["txt", "wav", "flac", "csv"].iter().any(|x| e.eq_ignore_ascii_case(x)));
    if looks_like_a_file || path.exists() {
        let missing = if path.exists() { "this is not a file" } else { "there is no such file" };
        return Err(Error::argument(missing)
            .at(path)
            .hint("give an equaliser file, an impulse response, or a headphone's name"));
    }
    #[cfg(feature = "headphones")]
    {
        super::search::find(what).map(|model| model.profile())
    }
    #[cfg(not(feature = "headphones"))]
    {
        Err(Error::argument(format!("there is no file called '{what}'"))
            .hint("this build has no catalogue of headphones: give an equaliser file or an impulse response"))
    }
}

fn file(path: &Path) -> Result<Profile> {
    let name = path.display().to_string();
    // Text is tried first: a sound file never is.
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|f| f.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|e| Error::io(path, "cannot be read", e))?;
    let begins_as_text = bytes.iter().take(512).all(|b| *b >= 0x20 || b"\t\r\n".contains(b));
    if begins_as_text {
        let text = String::from_utf8(bytes)
            .map_err(|_| Error::malformed("expected an equaliser file in UTF-8, found other bytes"))?;
        return Profile::parse(&name, &text);
    }
    if !matches!(sniff(path)?, Kind::Audio(_)) {
        return Err(Error::malformed("this is neither an equaliser file nor a sound file")
            .hint("AutoEq's files are called '... ParametricEQ.txt', its impulse responses '... .wav'"));
    }
    Ok(Profile::of_response(name, response(path)?))
}

/// An impulse response: one channel for both ears, or two.
fn response(path: &Path) -> Result<ImpulseResponse> {
    let mut decoder = decode::open(path)?;
    let sample_rate = f64::from(decoder.info().sample_rate);
    let channels = decoder.info().layout.channels();
    if !(1..=2).contains(&channels) {
        return Err(Error::unsupported(format!(
            "the file has {channels} channels; an impulse response for headphones has one for both ears, or two"
        )));
    }
    let Some(mut planes) = decoder.read_rest(MOST_SECONDS)? else {
        return Err(Error::limit(format!(
            "the file is longer than {MOST_SECONDS} s, so it is no headphone's impulse response"
        ))
        .hint("rooms are given with --room"));
    };
    let right = planes.pop().unwrap_or_default();
    let left = planes.pop().unwrap_or_else(|| right.clone());
    if left.iter().chain(&right).all(|x| *x == 0.0) {
        return Err(Error::malformed("the impulse response is silent"));
    }
    Ok(ImpulseResponse { sample_rate, ears: [left, right] })
}
