//! Addresses of files, as play lists and terminals write them.

use std::path::PathBuf;

/// The path that a `file:` address means: percent-decoded, the host left out; `None` if this is no such address. Paths are
/// bytes where the system has them so.
pub(crate) fn path_of_address(address: &[u8]) -> Option<PathBuf> {
    let rest = after_scheme(address)?;
    let path = match rest.strip_prefix(b"//") {
        // A host in front of the path, as some file managers write it.
        Some(rest) => rest.iter().position(|b| *b == b'/').map_or(rest, |at| &rest[at..]),
        None => rest,
    };
    let mut path = unescape(path);
    // /C:/Music
    if cfg!(windows) && path.get(2) == Some(&b':') && path[0] == b'/' {
        path.remove(0);
    }
    Some(of_bytes(path))
}

/// The path as it stands in a `file:` address, for lists that were written without escapes.
pub(super) fn verbatim_path(address: &[u8]) -> Option<PathBuf> {
    let rest = after_scheme(address)?;
    Some(of_bytes(rest.strip_prefix(b"//").unwrap_or(rest).to_vec()))
}

fn after_scheme(address: &[u8]) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"file:";
    let (scheme, rest) = address.split_at_checked(SCHEME.len())?;
    (scheme.eq_ignore_ascii_case(SCHEME) && rest.starts_with(b"/")).then_some(rest)
}

/// True for an address of anything else: a scheme's name, then `://`.
pub(super) fn is_foreign(entry: &[u8]) -> bool {
    let Some(at) = entry.windows(3).position(|w| w == b"://") else { return false };
    let scheme = &entry[..at];
    scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
        && !scheme.eq_ignore_ascii_case(b"file")
}

/// Percent signs and two digits made the bytes that they stand for.
pub(super) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let hex = |n: usize| text.get(at + n).and_then(|b| char::from(*b).to_digit(16));
        match (text[at], hex(1), hex(2)) {
            (b'%', Some(a), Some(b)) => {
                out.push((16 * a + b) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// A path of bytes; where paths are text, of UTF-8.
#[cfg(unix)]
pub(super) fn of_bytes(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

/// A path of bytes; where paths are text, of UTF-8.
#[cfg(not(unix))]
pub(super) fn of_bytes(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn addresses_of_files_are_paths() {
        for (address, path) in [
            ("file:///music/sp%20ace%25.wav", "/music/sp ace%.wav"),
            ("FILE://localhost/a/b.wav", "/a/b.wav"),
            ("file://machine/a%2", "/a%2"),
            ("file:/a/b.wav", "/a/b.wav"),
        ] {
            assert_eq!(path_of_address(address.as_bytes()), Some(PathBuf::from(path)), "{address}");
        }
        assert_eq!(path_of_address(b"file:///caf%E9"), Some(of_bytes(b"/caf\xe9".to_vec())));
        for none in ["/a/b.wav", "http://a/b.wav", "file", "file:a.wav", ""] {
            assert_eq!(path_of_address(none.as_bytes()), None, "{none}");
        }
        assert!(is_foreign(b"https://radio.example/a.mp3") && is_foreign(b"rtsp+udp://x"));
        assert!(!is_foreign(b"file:///a") && !is_foreign(b"a b://c") && !is_foreign(b"/a://b") && !is_foreign(b"://"));
    }
}
