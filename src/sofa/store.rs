//! From the stored form of a variable to its numbers: compact, contiguous or chunked, with any filter of HDF5.
//!
//! `hdf5-reader` finds the variable, its chunks and their filters; the numbers are taken from the bytes here, because
//! its own array reader places and converts element by element (`docs/decisions/sofa-reading.md` has the figures).

use hdf5_reader::chunk_index::{self, ChunkEntry};
use hdf5_reader::filters::{FILTER_DEFLATE, FILTER_SHUFFLE, apply_pipeline_with_limit};
use hdf5_reader::messages::HdfMessage;
use hdf5_reader::messages::filter_pipeline::FilterDescription;
use hdf5_reader::messages::layout::{ChunkIndexing, DataLayout};
use hdf5_reader::{Dataset, Hdf5File, Storage};
use zune_inflate::{DeflateDecoder, DeflateOptions};

use super::number::{Float, Number, Stored, convert};
use crate::error::{Error, Result};

/// The largest decoded chunk. Writers keep whole sets in one chunk, so this is far above what a set needs.
pub(crate) const MAX_CHUNK_BYTES: usize = 512 << 20;

/// All values of a variable in C order. The caller has checked that their number is affordable.
///
/// `complete` asks that every chunk was written: where samples are meant, fill values are not samples.
pub(crate) fn read<T: Float>(file: &Hdf5File, dataset: &Dataset, number: Number, complete: bool) -> Result<Vec<T>> {
    let shape: Vec<usize> = dataset.shape().iter().map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect();
    let count = count(&shape).ok_or_else(|| Error::limit("its shape overflows"))?;
    let header = file.get_or_parse_header(dataset.address()).map_err(foreign)?;
    let mut layout = None;
    let mut filters: &[FilterDescription] = &[];
    for message in &header.messages {
        match message {
            HdfMessage::DataLayout(message) => layout = Some(&message.layout),
            HdfMessage::FilterPipeline(message) => filters = &message.filters,
            HdfMessage::ExternalFiles(_) => {
                return Err(Error::unsupported("its values are kept in another file")
                    .hint("copy the set into one file, for example with h5repack"));
            }
            _ => {}
        }
    }
    if filters.len() > 32 {
        return Err(Error::malformed(format!("it has {} filters, the format allows 32", filters.len())));
    }
    let fill = dataset.fill_value().and_then(|f| f.value.as_deref()).map_or(T::default(), |b| number.scalar(b));
    let storage = file.storage();
    let whole = |bytes: &[u8]| {
        let mut out = allocate(count, fill)?;
        let needed = count * number.size;
        if bytes.len() < needed {
            return Err(Error::malformed(format!("it needs {needed} bytes, the file has {}", bytes.len())));
        }
        convert(Stored { bytes, number, shuffled: false }, 0, &mut out);
        Ok(out)
    };
    match layout {
        None => Err(Error::malformed("it has no data layout")),
        Some(DataLayout::Compact { data }) => whole(data),
        Some(DataLayout::Contiguous { address, size }) => {
            if *size == 0 || *address == u64::MAX {
                // Declared, never written: HDF5 says such values read as the fill value.
                if complete && count > 0 {
                    return Err(Error::malformed("it was declared, but never written"));
                }
                return allocate(count, fill);
            }
            let size = usize::try_from(*size).map_err(|_| Error::limit("it is larger than the memory"))?;
            whole(storage.read_range(*address, size).map_err(foreign)?.as_ref())
        }
        Some(DataLayout::Chunked { address, dims, chunk_indexing, .. }) => {
            // Old headers give the size of an element as one more dimension.
            let chunk = &dims[..dims.len().min(shape.len())];
            let chunks = Chunks { file, dataset, shape: &shape, chunk, number, filters };
            let entries = chunks.entries(*address, chunk_indexing.as_ref())?;
            if complete {
                chunks.check_complete(&entries)?;
            }
            let mut out = allocate(count, fill)?;
            chunks.read(&entries, &mut out)?;
            Ok(out)
        }
    }
}

fn count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |a, &n| a.checked_mul(n))
}

fn allocate<T: Float>(count: usize, fill: T) -> Result<Vec<T>> {
    if fill.is_zero() {
        // Untouched zeroed pages cost nothing; writing zeros would.
        return Ok(vec![T::default(); count]);
    }
    let mut out = Vec::new();
    out.try_reserve_exact(count).map_err(|_| Error::limit(format!("no memory for {count} values")))?;
    out.resize(count, fill);
    Ok(out)
}

