//! From the positions that a file reports to our [`Layout`]: which label each channel gets, and in which order the
//! channels leave the decoder.
//!
//! Positions are written as the bits of a WAV channel mask (WAVEFORMATEXTENSIBLE, bits 0 to 17), followed by the
//! positions that 22.2 needs and masks lack.

use crate::layout::{Layout, speaker};

/// Bits of a WAV mask.
pub(super) mod at {
    pub const FL: u64 = 1 << 0;
    pub const FR: u64 = 1 << 1;
    pub const FC: u64 = 1 << 2;
    pub const LFE: u64 = 1 << 3;
    pub const BL: u64 = 1 << 4;
    pub const BR: u64 = 1 << 5;
    pub const FLC: u64 = 1 << 6;
    pub const FRC: u64 = 1 << 7;
    pub const BC: u64 = 1 << 8;
    pub const SL: u64 = 1 << 9;
    pub const SR: u64 = 1 << 10;
    pub const TC: u64 = 1 << 11;
    pub const TFL: u64 = 1 << 12;
    pub const TFC: u64 = 1 << 13;
    pub const TFR: u64 = 1 << 14;
    pub const TBL: u64 = 1 << 15;
    pub const TBC: u64 = 1 << 16;
    pub const TBR: u64 = 1 << 17;
    // Not in a mask; the numbers are those of symphonia.
    pub const LFE2: u64 = 1 << 18;
    pub const TSL: u64 = 1 << 19;
    pub const TSR: u64 = 1 << 20;
    pub const BFC: u64 = 1 << 21;
    pub const BFL: u64 = 1 << 22;
    pub const BFR: u64 = 1 << 23;
    pub const FLW: u64 = 1 << 24;
    pub const FRW: u64 = 1 << 25;
}
use at::*;

/// A layout and, for each channel of the file, the channel of the layout that it becomes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placement {
    pub layout: Layout,
    /// `order[file channel] = channel of the layout`.
    pub order: Vec<usize>,
    /// What had to be assumed.
    pub assumed: Option<String>,
}

impl Placement {
    /// Channels in file order with the given layout.
    pub fn straight(layout: Layout) -> Self {
        let order = (0..layout.channels()).collect();
        Self { layout, order, assumed: None }
    }

    fn assuming(mut self, why: String) -> Self {
        self.assumed = Some(why);
        self
    }

    /// Channels whose places nobody knows.
    pub fn discrete(channels: usize) -> Self {
        Self::straight(Layout::Discrete { channels })
    }
}

/// Channels at known positions, one mask bit each, in file order.
pub(super) fn from_positions(positions: &[u64]) -> Placement {
    if positions.len() == 1 {
        return Placement::straight(named("mono", 1));
    }
    let set = positions.iter().fold(0, |all, bit| all | bit);
    let labels: Option<Vec<&str>> = positions.iter().map(|&bit| label(bit, set)).collect();
    let distinct = set.count_ones() as usize == positions.len();
    let Some(labels) = labels.filter(|l| distinct && l.iter().all(|l| speaker(l).is_some())) else {
        return Placement::discrete(positions.len()).assuming(format!(
            "the positions of the {} channels are not ones that a layout can name; their places are taken as unknown",
            positions.len()
        ));
    };
    // A known layout in another order is put into that layout's order; anything else keeps the order of the file.
    for name in Layout::names() {
        let Ok(layout) = Layout::named(name, labels.len()) else { continue };
        let Layout::Speakers { speakers, .. } = &layout else { continue };
        let order: Option<Vec<usize>> = labels.iter().map(|l| speakers.iter().position(|s| s.label == *l)).collect();
        if let Some(order) = order {
            return Placement { layout, order, assumed: None };
        }
    }
    Placement::straight(Layout::from_labels(&labels))
}

/// Channels under a WAV mask: the bits from low to high are the channels in order.
pub(super) fn from_mask(mask: u64, channels: usize) -> Placement {
    let bits: Vec<u64> = (0..64).map(|i| 1u64 << i).filter(|bit| mask & bit != 0).collect();
    if mask == 0 {
        return from_count(channels);
    }
    if bits.len() < channels {
        // Some writers (hound among them) set the first n bits and stop at the last one that exists.
        let guess = from_count(channels);
        return Placement {
            assumed: Some(format!(
                "the channel mask names {} places for {channels} channels; read as {}",
                bits.len(),
                guess.layout.name()
            )),
            ..guess
        };
    }
    let placed = from_positions(&bits[..channels]);
    if bits.len() > channels && placed.assumed.is_none() {
        let said =
            format!("the channel mask names {} places for {channels} channels; the first ones are used", bits.len());
        return placed.assuming(said);
    }
    placed
}

/// Channels of a file that says nothing of their places: the usual layout of that many.
pub(super) fn from_count(channels: usize) -> Placement {
    let name = match channels {
        1 => "mono",
        2 => "stereo",
        3 => "3.0",
        4 => "quad",
        5 => "5.0",
        6 => "5.1",
        7 => "6.1",
        8 => "7.1",
        10 => "5.1.4",
        12 => "7.1.4",
        24 => "22.2",
        _ => {
            return Placement::discrete(channels)
                .assuming(format!("the file does not say where its {channels} channels belong"));
        }
    };
    let placed = Placement::straight(named(name, channels));
    if channels <= 2 {
        return placed;
    }
    placed.assuming(format!("the file does not say where its {channels} channels belong; read as {name}"))
}

