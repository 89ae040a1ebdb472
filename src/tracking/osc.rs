//! Open Sound Control 1.0 (opensoundcontrol.org/spec-1_0): messages and bundles, as far as numbers go.
//!
//! Strings, blobs and time tags among the arguments are passed over. Nothing is allocated, and nothing is trusted.

/// Bundles within bundles at most.
const DEEPEST: usize = 8;
/// Numbers of a message that are kept; further ones are passed over.
pub const MOST_NUMBERS: usize = 16;
/// Messages of a packet at most: a UDP packet has room for no more that mean anything.
const MOST_MESSAGES: usize = 256;

/// A message: its address and its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Message<'a> {
    /// The address, beginning with a slash.
    pub address: &'a str,
    numbers: [f64; MOST_NUMBERS],
    count: usize,
}

impl<'a> Message<'a> {
    /// A message made by hand; numbers beyond [`MOST_NUMBERS`] are left out.
    pub fn new(address: &'a str, numbers: &[f64]) -> Self {
        let mut message = Self { address, numbers: [0.0; MOST_NUMBERS], count: 0 };
        numbers.iter().for_each(|x| message.push(*x));
        message
    }

    /// Its numbers, of whatever type, in order.
    pub fn numbers(&self) -> &[f64] {
        &self.numbers[..self.count]
    }

    fn push(&mut self, x: f64) {
        if let Some(slot) = self.numbers.get_mut(self.count) {
            *slot = x;
            self.count += 1;
        }
    }
}

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPacket(pub &'static str);

impl std::fmt::Display for BadPacket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for BadPacket {}

/// Reads a packet and hands its messages to `each`, those before a mistake too.
///
/// # Errors
/// What is wrong with the packet.
pub fn parse<'a>(packet: &'a [u8], each: &mut dyn FnMut(Message<'a>)) -> Result<(), BadPacket> {
    let mut left = MOST_MESSAGES;
    element(packet, DEEPEST, &mut left, each)
}

fn element<'a>(
    bytes: &'a [u8],
    depth: usize,
    left: &mut usize,
    each: &mut dyn FnMut(Message<'a>),
) -> Result<(), BadPacket> {
    match bytes.first() {
        Some(b'/') => {
            *left = left.checked_sub(1).ok_or(BadPacket("there are too many messages in it"))?;
            each(message(bytes)?);
            Ok(())
        }
        Some(b'#') => {
            let mut rest = bytes.strip_prefix(b"#bundle\0").ok_or(BadPacket("expected '#bundle'"))?;
            let depth = depth.checked_sub(1).ok_or(BadPacket("bundles are nested too deeply"))?;
            // The time tag: what arrives is meant now.
            rest = rest.get(8..).ok_or(BadPacket("a bundle ends within its time tag"))?;
            while !rest.is_empty() {
                let (size, behind) = rest.split_first_chunk::<4>().ok_or(BadPacket("a bundle ends within a size"))?;
                let size = usize::try_from(i32::from_be_bytes(*size)).map_err(|_| BadPacket("a size is negative"))?;
                if size % 4 != 0 {
                    return Err(BadPacket("a size is not a multiple of four"));
                }
                let (inner, behind) =
                    behind.split_at_checked(size).ok_or(BadPacket("a part is longer than its bundle"))?;
                element(inner, depth, left, each)?;
                rest = behind;
            }
            Ok(())
        }
        _ => Err(BadPacket("expected a message or a bundle")),
    }
}

fn message(bytes: &[u8]) -> Result<Message<'_>, BadPacket> {
    let (address, rest) = string(bytes)?;
    let mut message = Message::new(address, &[]);
    // Old senders leave out the types; then there is nothing to be read.
    if rest.is_empty() {
        return Ok(message);
    }
    let (types, mut rest) = string(rest)?;
    let types = types.strip_prefix(',').ok_or(BadPacket("the types do not begin with a comma"))?;
    for kind in types.bytes() {
        match kind {
            b'i' => message.push(f64::from(i32::from_be_bytes(take(&mut rest)?))),
            b'f' => message.push(f64::from(f32::from_be_bytes(take(&mut rest)?))),
            b'd' => message.push(f64::from_be_bytes(take(&mut rest)?)),
            b'h' => message.push(i64::from_be_bytes(take(&mut rest)?) as f64),
            b't' => drop(take::<8>(&mut rest)?),
            b'c' | b'r' | b'm' => drop(take::<4>(&mut rest)?),
            b's' | b'S' => rest = string(rest)?.1,
            b'b' => {
                let size: [u8; 4] = take(&mut rest)?;
                let size =
                    usize::try_from(i32::from_be_bytes(size)).map_err(|_| BadPacket("a blob's size is negative"))?;
                let padded = size.checked_next_multiple_of(4).ok_or(BadPacket("a blob is too long"))?;
                rest = rest.get(padded..).ok_or(BadPacket("a blob is longer than its message"))?;
            }
            b'T' | b'F' | b'N' | b'I' | b'[' | b']' => {}
            _ => return Err(BadPacket("an argument has an unknown type")),
        }
    }
    if rest.is_empty() { Ok(message) } else { Err(BadPacket("there are bytes behind the arguments")) }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], BadPacket> {
    let (head, behind) = rest.split_first_chunk::<N>().ok_or(BadPacket("a message ends within its arguments"))?;
    *rest = behind;
    Ok(*head)
}

