//! Head sets from SOFA files: every form of the same set reads the same, every odd one is named, every unusable one is
//! refused with the reason. `tests/data/hrtf/README.md` says where the files come from.
#![cfg(feature = "sofa")]

use std::path::{Path, PathBuf};

use periphon::ErrorKind;
use periphon::sofa::{self, GridKind, HrirData};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hrtf").join(name)
}

fn tiny(name: &str) -> periphon::Result<HrirData> {
    sofa::open(&data("tiny").join(format!("{name}.sofa")))
}

fn codes(set: &HrirData) -> Vec<&'static str> {
    sofa::doctor(set).iter().map(|f| f.code).collect()
}

/// Directions of the made set: azimuths 0, 45, ... 315, then both poles, at 2 m.
fn place(m: usize) -> [f64; 3] {
    match m {
        8 => [0.0, 0.0, 2.0],
        9 => [0.0, 0.0, -2.0],
        _ => {
            let (s, c) = (45.0 * m as f64).to_radians().sin_cos();
            [2.0 * c, 2.0 * s, 0.0]
        }
    }
}

/// Sample and value of the one pulse of a response (as in `make_tiny.py`).
fn pulse(m: usize, ear: usize) -> (usize, f32) {
    let s = place(m)[1] / 2.0 * if ear == 0 { 1.0 } else { -1.0 };
    ((16.0 - 14.0 * s + 1e-9).floor() as usize, (1.0 + s / 2.0) as f32)
}

fn assert_places(set: &HrirData, name: &str) {
    assert_eq!(set.len(), 10, "{name}");
    for (m, p) in set.positions.iter().enumerate() {
        let want = place(m);
        assert!((0..3).all(|i| (p[i] - want[i]).abs() < 1e-9), "{name} {m}: {p:?}, not {want:?}");
    }
}

fn assert_made_set(set: &HrirData, name: &str) {
    assert_eq!((set.taps, set.sample_rate), (64, 48000.0), "{name}");
    assert_places(set, name);
    for m in 0..10 {
        for ear in 0..2 {
            let (at, value) = pulse(m, ear);
            for (n, &x) in set.ir(m, ear).iter().enumerate() {
                let want = if n == at { value } else { 0.0 };
                assert!((x - want).abs() < 1e-6, "{name} measurement {m} ear {ear} sample {n}: {x}, not {want}");
            }
        }
    }
}

