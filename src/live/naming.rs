//! What a name on the command line means: a sound system, an output of one, or an output of any.
//!
//! Nothing here asks a sound system: what there is, is given.

use crate::error::{Error, ErrorKind, Result};

/// Sound systems that programs of this kind play through, whether they are built in or not: their names mean them alone,
/// even where another system has a device of that name.
const KNOWN: [(&str, &str); 8] = [
    ("alsa", "ALSA"),
    ("pulseaudio", "PulseAudio"),
    ("pipewire", "PipeWire"),
    ("jack", "JACK"),
    ("wasapi", "WASAPI"),
    ("asio", "ASIO"),
    ("coreaudio", "Core Audio"),
    ("aaudio", "AAudio"),
];

/// What a name asks for; all in lower case.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    /// The output that a sound system prefers.
    System(String),
    /// An output of one sound system.
    Of(String, String),
    /// An output of whichever system has it.
    Any(String),
}

/// An output as its system names and describes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) description: String,
}

/// A sound system as it was found: its outputs, the preferred one first, or why it cannot be reached.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) system: String,
    pub(super) outputs: Result<Vec<Named>, String>,
}

impl Asked {
    /// Reads a name, where the systems `built` are built in.
    pub(super) fn read(name: &str, built: &[String]) -> Self {
        let name = name.trim().to_lowercase();
        let is_system = |s: &str| KNOWN.iter().any(|(known, _)| *known == s) || built.iter().any(|b| b == s);
        match name.split_once(':') {
            Some((system, "")) if is_system(system) => Self::System(system.to_string()),
            Some((system, rest)) if is_system(system) => Self::Of(system.to_string(), rest.to_string()),
            _ if is_system(&name) => Self::System(name),
            _ => Self::Any(name),
        }
    }

    /// True if an output of this system may be meant.
    pub(super) fn concerns(&self, system: &str) -> bool {
        match self {
            Self::System(one) | Self::Of(one, _) => one == system,
            Self::Any(_) => true,
        }
    }

    /// Which of the systems found is meant, and which of its outputs. `built` are the systems built in, `found` those of
    /// them that are concerned; of a system that is named alone only the preferred output is looked for.
    ///
    /// # Errors
    /// `Device`: a system that is named is not built in, cannot be reached or has no outputs, or no output is called so.
    pub(super) fn choose(&self, built: &[String], found: &[Found]) -> Result<(usize, usize)> {
        let (name, whose) = match self {
            Self::System(system) => {
                let at = present(system, "no default output that can be opened", built, found)?;
                return Ok((at, 0));
            }
            Self::Of(system, name) => {
                present(system, "no outputs", built, found)?;
                (name, format!("{} has no output", proper(system)))
            }
            Self::Any(name) => (name, "there is no output".to_string()),
        };
        let concerned = || found.iter().enumerate().filter(|(_, f)| self.concerns(&f.system));
        let all =
            || concerned().flat_map(|(n, f)| f.outputs.iter().flatten().enumerate().map(move |(k, o)| (n, k, f, o)));
        // Who gives a whole name means it, whichever system is asked first.
        let fits: [&dyn Fn(&Named) -> bool; 3] =
            [&|o| o.id.to_lowercase() == *name, &|o| o.description.to_lowercase() == *name, &|o| {
                o.id.to_lowercase().contains(name) || o.description.to_lowercase().contains(name)
            }];
        if let Some((n, k, ..)) = fits.iter().find_map(|fits| all().find(|(_, _, _, o)| fits(o))) {
            return Ok((n, k));
        }
        let names: Vec<String> = all().map(|(_, _, f, o)| format!("{}:{}", f.system, o.id)).collect();
        let full = if let Self::Of(system, name) = self { format!("{system}:{name}") } else { name.clone() };
        let near = crate::scene::nearest(&full, names.iter().map(String::as_str)).map(str::to_string);
        let error = Error::new(ErrorKind::Device, format!("{whose} called '{name}'"));
        let error = near.iter().fold(error, |e, near| e.hint(format!("did you mean '{near}'?")));
        Err(error.hint(LISTED))
    }
}

const LISTED: &str = "periphon devices lists the outputs there are";

/// Where a system with outputs is among those found.
fn present(system: &str, lacks: &str, built: &[String], found: &[Found]) -> Result<usize> {
    let at = found.iter().position(|f| f.system == system);
    let name = proper(system);
    let device = |message: String| Error::new(ErrorKind::Device, message);
    match at.map(|at| (at, &found[at].outputs)) {
        Some((at, Ok(outputs))) if !outputs.is_empty() => Ok(at),
        Some((_, Ok(_))) => Err(device(format!("{name} has {lacks}")).hint(LISTED)),
        _ if !built.iter().any(|b| b == system) => Err(match system {
            "jack" => device("this build of periphon cannot play through JACK".to_string())
                .hint("build it with: cargo build --release --features jack"),
            "pipewire" => device("periphon reaches PipeWire through PulseAudio's protocol, not by itself".to_string())
                .hint("use --device pulseaudio"),
            _ => device(format!("this build of periphon cannot play through {name}")),
        }
        .hint(LISTED)),
        other => {
            let why = match other {
                Some((_, Err(why))) if !why.is_empty() => format!(": {why}"),
                _ => String::new(),
            };
            Err(match system {
                "jack" => device("no JACK server is running".to_string())
                    .hint("start one as the same user: jackd, or 'pw-jack periphon play ...' with PipeWire"),
                "pulseaudio" => device(format!("no PulseAudio server can be reached{why}"))
                    .hint("start one as the same user: pulseaudio --start, or systemctl --user start pipewire-pulse"),
                _ => device(format!("{name} cannot be reached{why}")),
            }
            .hint(LISTED))
        }
    }
}