/// An error of the HDF5 reader in our words.
pub(crate) fn foreign(error: hdf5_reader::error::Error) -> Error {
    use hdf5_reader::error::Error as E;
    let mut root = &error;
    while let E::Context { source, .. } = root {
        root = source;
    }
    let text = root.to_string();
    let ours = match root {
        E::ResourceLimit(_) => Error::limit(text),
        E::UnsupportedFilter(name) => {
            let named = match name.strip_prefix("filter id ") {
                Some("32000") => "the LZF filter, which only h5py reads".to_string(),
                Some("32001") => "the Blosc filter".to_string(),
                Some("32004") => "the LZ4 filter".to_string(),
                Some("32013") => "the ZFP filter".to_string(),
                Some("32015") => "the Zstandard filter".to_string(),
                _ => name.clone(),
            };
            Error::unsupported(format!("it is compressed by {named}, not by deflate"))
                .hint("rewrite the file with deflate: h5repack -f GZIP=4 IN.sofa OUT.sofa")
        }
        E::UnsupportedEncoding(_)
        | E::UnsupportedSuperblockVersion(_)
        | E::UnsupportedObjectHeaderVersion(_)
        | E::UnsupportedDatatypeClass(_)
        | E::UnsupportedLayoutClass(_)
        | E::UnsupportedLayoutVersion(_)
        | E::UnsupportedChunkIndexType(_)
        | E::UnsupportedLinkType(_) => {
            Error::unsupported(format!("the file uses a part of HDF5 that cannot be read ({text})"))
        }
        _ => Error::malformed(format!("the file is damaged ({text})")),
    };
    ours.caused_by(error)
}

/// Undoes deflate, the one filter that nearly every file uses, faster than `hdf5-reader` does.
fn inflate(data: &[u8], expected: usize) -> Result<Vec<u8>> {
    // Deflate expands at most 1032 times, so a small chunk cannot ask for a large buffer.
    let room = expected.min(data.len().saturating_mul(1032).saturating_add(64));
    let options = DeflateOptions::default().set_size_hint(room).set_limit(expected).set_confirm_checksum(true);
    DeflateDecoder::new_with_options(data, options)
        .decode_zlib()
        .map_err(|e| Error::malformed(format!("the file is damaged (a compressed chunk: {:?})", e.error)))
}

/// A chunked variable.
struct Chunks<'a> {
    file: &'a Hdf5File,
    dataset: &'a Dataset,
    shape: &'a [usize],
    chunk: &'a [u32],
    number: Number,
    filters: &'a [FilterDescription],
}