/// The order of Vorbis I (section 4.3.9) and of Opus mapping family 1 for 1 to 8 channels, as mask bits.
pub(super) fn vorbis_positions(channels: usize) -> Option<&'static [u64]> {
    const ORDERS: [&[u64]; 8] = [
        &[FC],
        &[FL, FR],
        &[FL, FC, FR],
        &[FL, FR, BL, BR],
        &[FL, FC, FR, BL, BR],
        &[FL, FC, FR, BL, BR, LFE],
        &[FL, FC, FR, SL, SR, BC, LFE],
        &[FL, FC, FR, SL, SR, BL, BR, LFE],
    ];
    ORDERS.get(channels.checked_sub(1)?).copied()
}

fn named(name: &str, channels: usize) -> Layout {
    Layout::named(name, channels).unwrap_or(Layout::Discrete { channels })
}

/// The BS.2051 label of one position. What a name means depends on its company: back channels stand at ±110° in 5.1,
/// at ±135° in quad and 7.1; front left stands at 60° where 22.2 has a pair between it and the centre.
fn label(bit: u64, set: u64) -> Option<&'static str> {
    let both = |a, b| set & (a | b) == (a | b);
    let wide = both(FLC, FRC) && set & (LFE2 | TSL | BFL | TC) != 0;
    let four_around = (both(BL, BR) && both(SL, SR)) || wide;
    let has_centre = set & FC != 0;
    let (surround, surround_right) = match (four_around, has_centre || set & LFE != 0) {
        (true, _) | (false, false) => ("M+135", "M-135"),
        (false, true) => ("M+110", "M-110"),
    };
    let (side, side_right) = if four_around || set & BC != 0 { ("M+090", "M-090") } else { (surround, surround_right) };
    Some(match bit {
        FL => ["M+030", "M+060"][usize::from(wide)],
        FR => ["M-030", "M-060"][usize::from(wide)],
        FC => "M+000",
        LFE => "LFE1",
        LFE2 => "LFE2",
        BL => surround,
        BR => surround_right,
        FLC => ["M+SC", "M+030"][usize::from(wide)],
        FRC => ["M-SC", "M-030"][usize::from(wide)],
        BC => "M+180",
        SL => side,
        SR => side_right,
        TC => "T+000",
        TFL => ["U+030", "U+045"][usize::from(four_around)],
        TFR => ["U-030", "U-045"][usize::from(four_around)],
        TFC => "U+000",
        TBL => ["U+110", "U+135"][usize::from(four_around)],
        TBR => ["U-110", "U-135"][usize::from(four_around)],
        TBC => "U+180",
        TSL => "U+090",
        TSR => "U-090",
        BFC => "B+000",
        BFL => "B+045",
        BFR => "B-045",
        FLW => "M+060",
        FRW => "M-060",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_five_one_are_the_same_layout() {
        for mask in [0x3f, 0x60f] {
            let placed = from_mask(mask, 6);
            assert_eq!(placed.layout.name(), "5.1");
            assert_eq!(placed.order, [0, 1, 2, 3, 4, 5]);
            assert_eq!(placed.assumed, None);
        }
    }

    #[test]
    fn masks_of_the_common_layouts_get_their_names() {
        for (mask, name) in [
            (0x4, "mono"),
            (0x3, "stereo"),
            (0x7, "3.0"),
            (0x33, "quad"),
            (0x107, "4.0"),
            (0x37, "5.0"),
            (0x607, "5.0"),
            (0x70f, "6.1"),
            (0x63f, "7.1"),
            (0x503f, "5.1.2"),
            (0x2d03f, "5.1.4"),
            (0x2d63f, "7.1.4"),
        ] {
            let placed = from_mask(mask, u64::count_ones(mask) as usize);
            assert_eq!(placed.layout.name(), name, "mask {mask:#x}");
            assert!(placed.order.iter().copied().eq(0..placed.order.len()));
        }
    }

    #[test]
    fn vorbis_order_is_put_into_ours() {
        let placed = from_positions(vorbis_positions(6).unwrap());
        assert_eq!(placed.layout.name(), "5.1");
        assert_eq!(placed.order, [0, 2, 1, 4, 5, 3]);
        let placed = from_positions(vorbis_positions(8).unwrap());
        assert_eq!(placed.layout.name(), "7.1");
        assert_eq!(placed.order, [0, 2, 1, 6, 7, 4, 5, 3]);
    }

    #[test]
    fn twenty_two_two_by_positions_is_found() {
        let smpte = [
            FL, FR, FC, LFE, BL, BR, FLC, FRC, BC, LFE2, SL, SR, TFL, TFR, TFC, TC, TBL, TBR, TSL, TSR, TBC, BFC, BFL,
            BFR,
        ];
        let placed = from_positions(&smpte);
        assert_eq!(placed.layout.name(), "22.2");
        assert!(placed.order.iter().copied().eq(0..24));
    }

    #[test]
    fn what_has_no_name_keeps_every_channel() {
        assert_eq!(from_count(11).layout, Layout::Discrete { channels: 11 });
        assert_eq!(from_positions(&[1 << 40, FL]).layout, Layout::Discrete { channels: 2 });
        assert_eq!(from_positions(&[FL, FL]).layout, Layout::Discrete { channels: 2 });
        assert_eq!(from_mask(0x3, 4).layout.channels(), 4);
        assert_eq!(from_mask(0xf, 4).layout.channels(), 4);
    }
}
