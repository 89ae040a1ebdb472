//! The network against its definition written down as loops, damaged files, and the separator as its user sees it.

use super::file::Tensors;
use super::model::{BUILT_IN, Model};
use super::separator::Separator;
use super::unet::{BINS, UNet, Workspace};
use crate::buffer::AudioBuffer;
use crate::error::ErrorKind;
use std::sync::{Arc, LazyLock};

static MODEL: LazyLock<Arc<Model>> = LazyLock::new(|| Model::built_in().unwrap());

fn noise(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// A few voices of harmonics in noise: something that the networks do not take for silence.
fn song(frames: usize, channels: usize, rate: f32) -> AudioBuffer {
    let mut random = noise(5);
    let mut song = AudioBuffer::new(channels, frames);
    for channel in 0..channels {
        for (i, x) in song.channel_mut(channel).iter_mut().enumerate() {
            let t = i as f32 / rate;
            let pitch = std::f32::consts::TAU * (220.0 * t + 0.6 * (5.5 * std::f32::consts::TAU * t).sin());
            let voice: f32 = (1..12).map(|h| (pitch * h as f32).sin() / h as f32).sum();
            let x24 = 0.15 * voice + 0.05 * random() * (1.0 + channel as f32);
            *x = (x24 * 8_388_608.0).round() / 8_388_608.0;
        }
    }
    song
}

/// Pulls all that is there.
fn drain(separator: &mut Separator, voice: &mut AudioBuffer, band: &mut AudioBuffer, block: usize) {
    let (mut v, mut b) = (AudioBuffer::default(), AudioBuffer::default());
    while separator.pull(&mut v, &mut b, block) > 0 {
        voice.extend(&v.iter().collect::<Vec<_>>());
        band.extend(&b.iter().collect::<Vec<_>>());
    }
}

fn run(separator: &mut Separator, input: &AudioBuffer, block: usize) -> (AudioBuffer, AudioBuffer) {
    let channels = input.channels();
    let (mut voice, mut band) = (AudioBuffer::new(channels, 0), AudioBuffer::new(channels, 0));
    for start in (0..input.frames()).step_by(block) {
        let end = (start + block).min(input.frames());
        separator.push(&input.iter().map(|c| &c[start..end]).collect::<Vec<_>>()).unwrap();
        drain(separator, &mut voice, &mut band, block);
    }
    separator.finish();
    drain(separator, &mut voice, &mut band, block);
    (voice, band)
}

/// One layer as its definition has it: pictures `[channel][row][column]`.
struct Plane {
    channels: usize,
    height: usize,
    width: usize,
    data: Vec<f32>,
}

impl Plane {
    fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width, data: vec![0.0; channels * height * width] }
    }

    fn at(&self, c: usize, y: isize, x: isize) -> f32 {
        let inside = (0..self.height as isize).contains(&y) && (0..self.width as isize).contains(&x);
        if inside { self.data[(c * self.height + y as usize) * self.width + x as usize] } else { 0.0 }
    }

    fn each(mut self, f: impl Fn(usize, f32) -> f32) -> Self {
        let size = self.height * self.width;
        self.data.iter_mut().enumerate().for_each(|(i, x)| *x = f(i / size, *x));
        self
    }

    fn joined(mut self, other: Self) -> Self {
        self.channels += other.channels;
        self.data.extend(other.data);
        self
    }
}

