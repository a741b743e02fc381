//! NumPy's arrays: `.npy`, and `.npz`, the archive of them; the latter needs the feature `pytorch`.

mod header;

use std::collections::BTreeMap;
use std::io::Read;
#[cfg(feature = "pytorch")]
use std::io::Seek;
use std::path::Path;

use burn::tensor::{Bytes, TensorData};

#[cfg(feature = "pytorch")]
use super::archive::Archive;
use super::error::{ArrayError, StateDictError};
use super::format::FileFormat;
use super::listing::{Listing, TensorInfo, name_of};
use super::state_dict::{StateDict, as_truth_values};
use super::strided;
use header::Header;

/// What a name in an archive ends with, which is not the array's.
#[cfg(feature = "pytorch")]
const ENDING: &str = ".npy";

/// Reads an array of a file of `length` bytes; it is called as the file at `path`, without `.npy`.
pub(super) fn read_array(
    file: impl Read,
    length: u64,
    path: &Path,
) -> Result<StateDict, StateDictError> {
    let name = name_of_file(path);
    let data = read(file, &name, &mut Budget::of(length))?;
    let data = data.ok_or_else(|| not_numbers("an array of texts or of Python's objects"))?;
    Ok(StateDict {
        tensors: BTreeMap::from([(name, data)]),
    })
}

/// Says what such an array is.
pub(super) fn list_array(
    file: impl Read,
    length: u64,
    path: &Path,
) -> Result<Listing, StateDictError> {
    let info = list(file, length, name_of_file(path))?;
    let info = info.ok_or_else(|| not_numbers("an array of texts or of Python's objects"))?;
    Ok(Listing::new(FileFormat::Npy, vec![info]))
}