/// A string, ended by a zero and padded to a multiple of four, and what follows.
fn string(bytes: &[u8]) -> Result<(&str, &[u8]), BadPacket> {
    let end = bytes.iter().position(|b| *b == 0).ok_or(BadPacket("a string has no end"))?;
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| BadPacket("a string is not text"))?;
    let rest = bytes.get((end + 1).next_multiple_of(4)..).ok_or(BadPacket("a string is not padded"))?;
    Ok((text, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses and numbers of a packet.
    fn read(packet: &[u8]) -> Result<Vec<(String, Vec<f64>)>, BadPacket> {
        let mut all = Vec::new();
        parse(packet, &mut |m| all.push((m.address.to_string(), m.numbers().to_vec())))?;
        Ok(all)
    }

    const YPR: &[u8] = b"/ypr\0\0\0\0,fff\0\0\0\0\x41\x20\0\0\xc1\xa0\0\0\x3f\0\0\0";

    #[test]
    fn a_message_is_read_byte_by_byte() {
        assert_eq!(read(YPR).unwrap(), [("/ypr".to_string(), vec![10.0, -20.0, 0.5])]);
        let all_types = b"/a\0\0,idhsbfTN\0\0\0\xff\xff\xff\xfe\x40\x09\x21\xfb\x54\x44\x2d\x18\0\0\0\0\0\0\0\x07abc\0\0\0\0\x02xy\0\0\x3f\x80\0\0";
        let expected = vec![-2.0, std::f64::consts::PI, 7.0, 1.0];
        assert_eq!(read(all_types).unwrap(), [("/a".to_string(), expected)]);
        assert_eq!(read(b"/a\0\0").unwrap(), [("/a".to_string(), vec![])]);
    }

    #[test]
    fn bundles_are_opened_down_to_a_depth() {
        let mut packet = YPR.to_vec();
        for depth in 1..=9usize {
            let mut outer = b"#bundle\0\0\0\0\0\0\0\0\x01".to_vec();
            for _ in 0..2 {
                if depth < 4 || outer.len() == 16 {
                    outer.extend((packet.len() as i32).to_be_bytes());
                    outer.extend(&packet);
                }
            }
            packet = outer;
            match read(&packet) {
                Ok(all) => assert!(depth <= 8 && all.len() == 1 << depth.min(3)),
                Err(e) => assert!(depth == 9 && e.0.contains("deeply")),
            }
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (packet, words) in [
            (&b""[..], "expected a message"),
            (b"hello\0\0\0", "expected a message"),
            (b"#bundel\0", "'#bundle'"),
            (b"#bundle\0\0\0", "time tag"),
            (b"#bundle\0\0\0\0\0\0\0\0\0\0\0", "within a size"),
            (b"#bundle\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff", "negative"),
            (b"#bundle\0\0\0\0\0\0\0\0\0\x7f\xff\xff\xfc", "longer"),
            (b"/ypr", "no end"),
            (b"/yp\0,f\0\0\0\0", "ends within"),
            (b"/yp\0xf\0\0\0\0\0\0", "comma"),
            (b"/yp\0,q\0\0", "unknown type"),
            (b"/yp\0,f\0\0\0\0\0\0\0\0\0\0", "behind"),
            (b"/\xff\xff\0,\0\0\0", "not text"),
            (b"/yp\0,b\0\0\xff\xff\xff\xff", "negative"),
            (b"/yp\0,b\0\0\x7f\xff\xff\xff", "blob"),
        ] {
            let error = read(packet).unwrap_err();
            assert!(error.0.contains(words), "{packet:?}: {error}");
        }
    }

    #[test]
    fn numbers_beyond_sixteen_are_passed_over() {
        let mut packet = b"/a\0\0,".to_vec();
        packet.extend([b'i'; 30]);
        packet.extend([0]);
        (0..30i32).for_each(|i| packet.extend(i.to_be_bytes()));
        assert_eq!(read(&packet).unwrap()[0].1.len(), MOST_NUMBERS);
    }
}