/// The network, step by step, with all sums in order.
fn literal(file: &Tensors<'_>, part: &str, input: Plane) -> Plane {
    let depths = [16, 32, 64, 128, 256, 512];
    let quantised = |name: &str, shape: &[usize], o: usize| {
        let q = file.bytes_of_shape(&format!("{part}.{name}.weight_q"), shape).unwrap();
        let scale = file.floats(&format!("{part}.{name}.scale"), o).unwrap();
        (q, scale, file.floats(&format!("{part}.{name}.bias"), o).unwrap())
    };
    let norm = |plane: Plane, i: usize| {
        let read = |what: &str| file.floats(&format!("{part}.bn{i}.{what}"), plane.channels).unwrap();
        let (g, b, m, v) = (read("gamma"), read("beta"), read("mean"), read("var"));
        plane.each(|c, x| (x - m[c]) / (v[c] + 1e-3).sqrt() * g[c] + b[c])
    };
    let convolution = |from: &Plane, i: usize, to: usize| {
        let (q, scale, bias) = quantised(&format!("conv{i}"), &[to, from.channels, 5, 5], to);
        let mut out = Plane::new(to, from.height / 2, from.width / 2);
        for o in 0..to {
            for y in 0..out.height {
                for x in 0..out.width {
                    let mut sum = 0.0f64;
                    for c in 0..from.channels {
                        for k in 0..25 {
                            let (ky, kx) = (k / 5, k % 5);
                            let (py, px) = ((2 * y + ky) as isize - 1, (2 * x + kx) as isize - 1);
                            sum += f64::from(q[(o * from.channels + c) * 25 + k]) * f64::from(from.at(c, py, px));
                        }
                    }
                    out.data[(o * out.height + y) * out.width + x] = sum as f32 * scale[o] + bias[o];
                }
            }
        }
        out
    };
    let transposed = |from: &Plane, i: usize, to: usize| {
        let (q, scale, bias) = quantised(&format!("deconv{i}"), &[from.channels, to, 5, 5], to);
        let mut out = Plane::new(to, 2 * from.height, 2 * from.width);
        for c in 0..from.channels {
            for o in 0..to {
                for y in 0..from.height {
                    for x in 0..from.width {
                        let value = from.data[(c * from.height + y) * from.width + x];
                        for k in 0..25 {
                            let (py, px) = (2 * y + k / 5, 2 * x + k % 5);
                            if (1..=out.height).contains(&py) && (1..=out.width).contains(&px) {
                                out.data[(o * out.height + py - 1) * out.width + px - 1] +=
                                    f32::from(q[(c * to + o) * 25 + k]) * value;
                            }
                        }
                    }
                }
            }
        }
        out.each(|o, x| x * scale[o] + bias[o])
    };
    let mut skips = Vec::new();
    let mut now = input;
    for (i, &to) in depths.iter().enumerate() {
        let plain = convolution(&now, i, to);
        if i < 5 {
            let copy = Plane { data: plain.data.clone(), ..plain };
            now = norm(copy, i).each(|_, x| if x > 0.0 { x } else { 0.2 * x });
        }
        skips.push(plain);
    }
    now = skips.pop().unwrap();
    for i in 0..6 {
        let to = if i < 5 { depths[4 - i] } else { 1 };
        let up = norm(transposed(&now, i, to).each(|_, x| x.max(0.0)), i + 6);
        now = match skips.pop() {
            Some(skip) => skip.joined(up),
            None => up,
        };
    }
    let (q, scale, bias) = quantised("conv6", &[2, 1, 4, 4], 2);
    let mut out = Plane::new(2, now.height, now.width);
    for o in 0..2 {
        for y in 0..now.height {
            for x in 0..now.width {
                let tap = |k: usize| now.at(0, (y + k / 4 * 2) as isize - 3, (x + k % 4 * 2) as isize - 3);
                let sum: f32 = (0..16).map(|k| f32::from(q[o * 16 + k]) * scale[o] * tap(k)).sum();
                out.data[(o * now.height + y) * now.width + x] = 1.0 / (1.0 + (-sum - bias[o]).exp());
            }
        }
    }
    out
}