fn name_of_file(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Whether all entries of an archive are arrays.
#[cfg(feature = "pytorch")]
pub(super) fn is_npz<F: Read + Seek>(archive: &Archive<F>) -> bool {
    let mut arrays = arrays(archive).peekable();
    arrays.peek().is_some() && arrays.all(|name| name.ends_with(ENDING))
}

/// The names of the entries that are no folders.
#[cfg(feature = "pytorch")]
fn arrays<F: Read + Seek>(archive: &Archive<F>) -> impl Iterator<Item = &String> {
    archive.names().iter().filter(|name| !name.ends_with('/'))
}

/// Reads the arrays of numbers in an archive. Texts and objects beside them are left out.
#[cfg(feature = "pytorch")]
pub(super) fn read_archive<F: Read + Seek>(
    mut archive: Archive<F>,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<StateDict, StateDictError> {
    let mut budget = Budget::of(archive.length());
    let mut tensors = BTreeMap::new();
    let mut has_others = false;
    for entry in arrays(&archive).cloned().collect::<Vec<_>>() {
        let name = entry.strip_suffix(ENDING).unwrap_or(&entry);
        if !is_wanted(name) {
            continue;
        }
        let data = read(archive.reader(&entry)?, name, &mut budget)?;
        has_others |= data.is_none();
        if let Some(data) = data {
            tensors.insert(name.to_owned(), data);
        }
    }
    match tensors.is_empty() && has_others {
        true => Err(not_numbers("arrays of texts or of Python's objects")),
        false => Ok(StateDict { tensors }),
    }
}

/// Lists the arrays of numbers in an archive.
#[cfg(feature = "pytorch")]
pub(super) fn list_archive<F: Read + Seek>(
    mut archive: Archive<F>,
) -> Result<Listing, StateDictError> {
    let mut tensors = Vec::new();
    for entry in arrays(&archive).cloned().collect::<Vec<_>>() {
        let name = entry.strip_suffix(ENDING).unwrap_or(&entry).to_owned();
        let length = archive.size(&entry).unwrap_or(0);
        tensors.extend(list(archive.reader(&entry)?, length, name)?);
    }
    match tensors.is_empty() {
        true => Err(not_numbers("arrays of texts or of Python's objects")),
        false => Ok(Listing::new(FileFormat::Npz, tensors)),
    }
}

fn not_numbers(found: &str) -> StateDictError {
    StateDictError::NoTensors {
        found: format!(
            "{found}: in Python, save each tensor of a state dict as an array of numbers: \
                        numpy.savez(file, **{{name: tensor.numpy() for name, tensor in …}})"
        ),
    }
}

/// The bytes that the arrays of a file may take.
struct Budget(u64);

impl Budget {
    /// Compressed weights are rarely a sixteenth of their size.
    fn of(length: u64) -> Self {
        Self(length.saturating_mul(16).saturating_add(16 << 20))
    }
}

/// The array; none if it is not of numbers.
fn read(
    mut file: impl Read,
    name: &str,
    budget: &mut Budget,
) -> Result<Option<TensorData>, StateDictError> {
    let header = Header::read(&mut file, name)?;
    let Some(dtype) = header.dtype(name)? else {
        return Ok(None);
    };
    let too_large = |limit| ArrayError::TooLarge {
        name: name.to_owned(),
        limit,
    };
    let limit = budget.0;
    let expected =
        strided::byte_length(&header.shape, dtype.size()).filter(|&expected| expected <= limit);
    let expected = expected.ok_or_else(|| too_large(limit))?;
    budget.0 -= expected;
    let mut bytes = Vec::new();
    // One more, so that the end is seen, with its checksum.
    let read = file.take(expected + 1).read_to_end(&mut bytes);
    let found = read.map_err(|source| ArrayError::Read {
        name: name.to_owned(),
        source,
    })? as u64;
    if found != expected {
        return Err(ArrayError::Size {
            name: name.to_owned(),
            shape: header.shape,
            expected,
            found,
            or_more: found > expected,
        }
        .into());
    }
    let element = dtype.size();
    if header.is_big_endian {
        for element in bytes.chunks_exact_mut(element) {
            element.reverse();
        }
    }
    if header.is_column_major {
        bytes = to_row_major(&bytes, &header.shape, element);
    }
    if dtype.is_bool() {
        as_truth_values(&mut bytes);
    }
    let bytes = Bytes::from_bytes_vec(bytes);
    Ok(Some(TensorData::from_bytes(bytes, header.shape, dtype)))
}

/// What an array of `length` bytes is, from its header; none if it is not of numbers.
fn list(
    mut file: impl Read,
    length: u64,
    name: String,
) -> Result<Option<TensorInfo>, StateDictError> {
    let header = Header::read(&mut file, &name)?;
    let found = length.saturating_sub(header.length);
    let (dtype, bytes) = match header.dtype(&name) {
        Ok(None) => return Ok(None),
        Ok(Some(dtype)) => {
            let expected = strided::byte_length(&header.shape, dtype.size()).unwrap_or(u64::MAX);
            if found != expected {
                return Err(ArrayError::Size {
                    name,
                    shape: header.shape,
                    expected,
                    found,
                    or_more: false,
                }
                .into());
            }
            (name_of(dtype), expected)
        }
        // Numbers that are not read.
        Err(_) => (header.descr.clone(), found),
    };
    Ok(Some(TensorInfo {
        name,
        shape: header.shape,
        dtype,
        bytes,
    }))
}

/// The elements with the last axis moving fastest, of those where the first does.
fn to_row_major(bytes: &[u8], shape: &[usize], element: usize) -> Vec<u8> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let mut stride = vec![1; shape.len()];
    for axis in 1..shape.len() {
        stride[axis] = stride[axis - 1] * shape[axis - 1];
    }
    strided::gather(bytes, element, 0, shape, &stride).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn read_bytes(bytes: &[u8]) -> Result<StateDict, StateDictError> {
        read_array(bytes, bytes.len() as u64, Path::new("folder/weight.npy"))
    }

    #[test]
    fn arrays_of_all_orders_are_read() {
        let numbers: Vec<u8> = [1i16, 2, 3, 4, 5, 6].map(i16::to_le_bytes).concat();
        let expected = TensorData::from([[1i16, 2, 3], [4, 5, 6]]);
        for (header, data) in [
            (
                "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }",
                numbers.clone(),
            ),
            (
                "{'shape': (2, 3), 'descr': '<i2', 'fortran_order': True}\n",
                [1i16, 4, 2, 5, 3, 6].map(i16::to_le_bytes).concat(),
            ),
            (
                "{\"descr\": \">i2\", \"fortran_order\": False, \"shape\": (2L, 3L)}",
                [1i16, 2, 3, 4, 5, 6].map(i16::to_be_bytes).concat(),
            ),
        ] {
            let weights = read_bytes(&npy(header, &data)).expect("an array");
            assert!(weights.names().eq(["weight"]));
            assert_eq!(weights.get("weight"), Some(&expected), "{header}");
        }
        let scalar = npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': ()}",
            &[0; 4],
        );
        let scalar = read_bytes(&scalar).expect("a number");
        assert_eq!(scalar.get("weight").expect("it").num_elements(), 1);
        let row = npy(
            "{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}",
            &[0, 1, 7],
        );
        let row = read_bytes(&row).expect("truth values");
        let expected = TensorData::from([false, true, true]);
        assert_eq!(row.get("weight"), Some(&expected));
    }

    #[test]
    fn what_is_no_array_of_numbers_is_refused() {
        let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}";
        let whole = npy(good, &[0; 8]);
        for length in 0..whole.len() {
            read_bytes(&whole[..length]).expect_err("cut");
        }
        for (header, length, expected) in [
            (
                good,
                9,
                "expected 8 bytes, as its shape [2] says, found more",
            ),
            (good, 7, "expected 8 bytes, as its shape [2] says, found 7"),
            (
                "{'descr': '|O', 'fortran_order': False, 'shape': ()}",
                8,
                "an array of texts or of Python's objects",
            ),
            (
                "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}",
                8,
                "found <c8",
            ),
            (
                "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}",
                4,
                "weight: expected",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999)}",
                4,
                "weight: expected at most",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
                4,
                "weight: expected",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9, 0)}",
                0,
                "weight: expected at most",
            ),
            (
                "{'descr': '<f4', 'fortran_order': True, 'shape': (9223372036854775807, 9, 0)}",
                0,
                "weight: expected at most",
            ),
            ("{'descr': '<f4', 'shape': (1,)}", 4, "fortran_order"),
            ("{'descr': '<f4'", 4, "weight: expected"),
            ("((((((((", 4, "weight: expected"),
            (
                &format!(
                    "{{'descr': '<f4', 'fortran_order': True, 'shape': ({})}}",
                    "1, ".repeat(100)
                ),
                4,
                "at most 64 axes",
            ),
        ] {
            let error = read_bytes(&npy(header, &vec![0; length])).expect_err(header);
            assert!(error.to_string().contains(expected), "{header}: {error}");
        }
    }
}
