//! Which key does what.

use super::action::{Action, Topic};
use crate::tracking::Recentre;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// Degrees that a key turns the head.
const TURN: f64 = 5.0;
/// Metres that a key takes the listener or a source.
const STEP: f64 = 0.1;

/// The keys as the help lists them.
pub(super) const HELP: &[(&str, &str)] = &[
    ("space", "pause, go on"),
    ("left right", "5 s back, on; with shift 30 s"),
    ("n p", "next track, previous"),
    ("u", "begin anew after the last track"),
    ("a d  , .", "turn the head left, right"),
    ("t g", "nose up, down"),
    ("w s q e", "walk ahead, back, left, right"),
    ("ctrl arrows", "the same"),
    ("c C", "look ahead, recentre; C: level too"),
    ("home", "back to the listener's place"),
    ("tab up down", "select a source"),
    ("alt arrows", "move it; alt pgup pgdn: up, down"),
    ("o m", "solo, mute"),
    ("+ - 0", "louder, softer, as it was"),
    ("r", "room"),
    ("h", "head (HRTF)"),
    ("l", "placement"),
    ("f", "headphones"),
    ("mouse", "drag sources and the listener; elsewhere: look there; click the bar"),
    ("drop a file", "head, room, headphones or track"),
    ("esc ctrl-c", "end with a fade"),
];

/// Ctrl-C.
pub(super) fn is_interrupt(event: &Event) -> bool {
    matches!(event, Event::Key(key) if main(key) == Some(Action::Interrupt))
}

/// What a key means while the room is shown.
pub(super) fn main(key: &KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let has = |m: KeyModifiers| key.modifiers.contains(m);
    let (shift, ctrl, alt) = (has(KeyModifiers::SHIFT), has(KeyModifiers::CONTROL), has(KeyModifiers::ALT));
    let seconds = if shift { 30.0 } else { 5.0 };
    Some(match key.code {
        KeyCode::Char('c') if ctrl => Action::Interrupt,
        KeyCode::Char('l') if ctrl => Action::Redraw,
        KeyCode::Char(_) if ctrl || alt => return None,
        KeyCode::Left if alt => Action::Nudge(0.0, STEP, 0.0),
        KeyCode::Right if alt => Action::Nudge(0.0, -STEP, 0.0),
        KeyCode::Up if alt => Action::Nudge(STEP, 0.0, 0.0),
        KeyCode::Down if alt => Action::Nudge(-STEP, 0.0, 0.0),
        KeyCode::PageUp if alt => Action::Nudge(0.0, 0.0, STEP),
        KeyCode::PageDown if alt => Action::Nudge(0.0, 0.0, -STEP),
        KeyCode::Left if ctrl => Action::Walk(0.0, STEP),
        KeyCode::Right if ctrl => Action::Walk(0.0, -STEP),
        KeyCode::Up if ctrl => Action::Walk(STEP, 0.0),
        KeyCode::Down if ctrl => Action::Walk(-STEP, 0.0),
        KeyCode::Left => Action::Seek(-seconds),
        KeyCode::Right => Action::Seek(seconds),
        KeyCode::Up | KeyCode::BackTab => Action::Select(-1),
        KeyCode::Down | KeyCode::Tab => Action::Select(1),
        KeyCode::Home => Action::Home,
        KeyCode::Esc => Action::Escape,
        KeyCode::F(1) => Action::Help,
        KeyCode::Char('C') => Action::Recentre(Recentre::Full),
        KeyCode::Char(c) => match c.to_ascii_lowercase() {
            ' ' => Action::Pause,
            'n' => Action::Skip(1),
            'p' => Action::Skip(-1),
            'a' | ',' | '<' => Action::Turn(TURN, 0.0),
            'd' | '.' | '>' => Action::Turn(-TURN, 0.0),
            't' => Action::Turn(0.0, TURN),
            'g' => Action::Turn(0.0, -TURN),
            'w' => Action::Walk(STEP, 0.0),
            's' => Action::Walk(-STEP, 0.0),
            'q' => Action::Walk(0.0, STEP),
            'e' => Action::Walk(0.0, -STEP),
            'c' => Action::Recentre(Recentre::Yaw),
            'o' => Action::Solo,
            'm' => Action::Mute,
            '+' | '=' => Action::Gain(Some(1.0)),
            '-' | '_' => Action::Gain(Some(-1.0)),
            '0' => Action::Gain(None),
            'u' => Action::Repeat,
            'r' => Action::Open(Topic::Room),
            'h' => Action::Open(Topic::Hrtf),
            'l' => Action::Open(Topic::Placement),
            'f' => Action::Open(Topic::Headphones),
            '?' => Action::Help,
            _ => return None,
        },
        _ => return None,
    })
}