#[test]
fn the_network_is_its_definition_and_threads_do_not_change_it() {
    const HEIGHT: usize = 64;
    let file = Tensors::parse(BUILT_IN).unwrap();
    let mut random = noise(1);
    let mut input = Plane::new(2, HEIGHT, BINS);
    // Magnitudes as of music: large at the bottom, with stripes.
    for (i, x) in input.data.iter_mut().enumerate() {
        let k = i % BINS;
        *x = random().abs() * 300.0 / (1.0 + k as f32 * 0.05) * if k % 17 < 5 { 1.0 } else { 0.1 };
    }
    let mut work = Workspace::new(HEIGHT);
    for (y, row) in work.input_rows().enumerate() {
        for (x, pixel) in row.chunks_exact_mut(2).enumerate() {
            pixel.copy_from_slice(&[input.at(0, y as isize, x as isize), input.at(1, y as isize, x as isize)]);
        }
    }
    let network = UNet::read(&file, "vocals").unwrap();
    let mut fast = vec![0.0; HEIGHT * 2 * BINS];
    network.run(&mut work, 1, &mut fast);
    let mut again = vec![0.0; fast.len()];
    network.run(&mut work, 3, &mut again);
    assert!(fast == again, "the number of threads changes the answer");
    let slow = literal(&file, "vocals", input);
    let (mut worst, mut middle) = (0.0f32, 0);
    for (i, fast) in fast.iter().enumerate() {
        let slow = slow.at(i / BINS % 2, (i / BINS / 2) as isize, (i % BINS) as isize);
        worst = worst.max((fast - slow).abs());
        middle += usize::from((0.05..0.95).contains(&slow));
    }
    assert!(worst < 2e-3, "off by {worst}");
    assert!(middle > 1000, "an answer that is all or nothing would prove nothing: {middle}");
}

