//! What a player's handle asks of the steward, and what is left of it where it comes faster than it can be done.

use crate::render::RenderJob;
use std::path::PathBuf;

/// Something to be played in another way.
pub(super) type Change = Box<dyn Fn(&mut RenderJob) + Send>;

/// What the handle asks of the steward.
pub(super) enum Request {
    Pause(bool),
    /// To so many seconds, in the track that plays when it is served, or in the one that played when it was asked for.
    Seek(f64, Option<usize>),
    /// So many tracks on, from the one that plays when it is served, or from the one that played when it was asked for.
    Skip(isize, Option<usize>),
    Change(Vec<Change>),
    Repeat(bool),
    Add(Vec<PathBuf>),
    Stop,
}

/// The track has ended by itself, and another plays: places to go to that were asked for before are places in that track, and
/// a skip counts from it. Behind a skip they are meant for the track that is skipped to.
pub(super) fn pin(waiting: &mut [Request], track: usize) {
    for request in waiting {
        match request {
            Request::Seek(_, of) => drop(of.get_or_insert(track)),
            Request::Skip(_, from) => {
                from.get_or_insert(track);
                return;
            }
            _ => {}
        }
    }
}

/// Requests that came while others were served, of which each kind is served once, up to the next that goes to another track: of places
/// to go to the last is meant, and changes are made together. Otherwise one who turns a knob while a large room is built
/// would wait for a room for each turn.
pub(super) fn gathered(requests: impl Iterator<Item = Request>) -> Vec<Request> {
    let mut all: Vec<Request> = Vec::new();
    let mut begin = 0;
    for request in requests {
        let like = |other: &Request| std::mem::discriminant(other) == std::mem::discriminant(&request);
        let before = match request {
            Request::Seek(..) | Request::Change(_) => {
                all[begin..].iter().position(like).map(|at| all.remove(begin + at))
            }
            _ => None,
        };
        all.push(match (before, request) {
            (Some(Request::Change(mut changes)), Request::Change(more)) => {
                changes.extend(more);
                Request::Change(changes)
            }
            (_, request) => request,
        });
        if matches!(all.last(), Some(Request::Skip(..) | Request::Stop)) {
            begin = all.len();
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_skips_count_from_the_track_that_has_ended_but_not_behind_a_skip() {
        let skip = || Request::Skip(1, None);
        let mut waiting = [Request::Pause(true), Request::Seek(1.0, None), skip(), Request::Seek(2.0, None), skip()];
        pin(&mut waiting, 7);
        // Another one ends: those are pinned already.
        pin(&mut waiting, 8);
        let of = |r: &Request| if let Request::Seek(_, of) | Request::Skip(_, of) = r { *of } else { None };
        assert_eq!(waiting.each_ref().map(of), [None, Some(7), Some(7), None, None]);
    }

    #[test]
    fn what_is_asked_for_again_before_it_was_done_is_done_once() {
        let later = || Request::Change(vec![Box::new(|job: &mut RenderJob| job.start += 1.0)]);
        let asked = [
            Request::Seek(1.0, None),
            later(),
            Request::Seek(2.0, None),
            later(),
            Request::Skip(1, None),
            later(),
            Request::Seek(3.0, None),
            Request::Skip(1, None),
            Request::Skip(1, None),
        ];
        let got = gathered(asked.into_iter());
        let mut job = RenderJob::new("", "");
        let mut said = Vec::new();
        for request in got {
            said.push(match request {
                Request::Seek(to, _) => format!("seek {to}"),
                Request::Skip(step, _) => format!("skip {step}"),
                Request::Change(changes) => {
                    changes.iter().for_each(|change| change(&mut job));
                    format!("change to {}", job.start)
                }
                _ => unreachable!(),
            });
        }
        let want = ["seek 2", "change to 2", "skip 1", "change to 3", "seek 3", "skip 1", "skip 1"];
        assert_eq!(said, want);
    }
}
