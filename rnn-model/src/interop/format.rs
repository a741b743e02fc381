//! What a file is, told from its first bytes.

use std::fmt;

use super::error::StateDictError;

/// The formats of weights that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileFormat {
    /// `.safetensors`.
    Safetensors,
    /// The zip archive that `torch.save` writes since PyTorch 1.6.
    PyTorch,
    /// The pickles and raw numbers that `torch.save` wrote before.
    PyTorchLegacy,
    /// What `torch.jit.save` writes.
    TorchScript,
    /// NumPy's archive of arrays, `.npz`.
    Npz,
    /// A single array of NumPy, `.npy`.
    Npy,
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safetensors => "safetensors",
            Self::PyTorch => "torch.save",
            Self::PyTorchLegacy => "torch.save before PyTorch 1.6",
            Self::TorchScript => "TorchScript",
            Self::Npz => "NumPy archive",
            Self::Npy => "NumPy array",
        })
    }
}

/// The bytes of a file that are needed to tell what it is.
pub(super) const START: usize = 512;

/// How a file begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    Safetensors,
    /// Of PyTorch or NumPy, or of anything else that is a zip archive.
    Zip,
    /// The number with which `torch.save` began before PyTorch 1.6.
    PyTorchLegacy,
    Npy,
}

/// The number with which `torch.save` began a file before PyTorch 1.6, as a pickle has it.
const LEGACY_MAGIC: [u8; 12] = *b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19";

impl Beginning {
    /// Tells what begins with `start`, the first [`START`] bytes.
    ///
    /// # Errors
    ///
    /// If it is nothing that may hold weights; the error says what it is instead.
    pub fn of(start: &[u8]) -> Result<Self, StateDictError> {
        // After its length, in 8 bytes, the header of a safetensors file is an object of JSON.
        let header = start.first_chunk().copied().map(u64::from_le_bytes);
        if start.get(8) == Some(&b'{') && header.is_some_and(|length| length < 1 << 32) {
            return Ok(Self::Safetensors);
        }
        if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
            return Ok(Self::Zip);
        }
        if start.starts_with(b"\x93NUMPY") {
            return Ok(Self::Npy);
        }
        let first = &start[..start.len().min(32)];
        if first.first() == Some(&0x80)
            && first
                .windows(LEGACY_MAGIC.len())
                .any(|bytes| bytes == LEGACY_MAGIC)
        {
            return Ok(Self::PyTorchLegacy);
        }
        Err(StateDictError::NotWeights { found: name(start) })
    }
}

