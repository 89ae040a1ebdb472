//! What the name of a stem says: its role, and whether it is one channel of a pair.

use super::words::{Word, compound, find, find_inside};
use crate::panorama::Role;

/// What a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The role; [`Role::Other`] if nothing is known.
    pub role: Role,
    /// Whether the name says so, or nothing is known.
    pub known: bool,
    /// The left or right half of a pair: `gtr_L`.
    pub side: Option<Side>,
    /// A part of the drums that belongs in the middle: kick and snare.
    pub middle: bool,
    /// The whole song, it seems, rather than a part of it.
    pub mix: bool,
}

/// One channel of a pair in two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The left one.
    Left,
    /// The right one.
    Right,
}

/// What names of stems that belong together say: what all begin or end with, the song's name, tells nothing of them.
///
/// `names` are those of the files without folder and ending.
pub fn recognise(names: &[String]) -> Vec<Named> {
    let mut all: Vec<Vec<String>> = names.iter().map(|n| words_of(n)).collect();
    strip_common(&mut all);
    let said: Vec<Vec<Word>> = all.iter().zip(names).map(|(words, name)| said(words, name)).collect();
    let mut named: Vec<Named> = said.iter().map(|words| judge(words)).collect();
    // "backing" with nothing else is the band behind a solo, unless somebody sings in front.
    let someone_sings = named.iter().any(|n| n.known && n.role == Role::Lead);
    for (n, words) in named.iter_mut().zip(&said) {
        let alone = words.iter().all(|w| matches!(w, Word::Behind | Word::Left | Word::Right));
        if alone && words.contains(&Word::Behind) {
            (n.role, n.known) = (if someone_sings { Role::Backing } else { Role::Other }, true);
        }
    }
    named
}

/// Lower case, accents taken away.
fn fold(c: char) -> impl Iterator<Item = char> {
    let plain = match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'À'..='Å' => 'a',
        'ç' | 'ć' | 'č' | 'Ç' | 'Č' => 'c',
        'è'..='ë' | 'ē' | 'ę' | 'ě' | 'È'..='Ë' => 'e',
        'ì'..='ï' | 'ī' | 'Ì'..='Ï' => 'i',
        'ñ' | 'ń' | 'ň' | 'Ñ' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'Ò'..='Ö' | 'Ø' => 'o',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'Ù'..='Ü' => 'u',
        'ý' | 'ÿ' => 'y',
        'ś' | 'š' | 'Š' | 'Ś' => 's',
        'ź' | 'ż' | 'ž' | 'Ž' => 'z',
        'ł' | 'Ł' => 'l',
        'ř' => 'r',
        // Combining accents, as some systems write names.
        '\u{300}'..='\u{36f}' => '\u{0}',
        c => c,
    };
    plain.to_lowercase().map(|c| match c {
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' => 'ι',
        'ό' => 'ο',
        'ύ' => 'υ',
        'ώ' => 'ω',
        'ё' => 'е',
        c => c,
    })
}

/// The folded words of a name: divided where letters and digits end, and where a capital begins a word.
fn words_of(name: &str) -> Vec<String> {
    let name = name.replace("œ", "oe").replace("ß", "ss").replace("æ", "ae");
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let begins = c.is_uppercase() && before.is_lowercase()
            || c.is_numeric() != before.is_numeric()
            || !c.is_alphanumeric() && !('\u{300}'..='\u{36f}').contains(&c);
        if begins {
            words.push(String::new());
        }
        if let (Some(word), true) = (words.last_mut(), c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c)) {
            word.extend(fold(c).filter(|c| *c != '\u{0}'));
        }
        before = c;
    }
    // Numbers are those of tracks and takes, but for one drum machine that became a name for basses.
    words.retain(|w| !w.is_empty() && (w == "808" || !w.chars().all(char::is_numeric)));
    words
}

/// Takes away the words that all names begin with, and those that all end with; at least one word stays in each.
fn strip_common(all: &mut [Vec<String>]) {
    if all.len() < 2 {
        return;
    }
    for from_end in [false, true] {
        loop {
            let word = |w: &Vec<String>| if from_end { w.last().cloned() } else { w.first().cloned() };
            let first = word(&all[0]);
            if first.is_none() || all.iter().any(|w| w.len() < 2 || word(w) != first) {
                break;
            }
            for w in all.iter_mut() {
                w.remove(if from_end { w.len() - 1 } else { 0 });
            }
        }
    }
}

