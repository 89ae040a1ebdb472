//! What a player's handle asks of the steward, and what is left of it where it comes faster than it can be done.

use crate::render::RenderJob;
use std::path::PathBuf;

/// What the handle asks of the steward.
pub(super) enum Request {
    Pause(bool),
    Seek(f64),
    Skip(isize),
    Change(Box<dyn FnOnce(&mut RenderJob) + Send>),
    Repeat(bool),
    Add(Vec<PathBuf>),
    Stop,
}

/// Requests that came while others were served, of which each kind is served once, up to the next that goes to another track: of pauses
/// and of places to go to the last is meant, and changes are made together. Otherwise one who turns a knob while a large room is
/// built would wait for a room for each turn. Pauses are served first.
pub(super) fn gathered(requests: impl Iterator<Item = Request>) -> Vec<Request> {
    let mut all: Vec<Request> = Vec::new();
    let mut begin = 0;
    for request in requests {
        let like = |other: &Request| std::mem::discriminant(other) == std::mem::discriminant(&request);
        let before = match request {
            Request::Pause(_) | Request::Seek(_) | Request::Change(_) => {
                all[begin..].iter().position(like).map(|at| all.remove(begin + at))
            }
            _ => None,
        };
        match (before, request) {
            (Some(Request::Change(one)), Request::Change(other)) => all.push(Request::Change(Box::new(move |job| {
                one(job);
                other(job);
            }))),
            (_, pause @ Request::Pause(_)) => all.insert(begin, pause),
            (_, request) => all.push(request),
        }
        if matches!(all.last(), Some(Request::Skip(_) | Request::Stop)) {
            begin = all.len();
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_again_before_it_was_done_is_done_once() {
        let louder = || Request::Change(Box::new(|job: &mut RenderJob| job.start += 1.0));
        let asked = [
            Request::Seek(1.0),
            louder(),
            Request::Pause(true),
            Request::Seek(2.0),
            Request::Repeat(true),
            louder(),
            Request::Pause(false),
            Request::Skip(1),
            louder(),
            Request::Seek(3.0),
        ];
        let got = gathered(asked.into_iter());
        let mut job = RenderJob::new("", "");
        let mut said = Vec::new();
        for request in got {
            said.push(match request {
                Request::Pause(paused) => format!("pause {paused}"),
                Request::Seek(to) => format!("seek {to}"),
                Request::Skip(step) => format!("skip {step}"),
                Request::Change(change) => {
                    change(&mut job);
                    format!("change to {}", job.start)
                }
                Request::Repeat(repeat) => format!("repeat {repeat}"),
                Request::Add(_) => "add".to_string(),
                Request::Stop => "stop".to_string(),
            });
        }
        let want = ["pause false", "seek 2", "repeat true", "change to 2", "skip 1", "change to 3", "seek 3"];
        assert_eq!(said, want);
    }
}
