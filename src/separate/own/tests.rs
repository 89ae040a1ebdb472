//! What is read out of shapes and descriptions, and how segments go together; no graph is run here.

use super::contract::{Contract, Kind, Shapes, Size};
use super::description::Description;
use super::network::Network;
use super::stream::{Seams, StemSeparator};
use crate::ErrorKind;
use crate::buffer::AudioBuffer;
use crate::error::Result;

fn shapes(input: &[Size], outputs: &[(&str, &[Size])]) -> Shapes {
    let output = |(name, shape): &(&str, &[Size])| ((*name).to_string(), Some(shape.to_vec()));
    Shapes { inputs: vec![("x".to_string(), Some(input.to_vec()))], outputs: outputs.iter().map(output).collect() }
}

fn contract(input: &[Size], outputs: &[(&str, &[Size])], told: &str) -> Result<Contract> {
    Contract::new(&shapes(input, outputs), &Description::parse(told).unwrap(), "model")
}

const N: Size = Some(343_980);

#[test]
fn kinds_sizes_and_names_are_found_in_the_shapes() {
    // Demucs, of four and of six stems.
    let four = contract(&[Some(1), Some(2), N], &[("y", &[Some(1), Some(4), Some(2), N])], "").unwrap();
    assert_eq!((four.kind, four.segment, four.sample_rate), (Kind::Waveform, 343_980, 44_100));
    assert_eq!(four.stems, ["drums", "bass", "other", "vocals"]);
    assert!(four.warnings.iter().any(|w| w.contains("does not name its stems")), "{:?}", four.warnings);
    let six = contract(&[None, Some(2), None], &[("y", &[None, Some(6), Some(2), None])], "").unwrap();
    assert_eq!((six.segment, six.stems.len()), (441_000, 6));
    // MDX-Net: one stem, which must be told by a description or the file's name.
    let x = [None, Some(4), Some(2048), Some(256)];
    let mdx = contract(&x, &[("y", &x)], "window = 6144\nstems = ['vocals']\nsample_rate = 44100\n").unwrap();
    assert_eq!((mdx.kind, mdx.lines, mdx.frames, mdx.window, mdx.hop), (Kind::Complex, 2048, 256, 6144, 1024));
    assert_eq!((mdx.segment, mdx.edge), (255 * 1024, 3072));
    assert!(mdx.warnings.is_empty(), "{:?}", mdx.warnings);
    let named = Contract::new(&shapes(&x, &[("y", &x)]), &Description::default(), "UVR-MDX-NET-Inst_HQ_3").unwrap();
    assert_eq!(named.stems, ["UVR-MDX-NET-Inst_HQ_3"]);
    // Open-Unmix: its lines tell the window.
    let x = [None, Some(2), Some(2049), None];
    let umx = contract(&x, &[("y", &x)], "").unwrap();
    assert_eq!((umx.kind, umx.window, umx.hop, umx.frames), (Kind::Magnitude, 4096, 1024, 256));
    // An output for each stem.
    let one: &[Size] = &[Some(1), Some(2), N];
    let each = contract(&[Some(1), Some(2), N], &[("vocals", one), ("drums", one)], "").unwrap();
    assert_eq!(each.stems, ["vocals", "drums"]);
    let flat = contract(&[Some(1), Some(2), N], &[("y", &[Some(1), Some(8), N])], "").unwrap();
    assert_eq!(flat.stems.len(), 4);
}

#[test]
fn what_cannot_be_used_is_refused_with_its_shape() {
    let x = [Some(1), Some(2), N];
    let y: &[Size] = &[Some(1), Some(4), Some(2), N];
    for (input, output, told, said) in [
        (&[Some(1), Some(3), Some(224), Some(224)][..], y, "", "[1, 3, 224, 224]"),
        (&[Some(1), Some(1000)], y, "", "[1, 1000]"),
        (&[Some(4), Some(2), N], y, "", "pieces at once"),
        (&x, &[Some(1), Some(1000)], "", "[1, 1000]"),
        (&x, &[Some(1), Some(4), Some(1), N], "", "[1, 4, 1, 343980]"),
        (&x, &[Some(1), Some(4), Some(2), Some(5)], "", "stems of 2 x 343980"),
        (&x, &[Some(1), Some(99), Some(2), N], "", "1 to 16 stems"),
        (&x, y, "segment = 44100", "by its shape"),
        (&x, y, "stems = ['vocals']", "1 stems are named"),
        (&x, y, "kind = 'complex'", "as of waveform"),
        (&[Some(1), Some(2), Some(1 << 40)], &[Some(1), Some(4), Some(2), Some(1 << 40)], "", "too large"),
        (&[Some(1), Some(4), Some(4096), Some(256)], y, "window = 4096", "has 2049 lines"),
        (&[Some(1), Some(4), Some(2048), Some(3)], &[Some(1), Some(4), Some(2048), Some(3)], "", "too few"),
    ] {
        let error = contract(input, &[("y", output)], told).unwrap_err();
        assert!(error.to_string().contains(said), "{input:?} {output:?}: {error}");
        assert_ne!(error.kind(), ErrorKind::Io);
    }
    let two = Shapes {
        inputs: vec![("mix".to_string(), None), ("mag".to_string(), None)],
        outputs: vec![("y".to_string(), None)],
    };
    let error = Contract::new(&two, &Description::default(), "m").unwrap_err();
    assert!(error.to_string().contains("mix, mag"), "{error}");
}

