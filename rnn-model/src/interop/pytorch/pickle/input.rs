use crate::interop::error::PyTorchError;

/// As much is kept of a line, in bytes.
const LONGEST_LINE: usize = 1024;

/// The bytes of a pickle, and where the machine is in them.
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    /// What the pickle is called in errors.
    name: &'static str,
    at: usize,
}

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8], name: &'static str) -> Self {
        Self { bytes, name, at: 0 }
    }

    /// What the pickle is called in errors.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The length of all bytes, some of which may not be the pickle's.
    pub fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes that are read.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn fault(&self, expected: &str, found: &str) -> PyTorchError {
        PyTorchError::Pickle {
            pickle: self.name,
            offset: self.at,
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }

    pub fn take(&mut self, length: usize) -> Result<&'a [u8], PyTorchError> {
        let rest = &self.bytes[self.at..];
        if length > rest.len() {
            return Err(self.fault(&format!("{length} more bytes"), &rest.len().to_string()));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], PyTorchError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// Text up to the end of the line.
    pub fn line(&mut self) -> Result<String, PyTorchError> {
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().position(|&byte| byte == b'\n') else {
            return Err(self.fault("the end of a line", "the end of the file"));
        };
        // Names are short; of others as much is needed as says what they are.
        let line = self.take(length)?;
        let line = &line[..line.len().min(LONGEST_LINE)];
        self.at += 1;
        Ok(String::from_utf8_lossy(line).into_owned())
    }
}