/// A system's name as people write it.
fn proper(system: &str) -> &str {
    KNOWN.iter().find(|(known, _)| *known == system).map_or(system, |(_, proper)| *proper)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn found(system: &str, outputs: &[(&str, &str)]) -> Found {
        let named =
            |(id, description): &(&str, &str)| Named { id: id.to_string(), description: description.to_string() };
        Found { system: system.to_string(), outputs: Ok(outputs.iter().map(named).collect()) }
    }

    fn unreachable(system: &str, why: &str) -> Found {
        Found { system: system.to_string(), outputs: Err(why.to_string()) }
    }

    /// ALSA as it is on a machine whose default is PulseAudio.
    fn alsa() -> Found {
        let default = ("default", "Playback/recording through the PulseAudio sound server");
        found("alsa", &[default, ("jack", "JACK Audio Connection Kit"), ("hw:CARD=0,DEV=0", "HDA Intel, ALC295")])
    }

    fn choose(name: &str, systems: &[&str], found: &[Found]) -> Result<(usize, usize), String> {
        let built = built(systems);
        Asked::read(name, &built).choose(&built, found).map_err(|e| format!("{e}; {}", e.hints().join("; ")))
    }

    #[test]
    fn a_system_that_is_named_is_never_replaced_by_a_device_that_is_called_like_it() {
        let down = unreachable("pulseaudio", "connection refused");
        let error = choose("pulseaudio", &["pulseaudio", "alsa"], &[down.clone(), alsa()]).unwrap_err();
        assert!(error.starts_with("no PulseAudio server can be reached: connection refused; start one"), "{error}");
        let error = choose("PulseAudio:hdmi", &["pulseaudio", "alsa"], &[down, alsa()]).unwrap_err();
        assert!(error.starts_with("no PulseAudio server can be reached"), "{error}");
        // In a build without it, and where no server runs.
        let error = choose("jack", &["pulseaudio", "alsa"], &[alsa()]).unwrap_err();
        assert!(
            error.contains("cannot play through JACK; build it with: cargo build --release --features jack"),
            "{error}"
        );
        assert!(!error.contains("did you mean"), "{error}");
        let error = choose("jack", &["alsa", "jack"], &[unreachable("jack", "")]).unwrap_err();
        assert!(error.starts_with("no JACK server is running; start one"), "{error}");
        for (name, says) in [("wasapi", "through WASAPI"), ("pipewire", "use --device pulseaudio")] {
            let error = choose(name, &["alsa"], &[alsa()]).unwrap_err();
            assert!(error.contains(says) && error.ends_with(LISTED), "{error}");
        }
        // A system that is built in but was not even looked at is not there.
        assert!(choose("pulseaudio", &["pulseaudio", "alsa"], &[alsa()]).unwrap_err().contains("no PulseAudio server"));
        let error = choose("pulseaudio", &["pulseaudio"], &[found("pulseaudio", &[])]).unwrap_err();
        assert!(error.starts_with("PulseAudio has no default output that can be opened"), "{error}");
        let error = choose("alsa:default", &["alsa"], &[found("alsa", &[])]).unwrap_err();
        assert!(error.starts_with("ALSA has no outputs"), "{error}");
    }

    #[test]
    fn a_system_means_its_preferred_output_and_a_prefix_means_only_that_system() {
        let systems = ["pulseaudio", "alsa", "jack"];
        let all = [found("pulseaudio", &[("hdmi", "HDMI"), ("phones", "USB default")]), alsa()];
        assert_eq!(choose("PULSEAUDIO", &systems, &all), Ok((0, 0)));
        assert_eq!(choose("alsa:", &systems, &all), Ok((1, 0)));
        assert_eq!(choose("alsa:jack", &systems, &all), Ok((1, 1)));
        assert_eq!(choose("alsa:hw:CARD=0,DEV=0", &systems, &all), Ok((1, 2)));
        assert_eq!(choose("hw:card=0", &systems, &all), Ok((1, 2)));
        let error = choose("pulseaudio:hw:CARD=0,DEV=0", &systems, &all).unwrap_err();
        assert!(error.starts_with("PulseAudio has no output called 'hw:card=0,dev=0'"), "{error}");
        let error = choose("pulseaudio:fones", &systems, &all).unwrap_err();
        assert!(error.contains("did you mean 'pulseaudio:phones'?"), "{error}");
    }

    #[test]
    fn a_whole_name_comes_before_a_part_of_one() {
        let systems = ["pulseaudio", "alsa"];
        let all = [found("pulseaudio", &[("hdmi", "HDMI"), ("phones", "USB default")]), alsa()];
        assert_eq!(choose("default", &systems, &all), Ok((1, 0)));
        assert_eq!(choose("hda intel, alc295", &systems, &all), Ok((1, 2)));
        assert_eq!(choose("usb", &systems, &all), Ok((0, 1)));
        let error = choose("no such", &systems, &all).unwrap_err();
        assert!(error.starts_with("there is no output called 'no such'"), "{error}");
    }
}