#[test]
fn descriptions_are_checked_and_metadata_fills_the_gaps() {
    for (text, said) in [
        ("kind = 'wave'", "there is no kind of model 'wave'"),
        ("window = 4095", "must be even"),
        ("stems = []", "a list of 1 to 16 names"),
        ("stems = [1]", "names in quotes"),
        ("rate = 1", "unknown key 'rate'"),
        ("overlap = 0.9", "0.01 to 0.5"),
        ("[", "not TOML"),
    ] {
        let error = Description::parse(text).unwrap_err();
        assert!(error.to_string().contains(said), "{text}: {error}");
    }
    let get = |key: &str| match key {
        "sources" => Some("['drums', 'bass']".to_string()),
        "samplerate" => Some("48000".to_string()),
        _ => None,
    };
    let told = Description::parse("stems = ['a']").unwrap().or_metadata(get);
    assert_eq!((told.stems, told.sample_rate), (vec!["a".to_string()], Some(48_000)));
    assert_eq!(Description::default().or_metadata(get).stems, ["drums", "bass"]);
}

/// A network that says: the first stem is three quarters of it, the second what it hears of the past. At the ends it talks
/// nonsense.
struct Fake {
    edge: usize,
    longest: usize,
}

impl Network for Fake {
    fn run(&mut self, segment: &[Vec<f32>; 2]) -> Result<Vec<[Vec<f32>; 2]>> {
        let n = segment[0].len();
        self.longest = self.longest.max(n);
        let inside = |i: usize| i >= self.edge && i < n - self.edge;
        let stem = |gain: f32| {
            segment
                .each_ref()
                .map(|c| (0..n).map(|i| if inside(i) { gain * c[i] } else { 1000.0 }).collect::<Vec<f32>>())
        };
        Ok(vec![stem(0.75), stem(0.125)])
    }
}

fn separator(model_rate: u32, rate: u32, channels: usize) -> StemSeparator {
    let seams = Seams { segment: 1000, overlap: 300, edge: 100 };
    let stems = ["vocals".to_string(), "drums".to_string()];
    StemSeparator::with(Box::new(Fake { edge: 100, longest: 0 }), &stems, seams, model_rate, rate, channels).unwrap()
}

fn noise(frames: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    (0..frames)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as f32 / 8_388_608.0 - 1.0) * 0.5
        })
        .collect()
}

/// All parts of a song that goes through in blocks.
fn through(separator: &mut StemSeparator, song: &[Vec<f32>], block: usize) -> Vec<AudioBuffer> {
    let mut all = vec![AudioBuffer::new(song.len(), 0); separator.names().len()];
    let mut parts = Vec::new();
    let mut take = |separator: &mut StemSeparator, most| {
        while separator.pull(&mut parts, most) > 0 {
            all.iter_mut().zip(&parts).for_each(|(a, p)| a.extend(&p.iter().collect::<Vec<_>>()));
        }
    };
    for at in (0..song[0].len()).step_by(block) {
        let to = (at + block).min(song[0].len());
        separator.push(&song.iter().map(|c| &c[at..to]).collect::<Vec<_>>()).unwrap();
        take(separator, block);
    }
    separator.finish().unwrap();
    take(separator, 777);
    all
}

#[test]
fn segments_fade_into_each_other_and_their_ends_are_not_heard() {
    for frames in [0, 1, 150, 999, 1000, 1001, 5000, 12_345] {
        let song = [noise(frames, 1), noise(frames, 2)];
        let whole = through(&mut separator(44_100, 44_100, 2), &song, 100_000);
        assert!(whole == through(&mut separator(44_100, 44_100, 2), &song, 333), "blocks are heard");
        for c in 0..2 {
            let planes: Vec<&[f32]> = whole.iter().map(|p| p.channel(c)).collect();
            assert_eq!(planes.iter().map(|p| p.len()).collect::<Vec<_>>(), [frames; 3]);
            for i in 0..frames {
                assert!((planes[0][i] - 0.75 * song[c][i]).abs() < 1e-5, "frame {i} of {frames}");
                assert!((planes[1][i] - 0.125 * song[c][i]).abs() < 1e-5, "frame {i} of {frames}");
                assert!((planes.iter().map(|p| p[i]).sum::<f32>() - song[c][i]).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn another_rate_and_one_channel_come_back_whole_and_in_step() {
    // Below the model's band, so that resampling loses nothing.
    let song: Vec<f32> = (0..30_000).map(|i| (i as f32 * 0.05).sin() * 0.5).collect();
    for (model_rate, rate, channels) in [(44_100, 96_000, 1), (44_100, 48_000, 2), (16_000, 44_100, 2)] {
        let input = vec![song.clone(); channels];
        let parts = through(&mut separator(model_rate, rate, channels), &input, 4096);
        for c in 0..channels {
            assert!(parts.iter().all(|p| p.frames() == song.len()));
            for i in 0..song.len() {
                let sum: f32 = parts.iter().map(|p| p.channel(c)[i]).sum();
                assert!((sum - song[i]).abs() < 1e-6, "frame {i}");
            }
            let inner = 2000..song.len() - 2000;
            let worst = inner.map(|i| (parts[0].channel(c)[i] - 0.75 * song[i]).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{model_rate} for {rate}: {worst}");
        }
    }
}

#[test]
fn a_longer_song_takes_no_more_memory() {
    let mut separator = separator(44_100, 44_100, 2);
    let block = noise(500, 3);
    let mut parts = Vec::new();
    let mut behind = 0;
    for _ in 0..200 {
        separator.push(&[&block, &block]).unwrap();
        behind += block.len();
        while separator.pull(&mut parts, 8192) > 0 {
            behind -= parts[0].frames();
        }
        assert!(behind < 1500, "{behind} frames wait");
    }
    assert!(separator.push(&[&block]).is_err() && separator.push(&[&block, &block[1..]]).is_err());
}