/// What a key means while a list is open.
pub(super) fn list(key: &KeyEvent) -> Option<Action> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c') if ctrl => Action::Interrupt,
        KeyCode::Char('l') if ctrl => Action::Redraw,
        KeyCode::Char('u') if ctrl => Action::Clear,
        KeyCode::Char(_) if ctrl || key.modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(c) => Action::Type(c),
        KeyCode::Backspace => Action::Erase,
        KeyCode::Up | KeyCode::BackTab => Action::Scroll(-1),
        KeyCode::Down | KeyCode::Tab => Action::Scroll(1),
        KeyCode::PageUp => Action::Scroll(-10),
        KeyCode::PageDown => Action::Scroll(10),
        KeyCode::Home => Action::Scroll(isize::MIN / 2),
        KeyCode::End => Action::Scroll(isize::MAX / 2),
        KeyCode::Enter => Action::Choose,
        KeyCode::Esc => Action::Escape,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn keys_mean_what_the_help_says() {
        let plain = |c| main(&key(KeyCode::Char(c), KeyModifiers::NONE));
        assert_eq!(plain(' '), Some(Action::Pause));
        assert_eq!(plain('a'), Some(Action::Turn(5.0, 0.0)));
        assert_eq!(plain('w'), Some(Action::Walk(0.1, 0.0)));
        assert_eq!(plain('f'), Some(Action::Open(Topic::Headphones)));
        assert_eq!(plain('z'), None);
        assert_eq!(main(&key(KeyCode::Right, KeyModifiers::NONE)), Some(Action::Seek(5.0)));
        assert_eq!(main(&key(KeyCode::Left, KeyModifiers::SHIFT)), Some(Action::Seek(-30.0)));
        assert_eq!(main(&key(KeyCode::Up, KeyModifiers::CONTROL)), Some(Action::Walk(0.1, 0.0)));
        assert_eq!(main(&key(KeyCode::Up, KeyModifiers::ALT)), Some(Action::Nudge(0.1, 0.0, 0.0)));
        assert_eq!(main(&key(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Action::Interrupt));
        assert_eq!(main(&key(KeyCode::Char('A'), KeyModifiers::SHIFT)), Some(Action::Turn(5.0, 0.0)));
        // Every letter that the help lists does something.
        for (names, _) in HELP.iter().filter(|(names, _)| !names.contains("file")) {
            for name in names.split(' ').filter(|n| n.chars().count() == 1) {
                assert!(plain(name.chars().next().unwrap()).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn in_a_list_letters_are_typed_and_a_release_is_nothing() {
        assert_eq!(list(&key(KeyCode::Char('h'), KeyModifiers::NONE)), Some(Action::Type('h')));
        assert_eq!(list(&key(KeyCode::Char('u'), KeyModifiers::CONTROL)), Some(Action::Clear));
        assert_eq!(list(&key(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Action::Interrupt));
        let mut release = key(KeyCode::Char('h'), KeyModifiers::NONE);
        release.kind = KeyEventKind::Release;
        assert_eq!((list(&release), main(&release)), (None, None));
    }
}
