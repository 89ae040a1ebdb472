//! `periphon scene` as people use it.
#![cfg(feature = "cli")]

mod program;

use program::{periphon, refused, sample, text};

#[test]
fn a_starter_is_written_whole_checked_and_never_overwritten_unasked() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["solo_trumpet.ogg", "speech.ogg"] {
        std::fs::copy(sample(name), dir.path().join(name)).unwrap();
    }
    let all = ["scene", "new", "s.toml", "solo_trumpet.ogg", "speech.ogg", "--preset", "club"];
    assert!(periphon(dir.path(), &all).status.success());
    let out = periphon(dir.path(), &["scene", "check", "s.toml"]);
    assert!(text(&out.stdout).contains("2 sources, room 'club'"), "{}", text(&out.stderr));
    refused(&periphon(dir.path(), &all), 2, "s.toml");
    refused(&periphon(dir.path(), &["scene", "new", "t.toml", "none.wav"]), 2, "none.wav");
    refused(&periphon(dir.path(), &["scene", "new", "t.toml", "--preset", "moon"]), 2, "cathedral");
    // What is commented out is right as well: every comment that is a key, taken in, is known.
    let starter = std::fs::read_to_string(dir.path().join("s.toml")).unwrap();
    for key in
        ["sample_rate", "duration", "propagation", "size", "t60", "directivity", "facing", "spread", "head_locked"]
    {
        assert!(starter.contains(&format!("# {key} = ")) || starter.contains(&format!("#   {key}")), "{key}");
    }
    assert!(!starter.contains('@'));
}

#[test]
fn every_mistake_is_one_line_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let scene = "format = 1\nx = 1\n[room]\npreset = \"studoi\"\n[[source]]\nfile = \"none.wav\"\nposition = [1, 2]\n";
    std::fs::write(dir.path().join("s.toml"), scene).unwrap();
    let out = periphon(dir.path(), &["scene", "check", "s.toml"]);
    let err = text(&out.stderr);
    assert_eq!(out.status.code(), Some(2));
    let errors: Vec<&str> = err.lines().filter(|l| l.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 4, "{err}");
    for (line, place) in errors.iter().zip(["2:1", "4:10", "6:8", "7:12"]) {
        assert!(line.starts_with(&format!("error: s.toml:{place}: ")), "{line}");
    }
    assert!(err.contains("hint: did you mean 'studio'?"));
    let out = periphon(dir.path(), &["scene", "check", "s.toml", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((out.status.code(), report["ok"].as_bool()), (Some(2), Some(false)));
    assert_eq!((report["errors"][1]["line"].as_u64(), report["errors"][1]["column"].as_u64()), (Some(4), Some(10)));
    refused(&periphon(dir.path(), &["scene", "check", "none.toml"]), 1, "none.toml");
}

#[test]
fn pictures_are_made_of_rooms_and_of_the_free_field() {
    let dir = tempfile::tempdir().unwrap();
    let band = sample("band.toml");
    let band = band.to_str().unwrap();
    for name in ["band.svg", "band.png"] {
        let out = periphon(dir.path(), &["scene", "plot", band, "-o", name]);
        assert!(out.status.success(), "{}", text(&out.stderr));
    }
    let svg = std::fs::read_to_string(dir.path().join("band.svg")).unwrap();
    for word in ["band-left", "guitar", "curtain-heavy", "13 s", "+25.7 ms", "2 m", "from above"] {
        assert!(svg.contains(word), "{word}");
    }
    assert!(std::fs::read(dir.path().join("band.png")).unwrap().starts_with(b"\x89PNG"));
    std::fs::write(dir.path().join("free.toml"), "format = 1\n").unwrap();
    assert!(periphon(dir.path(), &["scene", "plot", "free.toml", "-o", "free.svg"]).status.success());
    refused(&periphon(dir.path(), &["scene", "plot", "free.toml", "-o", "free.svg"]), 2, "free.svg");
    refused(&periphon(dir.path(), &["scene", "plot", "free.toml", "-o", "free.gif"]), 2, "free.gif");
    let out = periphon(dir.path(), &["inspect", band, "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report["scene"]["room"]["preset"], "club");
}
