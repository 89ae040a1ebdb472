//! PNG (ISO/IEC 15948), as much of it as a picture of ours needs: 8 bits, three colours, one image.

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

/// The file of `width` × `height` pixels of three bytes each, row by row from the top.
pub(super) fn write(width: usize, height: usize, rgb: &[u8]) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend_from_slice(&(width as u32).to_be_bytes());
    header.extend_from_slice(&(height as u32).to_be_bytes());
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    chunk(&mut file, b"IHDR", &header);
    let stride = 3 * width;
    let mut filtered = Vec::with_capacity((stride + 1) * height);
    let mut above = vec![0; stride];
    for row in rgb.chunks_exact(stride) {
        // The filter "up": what is the same as above, and most is, becomes zeros.
        filtered.push(2);
        filtered.extend(row.iter().zip(&above).map(|(a, b)| a.wrapping_sub(*b)));
        above.copy_from_slice(row);
    }
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::new(7));
    // Writing to memory cannot fail.
    let _ = zlib.write_all(&filtered);
    chunk(&mut file, b"IDAT", &zlib.finish().unwrap_or_default());
    chunk(&mut file, b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    file.extend_from_slice(&(data.len() as u32).to_be_bytes());
    let mut crc = Crc::new();
    crc.update(name);
    crc.update(data);
    file.extend_from_slice(name);
    file.extend_from_slice(data);
    file.extend_from_slice(&crc.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn the_pixels_come_back_out_of_the_file() {
        let rgb: Vec<u8> = (0..3 * 7 * 5).map(|i| (i * 37 % 251) as u8).collect();
        let file = write(7, 5, &rgb);
        assert_eq!(&file[16..24], &[0, 0, 0, 7, 0, 0, 0, 5]);
        let size = u32::from_be_bytes(file[33..37].try_into().unwrap()) as usize;
        assert_eq!(&file[37..41], b"IDAT");
        let mut rows = Vec::new();
        flate2::read::ZlibDecoder::new(&file[41..41 + size]).read_to_end(&mut rows).unwrap();
        let mut back = vec![0u8; 21];
        for (row, expected) in rows.chunks_exact(22).zip(rgb.chunks_exact(21)) {
            back.iter_mut().zip(&row[1..]).for_each(|(b, d)| *b = b.wrapping_add(*d));
            assert_eq!(back, expected);
        }
        // The checksum of an empty IEND is the same in every PNG.
        assert!(file.ends_with(&[0xae, 0x42, 0x60, 0x82]));
    }
}