fn said(words: &[String], name: &str) -> Vec<Word> {
    let mut all = Vec::new();
    for (i, word) in words.iter().enumerate() {
        // A letter for the side says so at the end only: "L'amour" is no left channel.
        let side = matches!(find(word), Some(Word::Left | Word::Right));
        if side && word.chars().count() == 1 && i + 1 < words.len() {
            continue;
        }
        match find(word) {
            Some(found) => all.push(found),
            None => all.extend(compound(word)),
        }
    }
    if !name.is_ascii() {
        let folded: String = name.chars().flat_map(fold).collect();
        all.extend(find_inside(&folded));
    }
    all
}

fn judge(words: &[Word]) -> Named {
    // "no vocals" is not the vocals.
    let mut kept = Vec::new();
    let (mut without, mut skip) = (false, false);
    for (i, word) in words.iter().enumerate() {
        let last = i + 1 == words.len();
        if skip {
            (skip, without) = (false, true);
        } else if *word == Word::Not && !last {
            skip = true;
        } else {
            kept.push(*word);
        }
    }
    let has = |w: Word| kept.contains(&w);
    let is: Vec<Role> = kept
        .iter()
        .filter_map(|w| match w {
            Word::Is(role) | Word::Middle(role) => Some(*role),
            _ => None,
        })
        .collect();
    let maybe = kept.iter().rev().find_map(|w| if let Word::Maybe(role) = w { Some(*role) } else { None });
    let role = if has(Word::Wet) {
        Some(Role::Ambience)
    } else if let Some(last) = is.last().copied() {
        let voices = is.iter().all(|r| r.is_voice());
        // The bass guitar, the bass synthesizer and the string bass are basses; the bass drum and the bass clarinet are not.
        let kind_of_bass = is.contains(&Role::Bass) && matches!(last, Role::Guitars | Role::Keys | Role::Bass);
        Some(match last {
            _ if voices && (has(Word::Behind) || has(Word::Maybe(Role::Backing)) || is.contains(&Role::Backing)) => {
                Role::Backing
            }
            _ if kind_of_bass => Role::Bass,
            last => last,
        })
    } else if has(Word::Rest) || without {
        Some(Role::Other)
    } else if maybe.is_some() {
        maybe
    } else if has(Word::Front) {
        Some(Role::Lead)
    } else {
        None
    };
    let side = kept.iter().rev().find_map(|w| match w {
        Word::Left => Some(Side::Left),
        Word::Right => Some(Side::Right),
        _ => None,
    });
    Named {
        role: role.unwrap_or(Role::Other),
        known: role.is_some(),
        side,
        middle: kept.iter().any(|w| matches!(w, Word::Middle(_))) && role == Some(Role::Drums) && side.is_none(),
        mix: role.is_none() && has(Word::Mix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str) -> Named {
        recognise(&[name.to_string()])[0]
    }

    #[test]
    fn roles_are_recognised_in_many_spellings() {
        let table: &[(Role, &[&str])] = &[
            (
                Role::Lead,
                &[
                    "vocals",
                    "01 Lead Vox",
                    "Vocals (dry)",
                    "LeadVocal_01",
                    "lead",
                    "Main Vox 2",
                    "leadvox",
                    "Voice",
                    "Acapella",
                    "Gesang",
                    "Leadgesang",
                    "voix",
                    "Chant principal",
                    "voz",
                    "Voce",
                    "Sång",
                    "вокал",
                    "ボーカル",
                    "人声",
                    "보컬",
                    "VOX-L",
                ],
            ),
            (
                Role::Backing,
                &[
                    "Backing Vocals",
                    "BGV",
                    "bvs_2",
                    "Background Vox",
                    "Vox Double",
                    "Harmony Vocals",
                    "Choir",
                    "choeurs",
                    "Coros",
                    "Hintergrundgesang",
                    "Vocal Harmonies",
                    "05_BackingVox_R",
                    "Gang vocals",
                    "コーラス",
                ],
            ),
            (
                Role::Drums,
                &[
                    "drums",
                    "Drum Kit",
                    "DRUMS_Room",
                    "Kick In",
                    "snare top",
                    "OH L",
                    "Hi-Hat",
                    "hihat",
                    "Overheads",
                    "bass drum",
                    "BassDrum",
                    "Percussion",
                    "Schlagzeug",
                    "batterie",
                    "Batería",
                    "ударные",
                    "ドラム",
                    "鼓",
                    "Toms",
                    "Conga",
                    "tambourine",
                ],
            ),
            (
                Role::Bass,
                &[
                    "bass",
                    "Bass DI",
                    "Bass Guitar",
                    "Synth Bass",
                    "bass synth",
                    "808",
                    "Kontrabass",
                    "E-Bass",
                    "Sub Bass",
                    "basse",
                    "Bajo",
                    "baixo",
                    "бас",
                    "ベース",
                    "bassgitarre",
                    "String Bass",
                ],
            ),
            (
                Role::Guitars,
                &[
                    "guitar",
                    "Gtr_L",
                    "GTRS",
                    "Lead Guitar",
                    "Acoustic",
                    "Ac Gtr 2",
                    "Akustikgitarre",
                    "E-Gitarre",
                    "guitare",
                    "Guitarra",
                    "chitarra",
                    "гитара",
                    "ギター",
                    "Ukulele",
                    "Backing Guitars",
                    "acoustic guitar",
                ],
            ),
            (
                Role::Keys,
                &[
                    "keys",
                    "Piano",
                    "Electric Piano",
                    "Rhodes",
                    "Organ",
                    "Synth Lead",
                    "Lead Synth",
                    "Pad",
                    "Klavier",
                    "Claviers",
                    "Teclado",
                    "tastiere",
                    "клавиши",
                    "ピアノ",
                    "钢琴",
                    "Hammond B3",
                    "Synths",
                ],
            ),
            (
                Role::Strings,
                &[
                    "strings",
                    "Violin 1",
                    "Cello",
                    "Streicher",
                    "cordes",
                    "Cuerdas",
                    "Archi",
                    "струнные",
                    "synth strings",
                ],
            ),
            (
                Role::Winds,
                &[
                    "brass",
                    "Horns",
                    "Sax Solo",
                    "Bass Clarinet",
                    "Trumpet",
                    "Bläser",
                    "cuivres",
                    "Metais",
                    "духовые",
                    "flute",
                ],
            ),
            (Role::Other, &["other", "no_vocals", "Instrumental", "accompaniment", "Karaoke", "ohne Gesang", "rest"]),
            (
                Role::Ambience,
                &[
                    "Reverb",
                    "Vocal Reverb",
                    "Drum Verb",
                    "Crowd",
                    "Ambience",
                    "Room",
                    "FX",
                    "Publikum",
                    "Hall",
                    "delay",
                ],
            ),
        ];
        let mut wrong = Vec::new();
        for (role, names) in table {
            for name in *names {
                let named = one(name);
                if (named.role, named.known) != (*role, true) {
                    wrong.push(format!("{name}: {role:?} is taken for {named:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn what_says_nothing_is_said_to_be_unknown() {
        for name in ["Take 5", "untitled", "Track 03", "qwerty", "", "___", "final_v2", "Bounce"] {
            let named = one(name);
            assert_eq!((named.role, named.known), (Role::Other, false), "{name}");
        }
        assert!(one("mixture").mix && one("Final Mix").mix && one("Master").mix && !one("Drum Mix").mix);
    }

    #[test]
    fn the_name_of_the_song_says_nothing() {
        let names = |all: &[&str]| all.iter().map(|n| n.to_string()).collect::<Vec<_>>();
        let roles = |all: &[&str]| recognise(&names(all)).iter().map(|n| n.role).collect::<Vec<_>>();
        assert_eq!(
            roles(&["Bass Culture - vocals", "Bass Culture - drums", "Bass Culture - strange"]),
            [Role::Lead, Role::Drums, Role::Other]
        );
        assert_eq!(roles(&["kick (Piano Man)", "bass (Piano Man)"]), [Role::Drums, Role::Bass]);
        // A solo before its band, and a singer with a choir behind.
        assert_eq!(roles(&["madness_backing", "madness_guitar"]), [Role::Other, Role::Guitars]);
        assert_eq!(roles(&["Backing", "Lead Vox"]), [Role::Backing, Role::Lead]);
    }

    #[test]
    fn sides_and_the_middle_of_the_drums_are_heard() {
        assert_eq!(one("gtr_L").side, Some(Side::Left));
        assert_eq!(one("Guitar Right").side, Some(Side::Right));
        assert_eq!(one("L'amour guitare").side, None);
        assert!(one("Kick").middle && one("SnareTop").middle && !one("Hat").middle);
    }
}
