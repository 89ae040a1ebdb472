//! Heads, completions and manual pages on the command line.
#![cfg(feature = "cli")]

mod program;

use program::{periphon, refused, text};

#[test]
fn a_set_is_no_distance_from_itself() {
    let dir = tempfile::tempdir().unwrap();
    let out = periphon(dir.path(), &["hrtf", "compare", "kemar", "kemar", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    for figure in [&value["lsd_db"]["p95"], &value["itd_us"]["p95"], &value["ild_db"]["p95"], &value["level_db"]] {
        assert_eq!(figure.as_f64(), Some(0.0));
    }
    assert!(value["third_octaves"].as_array().unwrap().iter().all(|b| b["rms_db"].as_f64() == Some(0.0)));
    let out = periphon(dir.path(), &["hrtf", "compare", "kemar", "ku100", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert!(value["lsd_db"]["mean"].as_f64().unwrap() > 1.0);
}

#[test]
fn pictures_are_whole_and_are_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    for what in ["all", "grid", "itd", "ild", "horizontal", "median", "direction"] {
        let svg = format!("{what}.svg");
        let args = ["hrtf", "plot", "kemar", "-o", &svg, "--what", what];
        assert!(periphon(dir.path(), &args).status.success());
        let text = std::fs::read_to_string(dir.path().join(&svg)).unwrap();
        assert!(text.starts_with("<svg") && text.ends_with("</svg>\n") && !text.contains("NaN"));
        refused(&periphon(dir.path(), &args), 2, &svg);
        let png = format!("{what}.png");
        assert!(periphon(dir.path(), &["hrtf", "plot", "kemar", "-o", &png, "--what", what]).status.success());
        let bytes = std::fs::read(dir.path().join(&png)).unwrap();
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.ends_with(b"IEND\xae\x42\x60\x82"));
    }
    let out = periphon(dir.path(), &["hrtf", "plot", "ku100", "-o", "left.png", "--at", "-90,10", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((value["output"].as_str(), value["what"].as_str()), (Some("left.png"), Some("direction")));
    refused(&periphon(dir.path(), &["hrtf", "plot", "ku100", "-o", "a.pdf"]), 2, ".png");
    refused(
        &periphon(dir.path(), &["hrtf", "plot", "ku100", "-o", "a.svg", "--what", "itd", "--at", "0,0"]),
        2,
        "--at",
    );
}

#[test]
fn completions_and_manual_pages_are_made() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        assert!(text(&periphon(dir.path(), &["completions", shell]).stdout).contains("render"));
    }
    assert!(text(&periphon(dir.path(), &["man"]).stdout).contains(".TH"));
    assert!(periphon(dir.path(), &["man", "--dir", "."]).status.success());
    assert!(dir.path().join("periphon-hrtf-compare.1").exists());
}