/// The beginnings of other files, and what they are called.
const OTHERS: [(&[u8], &str); 17] = [
    (
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file (Keras writes such ones): in Python, save its arrays with numpy.savez",
    ),
    (b"\x1f\x8b", "a gzip file: unpack it first"),
    (b"BZh", "a bzip2 file: unpack it first"),
    (b"\xfd7zXZ\0", "an xz file: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"GGUF", "a GGUF file"),
    (b"PAR1", "a Parquet file"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"%PDF", "a PDF file"),
    (b"\x7fELF", "a program or a library (ELF)"),
    (b"(dp", PICKLE),
    (b"(lp", PICKLE),
    (b"ccopy_reg\n", PICKLE),
    (b"ccollections\n", PICKLE),
    (b"cnumpy", PICKLE),
];

const PICKLE: &str = "a pickle that is no file of torch.save (data.pkl of an unpacked one is its \
                      part): in Python, load it, and save the tensors with torch.save or safetensors, or the \
                      arrays with numpy.savez";

/// What begins with `start`, in words, with what to do about it where that is known.
fn name(start: &[u8]) -> String {
    if start.is_empty() {
        return "an empty file".to_owned();
    }
    if let Some(pointer) = lfs_pointer(start) {
        return pointer;
    }
    if let Some((_, name)) = OTHERS.iter().find(|(bytes, _)| start.starts_with(bytes)) {
        return (*name).to_owned();
    }
    if let [0x80, 2..=5, ..] = start {
        return PICKLE.to_owned();
    }
    if start.get(4..8) == Some(b"TFL3") {
        return "a TensorFlow Lite model".to_owned();
    }
    if start.get(257..262) == Some(b"ustar") {
        return "a tar archive: unpack it first".to_owned();
    }
    if is_onnx(start) {
        return "an ONNX model: export the weights from the framework that trained them, or in Python \
                save its initializers with numpy.savez"
            .to_owned();
    }
    text(start).unwrap_or_else(|| {
        let bytes = start.iter().take(8).map(|byte| format!("{byte:02x}"));
        format!(
            "a file that begins with {}",
            bytes.collect::<Vec<_>>().join(" ")
        )
    })
}

/// A pointer of Git LFS, which stands for a file that was not downloaded.
fn lfs_pointer(start: &[u8]) -> Option<String> {
    if !start.starts_with(b"version https://git-lfs") {
        return None;
    }
    let text = String::from_utf8_lossy(start);
    let size = text.lines().find_map(|line| line.strip_prefix("size "));
    let size = size.map_or_else(String::new, |size| format!(" of {} bytes", size.trim()));
    Some(format!(
        "a Git LFS pointer in place of a file{size}: download that with `git lfs pull`"
    ))
}

/// Whether a protocol buffer begins as an ONNX model does: with its version, from 3 on, as field 1, and
/// then the producer (2), the domain (4), the graph (7) or the operators (8).
fn is_onnx(start: &[u8]) -> bool {
    matches!(
        start,
        [0x08, 3..=30, 0x12 | 0x1a | 0x22 | 0x28 | 0x3a | 0x42, ..]
    )
}

/// What kind of text it is, if it is one.
fn text(start: &[u8]) -> Option<String> {
    // The last character may be cut.
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if start.len() - error.valid_up_to() < 4 && error.valid_up_to() > 0 => {
            std::str::from_utf8(&start[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    let is_control = |c: char| c.is_control() && !c.is_whitespace();
    if valid.contains(is_control) {
        return None;
    }
    let trimmed = valid.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let lower: String = trimmed.chars().take(64).collect::<String>().to_lowercase();
    let name = if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        "a web page (HTML): a download may have given a page in place of the file"
    } else if lower.starts_with("<?xml") || lower.starts_with('<') {
        "a text of XML or HTML"
    } else if trimmed.contains("\"weight_map\"") {
        "the index of a model in several files: read those one by one"
    } else if lower.starts_with(['{', '[']) {
        "a text of JSON"
    } else {
        let first: String = trimmed.chars().take(40).collect();
        let first = first.lines().next().unwrap_or_default();
        return Some(format!("a text that begins with {first:?}"));
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_weights_are_known() {
        for (start, expected) in [
            (&b"PK\x03\x04\x00"[..], Beginning::Zip),
            (b"\x93NUMPY\x01\x00", Beginning::Npy),
            (
                b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80",
                Beginning::PyTorchLegacy,
            ),
            (b"\x08\0\0\0\0\0\0\0{      }", Beginning::Safetensors),
        ] {
            assert_eq!(Beginning::of(start).expect("weights"), expected);
        }
    }

    #[test]
    fn others_are_called_by_their_names() {
        let onnx = b"\x08\x08\x12\x07pytorch\x1a\x052.9.0:\x9f";
        let mut tar = vec![b'x'; 100];
        tar.resize(257, 0);
        tar.extend(b"ustar\0");
        for (start, expected) in [
            (&b""[..], "an empty file"),
            (b"\x89HDF\r\n\x1a\n\0", "HDF5"),
            (b"\x1f\x8b\x08\0", "gzip"),
            (onnx, "ONNX"),
            (
                b"\x80\x04\x95\x10",
                "a pickle that is no file of torch.save",
            ),
            (b"(dp0\nS'w'\n", "a pickle that is no file of torch.save"),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12345\n",
                "a Git LFS pointer in place of a file of 12345 bytes",
            ),
            (b"\n <!DOCTYPE html><html>", "a web page"),
            (b"{\"weight_map\": {}}", "several files"),
            (b"epoch,loss\n1,0.5\n", "a text"),
            ("größe".as_bytes(), "a text"),
            (&tar, "a tar archive"),
            (b"\x00\x01\x02\xff", "begins with 00 01 02 ff"),
        ] {
            let error = Beginning::of(start).expect_err("no weights").to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