impl Chunks<'_> {
    /// Where the chunks are; those wholly outside the shape (kept when a variable shrank) are left out.
    fn entries(&self, address: u64, indexing: Option<&ChunkIndexing>) -> Result<Vec<ChunkEntry>> {
        let rank = self.shape.len();
        if self.chunk.len() != rank || rank == 0 || self.chunk.contains(&0) {
            return Err(Error::malformed(format!("its chunks of shape {:?} do not fit {:?}", self.chunk, self.shape)));
        }
        if address == u64::MAX || self.shape.contains(&0) {
            return Ok(Vec::new());
        }
        let storage: &dyn Storage = self.file.storage();
        let superblock = self.file.superblock();
        let (offsets, lengths) = (superblock.offset_size, superblock.length_size);
        let shape = self.dataset.shape();
        let mut entries = match indexing {
            None => hdf5_reader::btree_v1::collect_btree_v1_leaves_storage(
                storage,
                address,
                offsets,
                lengths,
                Some(rank as u32),
                self.chunk,
                None,
            )
            .map_err(foreign)?
            .into_iter()
            .map(|(key, address)| match key {
                hdf5_reader::btree_v1::BTreeV1Key::RawData { chunk_size, filter_mask, mut offsets } => {
                    offsets.truncate(rank);
                    Ok(ChunkEntry { address, size: chunk_size.into(), filter_mask, offsets })
                }
                hdf5_reader::btree_v1::BTreeV1Key::Group { .. } => {
                    Err(Error::malformed("its chunk index is that of a group"))
                }
            })
            .collect::<Result<Vec<_>>>()?,
            Some(ChunkIndexing::SingleChunk { filtered_size, filters }) => {
                vec![chunk_index::single_chunk_entry(address, *filtered_size, *filters, rank)]
            }
            Some(ChunkIndexing::Implicit) => chunk_index::collect_implicit_chunk_entries(
                address,
                shape,
                self.chunk,
                self.number.size,
                None,
                storage.len(),
            )
            .map_err(foreign)?,
            Some(ChunkIndexing::FixedArray { .. }) => {
                hdf5_reader::fixed_array::collect_fixed_array_chunk_entries_storage(
                    storage, address, offsets, lengths, shape, self.chunk, None,
                )
                .map_err(foreign)?
            }
            Some(ChunkIndexing::ExtensibleArray { .. }) => {
                hdf5_reader::extensible_array::collect_extensible_array_chunk_entries_storage(
                    storage,
                    address,
                    offsets,
                    lengths,
                    shape,
                    self.dataset.max_dims(),
                    self.chunk,
                    None,
                )
                .map_err(foreign)?
            }
            Some(ChunkIndexing::BTreeV2) => chunk_index::collect_v2_chunk_entries_storage(
                storage,
                address,
                offsets,
                lengths,
                rank as u32,
                self.chunk,
                None,
            )
            .map_err(foreign)?,
        };
        if let Some(bad) = entries
            .iter()
            .find(|e| e.offsets.len() != rank || e.offsets.iter().zip(self.chunk).any(|(&o, &c)| o % u64::from(c) != 0))
        {
            return Err(Error::malformed(format!("a chunk lies off the grid, at {:?}", bad.offsets)));
        }
        entries.retain(|e| e.offsets.iter().zip(shape).all(|(o, n)| o < n));
        // Each chunk at most once: repeated ones would let a small file ask for endless work.
        entries.sort_unstable_by(|a, b| a.offsets.cmp(&b.offsets));
        match entries.windows(2).find(|w| w[0].offsets == w[1].offsets) {
            Some(twice) => Err(Error::malformed(format!("the chunk at {:?} is there twice", twice[0].offsets))),
            None => Ok(entries),
        }
    }

    fn check_complete(&self, entries: &[ChunkEntry]) -> Result<()> {
        let expected =
            self.shape.iter().zip(self.chunk).try_fold(1usize, |a, (&n, &c)| a.checked_mul(n.div_ceil(c as usize)));
        match expected {
            Some(expected) if expected == entries.len() => Ok(()),
            _ => Err(Error::malformed(format!("only {} of its chunks were written", entries.len()))
                .hint("the file is incomplete: write or copy it again")),
        }
    }

    fn read<T: Float>(&self, entries: &[ChunkEntry], out: &mut [T]) -> Result<()> {
        let elements = self.chunk.iter().try_fold(1usize, |a, &n| a.checked_mul(n as usize));
        let bytes = elements.and_then(|n| n.checked_mul(self.number.size)).filter(|&n| n <= MAX_CHUNK_BYTES);
        let Some(bytes) = bytes else {
            return Err(Error::limit(format!(
                "its chunks of {:?} elements are larger than {} MiB",
                self.chunk,
                MAX_CHUNK_BYTES >> 20
            )));
        };
        // A shuffle that was applied first is undone last, together with the conversion.
        let (shuffle, rest) = match self.filters.split_first() {
            Some((f, rest))
                if f.id == FILTER_SHUFFLE && f.client_data.first().is_none_or(|&n| n as usize == self.number.size) =>
            {
                (true, rest)
            }
            _ => (false, self.filters),
        };
        for entry in entries {
            let size = if entry.size > 0 { usize::try_from(entry.size).unwrap_or(usize::MAX) } else { bytes };
            let raw = self.file.storage().read_range(entry.address, size).map_err(foreign)?;
            let mask = if shuffle { entry.filter_mask >> 1 } else { entry.filter_mask };
            let active: Vec<&FilterDescription> =
                rest.iter().enumerate().filter(|(i, _)| mask & (1 << i) == 0).map(|(_, f)| f).collect();
            let decoded;
            let plain: &[u8] = match active[..] {
                [] => raw.as_ref(),
                [only] if only.id == FILTER_DEFLATE => {
                    decoded = inflate(raw.as_ref(), bytes)?;
                    &decoded
                }
                _ => {
                    let limit = Some(bytes + 1);
                    decoded = apply_pipeline_with_limit(raw.as_ref(), rest, mask, self.number.size, None, limit)
                        .map_err(foreign)?;
                    &decoded
                }
            };
            if plain.len() != bytes {
                return Err(Error::malformed(format!(
                    "the chunk at {:?} holds {} bytes, not {bytes}",
                    entry.offsets,
                    plain.len()
                )));
            }
            let shuffled = shuffle && entry.filter_mask & 1 == 0 && self.number.size > 1;
            self.place(Stored { bytes: plain, number: self.number, shuffled }, &entry.offsets, out);
        }
        Ok(())
    }

    /// Converts one chunk into its place, run by run. A run is what lies side by side in both.
    fn place<T: Float>(&self, stored: Stored<'_>, offsets: &[u64], out: &mut [T]) {
        let rank = self.shape.len();
        let chunk: Vec<usize> = self.chunk.iter().map(|&n| n as usize).collect();
        let start: Vec<usize> = offsets.iter().map(|&o| o as usize).collect();
        let extent: Vec<usize> = (0..rank).map(|d| chunk[d].min(self.shape[d] - start[d])).collect();
        // Dimensions from `inner` on are whole in the chunk and in the variable, so their elements form one run.
        let mut inner = rank - 1;
        while inner > 0 && chunk[inner] == self.shape[inner] {
            inner -= 1;
        }
        let tail = |dims: &[usize], d: usize| dims[d + 1..].iter().product::<usize>();
        let run = extent[inner] * tail(&chunk, inner);
        let mut index = vec![0usize; inner];
        loop {
            let mut from = 0;
            let mut to = start[inner] * tail(self.shape, inner);
            for d in 0..inner {
                from += index[d] * tail(&chunk, d);
                to += (start[d] + index[d]) * tail(self.shape, d);
            }
            convert(stored, from, &mut out[to..to + run]);
            let Some(d) = (0..inner).rev().find(|&d| index[d] + 1 < extent[d]) else { break };
            index[d] += 1;
            index[d + 1..].fill(0);
        }
    }
}