#[test]
fn every_form_of_one_set_reads_the_same() {
    for name in [
        "contiguous",
        "latest",
        "user_block",
        "big_endian_f64",
        "big_endian_f32_shuffled",
        "little_f32_shuffled",
        "fletcher",
        "extensible",
        "btree2",
        "fixed_array",
        "cartesian",
        "radians",
        "centimetres",
        "listener_off_origin",
        "head_turns",
        "receivers_swapped",
        "emitters",
        "emitters_first",
        "transfer",
        "transfer_general",
        "transfer_emitters",
        "rate_in_kilohertz",
        "rate_per_measurement",
        "delay_seconds",
    ] {
        let set = tiny(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_made_set(&set, name);
        assert!(!codes(&set).contains(&"swapped-ears"), "{name}");
        let delay = if name == "delay_seconds" { 0.5 } else { 0.0 };
        assert!(set.delays.iter().flatten().all(|d| (d - delay).abs() < 1e-6), "{name}");
    }
}

#[test]
fn bytes_and_file_read_the_same() {
    let path = data("tiny/latest.sofa");
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(sofa::parse(bytes).unwrap(), sofa::open(&path).unwrap());
}

#[test]
fn transfer_functions_without_dc_get_it_from_their_first_bin() {
    let set = tiny("transfer_no_dc").unwrap();
    assert_made_set(&set, "transfer_no_dc");
    assert!(codes(&set).contains(&"no-dc"));
}

#[test]
fn delays_in_the_field_stay_there() {
    for name in ["delay_field", "sections"] {
        let set = tiny(name).unwrap();
        assert_places(&set, name);
        for m in 0..10 {
            for ear in 0..2 {
                assert_eq!(set.delays[m][ear], pulse(m, ear).0 as f32, "{name}");
            }
        }
    }
}

#[test]
fn sections_ring_as_their_formula_says() {
    // 0.5 / (1 - 0.5 z^-1), then a gain of 2.
    let set = tiny("sections").unwrap();
    assert!(set.taps >= 16);
    for (n, &x) in set.ir(3, 1).iter().enumerate() {
        assert_eq!(x, 0.5f32.powi(n as i32));
    }
}

#[test]
fn what_is_odd_is_named() {
    for (name, code) in [
        ("odd_ears_swapped", "swapped-ears"),
        ("odd_double_itd", "double-itd"),
        ("odd_common_delay", "common-delay"),
        ("odd_loud", "level"),
        ("odd_rate", "itd-range"),
        ("odd_no_distance", "no-distance"),
        ("odd_duplicates", "duplicate-directions"),
        ("receivers_swapped", "receivers-swapped"),
        ("rate_in_kilohertz", "rate-in-kilohertz"),
        ("head_turns", "listener-moves"),
        ("contiguous", "pulses"),
    ] {
        let set = tiny(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        let found = codes(&set);
        assert!(found.contains(&code), "{name}: {found:?}");
    }
    assert_eq!(tiny("odd_no_distance").unwrap().positions[2][1], 1.0);
}

#[test]
fn what_cannot_be_used_is_refused_with_the_reason() {
    use ErrorKind::{Limit, Malformed, Unsupported};
    for (name, kind, says) in [
        ("refused_nan", Malformed, "measurement 7, receiver 1"),
        ("refused_rate_zero", Malformed, "sample rate is 0"),
        ("refused_rates_differ", Unsupported, "different sample rates"),
        ("refused_one_receiver", Unsupported, "1 receivers"),
        ("refused_wrong_rows", Malformed, "SourcePosition has 7 rows for 10"),
        ("refused_one_direction", Unsupported, "one direction"),
        ("refused_in_the_head", Malformed, "0.000 m"),
        ("refused_unit", Unsupported, "gradian"),
        ("refused_room", Unsupported, "measured room"),
        ("refused_directivity", Unsupported, "directivity"),
        ("refused_no_convention", Malformed, "SOFAConventions"),
        ("refused_silent", Malformed, "silent"),
        ("refused_uneven", Unsupported, "uneven"),
        ("refused_unstable", Malformed, "measurement 3, receiver 1, section 0 is unstable"),
        ("refused_huge", Limit, "Data.IR"),
        ("refused_never_written", Malformed, "Data.IR"),
        ("refused_huge_chunk", Malformed, "Data.IR"),
    ] {
        let error = tiny(name).expect_err(name);
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.to_string().contains(says), "{name}: {error}");
        assert!(error.path().is_some(), "{name}");
    }
    for (name, says, hint) in [
        ("SingleRoomSRIR_3views", "measured room", "--room"),
        ("SimpleHeadphoneIR_pulse", "headphones", "--headphones"),
    ] {
        let error = sofa::open(&data(&format!("{name}.sofa"))).expect_err(name);
        assert_eq!(error.kind(), Unsupported);
        assert!(error.to_string().contains(says) && error.hints()[0].contains(hint), "{error}");
    }
}

#[test]
fn what_is_no_sofa_file_is_told_apart() {
    for (bytes, says) in [
        (&b""[..], "is empty"),
        (b"MIT_KEMAR.sofa", "text of 14 bytes"),
        (b"RIFF....WAVEfmt ", "WAV"),
        (b"CDF\x01abc", "netCDF-3"),
        (&[0u8; 4000], "no HDF5 signature"),
        (b"\x89HDF\r\n\x1a\n", "damaged"),
    ] {
        let error = sofa::parse(bytes).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(sofa::open(Path::new("no/such/file.sofa")).unwrap_err().kind(), ErrorKind::Io);
}

/// Sum of all samples, sum of all samples weighted by (3 m + 7 r + n) mod 11: no two may have changed places.
fn sums(set: &HrirData) -> (f64, f64) {
    let (mut plain, mut weighted) = (0.0, 0.0);
    for m in 0..set.len() {
        for r in 0..2 {
            for (n, &x) in set.ir(m, r).iter().enumerate() {
                plain += f64::from(x);
                weighted += f64::from(x) * ((3 * m + 7 * r + n) % 11) as f64;
            }
        }
    }
    (plain, weighted)
}

/// File, measurements, samples, rate, and the two sums as h5py and NumPy give them.
const MEASURED: &[(&str, usize, usize, f64, f64, f64)] = &[
    ("mit_kemar_normal_pinna_44k.sofa", 710, 512, 44100.0, -25.3634644, -140.152374),
    ("sadie_ku100_dfc_48k.sofa", 1550, 256, 48000.0, -2037.58198, -10210.8788),
    ("GeneralFIR.sofa", 62, 256, 48000.0, -81.2268494, -456.842254),
    ("SimpleFreeFieldHRIR_44100.sofa", 62, 236, 44100.0, -74.6315231, -371.988017),
    ("SimpleFreeFieldHRIR_spherical.sofa", 62, 256, 48000.0, -81.2268494, -456.842254),
    ("h5_chunked_deflate_btree1.sofa", 62, 256, 48000.0, -81.2268494, -456.842254),
    ("h5_chunked_deflate_shuffle_fletcher.sofa", 62, 256, 48000.0, -81.2268494, -456.842254),
    ("h5_chunked_nofilter_btree1.sofa", 62, 256, 48000.0, -81.2268494, -456.842254),
    ("h5_contiguous_v0.sofa", 62, 256, 48000.0, -81.2268494, -456.842254),
    ("h5_contiguous_v3.sofa", 62, 256, 48000.0, -81.2268494, -456.842254),
    ("h5_float32.sofa", 62, 256, 48000.0, -81.2268494, -456.842254),
    ("h5_latest_extensible.sofa", 62, 256, 48000.0, -81.2268494, -456.842254),
    ("h5_latest_single_chunk.sofa", 62, 256, 48000.0, -81.2268494, -456.842254),
    ("3dti_irc1013_delayfield_128_44k.sofa", 187, 128, 44100.0, -19.8912079, -98.8708511),
    ("cipic_003_itd_in_delay_44k.sofa", 1250, 200, 44100.0, -1278.83993, -6373.56563),
    ("cipic_003_sofa06_44k.sofa", 1250, 200, 44100.0, -1280.93634, -6450.03811),
    ("HRIR_6_points.sofa", 6, 256, 44100.0, 12.0, 67.0171776),
    ("hutubs_pp69_smoothed_no_itd_44k.sofa", 440, 256, 44100.0, 888.095868, 4456.92257),
    ("pulse_1250_48k.sofa", 1250, 256, 48000.0, 2500.0, 12498.0),
    ("sonicom_axd_p1_48k.sofa", 793, 256, 48000.0, 53.9772204, 481.141047),
    ("thk_ku100_circ360_ff_48k.sofa", 360, 128, 48000.0, 887.463102, 4435.80413),
    ("thk_ku100_circ_multidistance_48k.sofa", 720, 128, 48000.0, 1530.27488, 7612.08656),
    ("tub_kemar_lfcorr_horizontal_44k.sofa", 360, 512, 44100.0, -112.288476, -563.983295),
];

#[test]
fn measured_sets_have_the_values_that_h5py_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for &(name, m, n, rate, plain, weighted) in MEASURED {
        // Small ones and the built-in heads are in the repository, the others beside it where there is a shared folder.
        let places = ["hrtf", "tests/data/hrtf", "../shared/data/hrtf/conventions", "../shared/data/hrtf/variety"];
        let Some(path) = places.iter().map(|p| root.join(p).join(name)).find(|p| p.exists()) else { continue };
        let set = sofa::open(&path).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((set.len(), set.taps, set.sample_rate), (m, n, rate), "{name}");
        let (p, w) = sums(&set);
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
        assert!(near(p, plain) && near(w, weighted), "{name}: {p} {w}");
        assert!(!codes(&set).contains(&"swapped-ears"), "{name}");
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} files");
}

#[test]
fn both_built_in_heads_are_whole_and_sound() {
    assert_eq!(sofa::builtin_names().collect::<Vec<_>>(), ["ku100", "kemar"]);
    assert!(sofa::builtin("nobody").is_none());
    let set = sofa::parse(sofa::builtin("ku100").unwrap()).unwrap();
    let diagnosis = sofa::diagnose(&set);
    assert_eq!((set.len(), set.taps, set.sample_rate), (1550, 256, 48000.0));
    assert_eq!(diagnosis.findings, []);
    assert_eq!(diagnosis.grid.kind, GridKind::Rings);
    let [least, greatest] = diagnosis.itd_s.unwrap();
    assert!((5e-4..1e-3).contains(&greatest) && (5e-4..1e-3).contains(&-least), "{least} {greatest}");
    let kemar = sofa::parse(sofa::builtin("kemar").unwrap()).unwrap();
    assert_eq!((kemar.len(), kemar.taps, kemar.sample_rate), (710, 512, 44100.0));
    assert!(codes(&kemar).contains(&"missing-poles"));
}

#[test]
fn transfer_functions_and_impulse_responses_of_one_head_agree() {
    let transfer = sofa::open(&data("SimpleFreeFieldHRTF_TF.sofa")).unwrap();
    let impulse = sofa::open(&data("GeneralFIR.sofa")).unwrap();
    assert_eq!(transfer.positions, impulse.positions);
    assert!(transfer.irs.iter().zip(&impulse.irs).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn receivers_in_the_other_order_are_put_right() {
    let swapped = sofa::open(&data("SimpleFreeFieldHRIR_receivers_swapped.sofa")).unwrap();
    assert_eq!(swapped.irs, sofa::open(&data("GeneralFIR.sofa")).unwrap().irs);
    assert!(codes(&swapped).contains(&"receivers-swapped"));
}

#[test]
fn spherical_harmonics_come_near_the_set_they_were_made_from() {
    let smooth = sofa::open(&data("FreeFieldHRIR.sofa")).unwrap();
    assert!(codes(&smooth).contains(&"spherical-harmonics"));
    assert!(smooth.positions.iter().all(|p| (p.iter().map(|v| v * v).sum::<f64>().sqrt() - 1.5).abs() < 1e-9));
    // The coefficients of order 0 are the mean over all directions; the grid weighs rings by their circumference.
    let (mut mean, mut weights) = (0.0, 0.0);
    for (m, p) in smooth.positions.iter().enumerate() {
        let weight = p[0].hypot(p[1]);
        mean += weight * f64::from(smooth.ir(m, 0)[40]);
        weights += weight;
    }
    let file = sofa::Container::open(&data("FreeFieldHRIR.sofa")).unwrap();
    let coefficient = file.values("Data.IR").unwrap()[40 * 16] / (4.0 * std::f64::consts::PI).sqrt();
    assert!((mean / weights - coefficient).abs() < 0.01 * coefficient.abs() + 1e-6, "{} {coefficient}", mean / weights);
}

#[test]
fn the_container_reads_any_sofa_file() {
    let file = sofa::Container::open(&data("SingleRoomSRIR_3views.sofa")).unwrap();
    assert_eq!(file.attribute("SOFAConventions"), Some("SingleRoomSRIR"));
    let ir = file.variable("Data.IR").unwrap();
    assert_eq!((&ir.dims[..], ir.stored_as()), (&[3, 2, 4096][..], Some("float64")));
    assert_eq!(file.values("RoomCornerB").unwrap(), [6.0, 4.0, 3.0]);
    assert_eq!(file.variable("ListenerView").unwrap().attribute("Type"), Some("cartesian"));
    assert_eq!(file.samples("Data.IR").unwrap().len(), 3 * 2 * 4096);
    assert!(file.values("Nothing").unwrap_err().to_string().contains("Nothing"));
}

#[test]
fn odd_files_of_the_shared_folder_have_their_stated_outcome() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/hrtf");
    let outcomes: &[(&str, Result<&[&str], &str>)] = &[
        ("variety/hutubs_pp69_smoothed_no_itd_44k.sofa", Ok(&["no-itd", "truncated", "ear-distance"])),
        ("variety/pulse_1250_48k.sofa", Ok(&["pulses", "no-itd"])),
        ("variety/cipic_003_sofa06_44k.sofa", Ok(&["receiver-positions", "missing-poles"])),
        ("variety/tub_kemar_lfcorr_horizontal_44k.sofa", Ok(&["receiver-positions", "horizontal-only"])),
        ("variety/thk_ku100_circ_multidistance_48k.sofa", Ok(&["several-distances", "horizontal-only"])),
        ("variety/HRTF_FourPointHorPlane_r100cm.sofa", Ok(&["band-limited", "no-dc", "conjugated", "wrapped"])),
        ("variety/odd_values_negative_delay_tester2.sofa", Err("no ear leads")),
        ("variety/general_fir_e_4d.sofa", Err("silent")),
        ("conventions/MultiSpeakerBRIR_3views_5speakers.sofa", Err("measured room")),
        ("conventions/h5_lzf_unsupported_filter.sofa", Err("LZF")),
        ("malformed/fail-issue-75.sofa", Err("damaged")),
        ("malformed/fail-issue-96.sofa", Err("damaged")),
        ("malformed/fail-issue-130.sofa", Err("damaged")),
        ("malformed/fail-issue-135.sofa", Err("damaged")),
        ("malformed/fail-issue-156.sofa", Err("damaged")),
        ("malformed/fail-issue-167a.sofa", Err("damaged")),
        ("malformed/fail-issue-171.sofa", Err("damaged")),
    ];
    for (name, outcome) in outcomes.iter().filter(|(name, _)| shared.join(name).exists()) {
        match (sofa::open(&shared.join(name)), outcome) {
            (Ok(set), Ok(expected)) => {
                let found = codes(&set);
                assert!(expected.iter().all(|c| found.contains(c)), "{name}: {found:?}");
            }
            (Err(e), Err(says)) => assert!(e.to_string().contains(says), "{e}"),
            (got, _) => panic!("{name}: {:?}", got.map(|s| s.findings)),
        }
    }
}