#[test]
fn a_damaged_model_is_refused_with_its_reason() {
    let header = 8 + u64::from_le_bytes(BUILT_IN[..8].try_into().unwrap()) as usize;
    for cut in [0, 7, 8, 100, header - 1, header, header + 10_000, BUILT_IN.len() - 1] {
        let error = Model::parse(&BUILT_IN[..cut]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{cut}: {error}");
    }
    let changed = |from: &str, to: &str| {
        let text = String::from_utf8_lossy(&BUILT_IN[8..header]).replacen(from, to, 1);
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text.as_bytes());
        bytes.extend(&BUILT_IN[header..]);
        Model::parse(&bytes).unwrap_err()
    };
    let shape = changed("[16,2,5,5]", "[16,2,5,6]");
    assert!(shape.to_string().contains("[16, 2, 5, 6]") && shape.to_string().contains("conv0"), "{shape}");
    let name = changed("vocals.conv3.bias", "vocals.conv3.bios");
    assert!(name.to_string().contains("vocals.conv3.bias") && !name.hints().is_empty(), "{name}");
    let kind = changed("\"I8\"", "\"U8\"");
    assert!(kind.to_string().contains("U8"), "{kind}");
    for (from, to) in
        [("\"data_offsets\":[", "\"data_offsets\":[9"), ("\"data_offsets\":[", "\"data_offsets\":[-"), ("{", "[")]
    {
        assert_eq!(changed(from, to).kind(), ErrorKind::Malformed, "{from} {to}");
    }
    let mut endless = u64::MAX.to_le_bytes().to_vec();
    endless.extend([b'{'; 100]);
    assert!(Model::parse(&endless).is_err());
    let mut poisoned = BUILT_IN.to_vec();
    poisoned[header..header + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(Model::parse(&poisoned).unwrap_err().to_string().contains("NaN"));
}

#[test]
fn block_sizes_and_threads_change_no_bit_and_the_parts_add_up() {
    let rate = 44_100;
    // A little more than one segment, so that there is a seam.
    let song = song(13 * rate as usize, 2, rate as f32);
    let whole = run(&mut Separator::new(MODEL.clone(), rate, 2, 2).unwrap(), &song, song.frames());
    let mut other = Separator::new(MODEL.clone(), rate, 2, 1).unwrap();
    assert!(whole == run(&mut other, &song, 977), "blocks or threads are heard");
    assert_eq!(whole.0.frames(), song.frames());
    let mut power = [0.0f64; 2];
    for channel in 0..2 {
        for i in 0..song.frames() {
            let (v, b) = (whole.0.channel(channel)[i], whole.1.channel(channel)[i]);
            assert_eq!(v + b, song.channel(channel)[i], "channel {channel}, frame {i}");
            power[0] += f64::from(v * v);
            power[1] += f64::from(b * b);
        }
    }
    assert!(power[0] > 0.0, "the harmonics are no voice at all to the networks, so nothing was tested: {power:?}");
    // A second track through the same separator is as through a new one.
    let short = super::tests::song(20_000, 2, rate as f32);
    let first = run(&mut Separator::new(MODEL.clone(), rate, 2, 2).unwrap(), &short, 4096);
    assert!(first == run(&mut other, &short, 4096), "a track is heard in the next");
}

#[test]
fn every_rate_and_length_comes_out_as_long_as_it_went_in() {
    for rate in [8_000, 22_050, 48_000, 96_000, 384_000] {
        let mut separator = Separator::new(MODEL.clone(), rate, 1, 2).unwrap();
        for frames in [0, 1, 2, 4097] {
            // Softer than what the networks are asked about, so that it takes no time.
            let mut input = AudioBuffer::new(1, frames);
            input.channel_mut(0).iter_mut().enumerate().for_each(|(i, x)| *x = (i % 7) as f32 * 1e-7);
            let (voice, band) = run(&mut separator, &input, 1000);
            assert_eq!(band, input, "{rate} Hz, {frames} frames");
            assert!(voice.channel(0).iter().all(|v| *v == 0.0));
        }
    }
    let mono = song(30_000, 1, 48_000.0);
    let (voice, band) = run(&mut Separator::new(MODEL.clone(), 48_000, 1, 2).unwrap(), &mono, 512);
    assert!((0..30_000).all(|i| voice.channel(0)[i] + band.channel(0)[i] == mono.channel(0)[i]));
}

#[test]
fn what_is_no_sound_is_silenced_and_counted() {
    let mut input = song(20_000, 2, 44_100.0);
    input.channel_mut(0)[5000] = f32::NAN;
    input.channel_mut(1)[6000] = f32::INFINITY;
    input.channel_mut(1)[6001] = -1e30;
    let mut separator = Separator::new(MODEL.clone(), 44_100, 2, 2).unwrap();
    let (voice, band) = run(&mut separator, &input, 512);
    assert_eq!(separator.silenced(), 3);
    assert!(voice.iter().chain(band.iter()).flatten().all(|x| x.is_finite()));
    assert_eq!(voice.channel(0)[5000] + band.channel(0)[5000], 0.0);
    assert_eq!(voice.channel(0)[4999] + band.channel(0)[4999], input.channel(0)[4999]);
}

#[test]
fn a_longer_track_takes_no_more_memory_and_comes_in_time() {
    let rate = 44_100u32;
    let mut separator = Separator::new(MODEL.clone(), rate, 2, 1).unwrap();
    let block = vec![0.0f32; rate as usize / 2];
    let (mut voice, mut band) = (AudioBuffer::default(), AudioBuffer::default());
    let (mut given, mut behind, mut most) = (0, 0, [0; 2]);
    // Silence, which the networks are not asked about: what is held does not depend on the sound.
    for i in 0..300 {
        separator.push(&[&block, &block]).unwrap();
        while separator.pull(&mut voice, &mut band, 8192) > 0 {
            given += voice.frames();
        }
        behind = behind.max((i + 1) * block.len() - given);
        let held = separator.held();
        most[usize::from(i >= 120)] = most[usize::from(i >= 120)].max(held);
    }
    assert!(behind <= separator.latency_frames() + block.len(), "{behind} frames behind");
    assert!(behind > 500_000, "the latency is said to be twelve seconds");
    assert!(most[1] <= most[0] && most[1] < 40 << 20, "{most:?} bytes");
}

#[test]
fn other_channel_counts_and_rates_are_refused() {
    for (rate, channels) in [(44_100, 0), (44_100, 3), (7_999, 2), (400_000, 2)] {
        let error = Separator::new(MODEL.clone(), rate, channels, 2).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
    }
    let mut separator = Separator::new(MODEL.clone(), 44_100, 2, 2).unwrap();
    assert!(separator.push(&[&[0.0; 4]]).is_err());
    assert!(separator.push(&[&[0.0; 4], &[0.0; 5]]).is_err());
}
