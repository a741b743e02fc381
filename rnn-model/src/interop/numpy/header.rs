use std::io::Read;

use burn::tensor::{BoolStore, DType};

use crate::interop::error::ArrayError;
use crate::interop::strided::MAX_AXES;

/// The longest header that is read: it holds a type and a shape.
const LONGEST: u32 = 1 << 16;

/// What an array begins with: a dictionary of Python's, as text.
#[derive(Debug)]
pub(super) struct Header {
    /// The type of the elements, `<f4`; empty for records of several.
    pub descr: String,
    pub is_big_endian: bool,
    /// Whether the first axis moves fastest.
    pub is_column_major: bool,
    pub shape: Vec<usize>,
    /// Of the header itself, in bytes.
    pub length: u64,
}

impl Header {
    /// Reads the header of an array, up to its elements; `name` is what errors call it.
    pub fn read(file: &mut impl Read, name: &str) -> Result<Self, ArrayError> {
        let fault = |expected: &'static str, found: String| ArrayError::Header {
            name: name.to_owned(),
            expected,
            found,
        };
        let mut take = |length: usize| {
            let mut bytes = Vec::new();
            let read = file.by_ref().take(length as u64).read_to_end(&mut bytes);
            let found = read.map_err(|source| ArrayError::Read {
                name: name.to_owned(),
                source,
            })?;
            match found == length {
                true => Ok(bytes),
                false => Err(fault("the header of an array", "the end".to_owned())),
            }
        };
        let start = take(8)?;
        if !start.starts_with(b"\x93NUMPY") {
            return Err(fault("an array of NumPy's", "another file".to_owned()));
        }
        let (before, length) = match start[6] {
            1 => {
                let length = take(2)?.try_into().unwrap_or_default();
                (10, u32::from(u16::from_le_bytes(length)))
            }
            2 | 3 => (
                12,
                u32::from_le_bytes(take(4)?.try_into().unwrap_or_default()),
            ),
            other => return Err(fault("version 1, 2 or 3 of the format", other.to_string())),
        };
        if length > LONGEST {
            return Err(fault("a header of at most 65536 bytes", length.to_string()));
        }
        let bytes = take(length as usize)?;
        let text = String::from_utf8_lossy(&bytes);
        let header = parse(&text).map_err(|expected| {
            let shown: String = text.chars().take(80).collect();
            fault(expected, format!("{:?}", shown.trim_end()))
        })?;
        if header.shape.len() > MAX_AXES {
            return Err(fault("at most 64 axes", header.shape.len().to_string()));
        }
        Ok(Self {
            length: before + u64::from(length),
            ..header
        })
    }

    /// The type of the elements; none for texts and objects.
    ///
    /// # Errors
    ///
    /// If they are numbers that are not read.
    pub fn dtype(&self, name: &str) -> Result<Option<DType>, ArrayError> {
        let kind = self.descr.trim_start_matches(['<', '>', '|', '=']);
        let dtype = match kind {
            "f8" => DType::F64,
            "f4" => DType::F32,
            "f2" => DType::F16,
            "i8" => DType::I64,
            "i4" => DType::I32,
            "i2" => DType::I16,
            "i1" => DType::I8,
            "u8" => DType::U64,
            "u4" => DType::U32,
            "u2" => DType::U16,
            "u1" => DType::U8,
            "b1" => DType::Bool(BoolStore::Native),
            _ if kind.starts_with(['O', 'U', 'S', 'M', 'm']) => return Ok(None),
            _ => {
                return Err(ArrayError::Type {
                    name: name.to_owned(),
                    found: match self.descr.is_empty() {
                        true => "records of several values".to_owned(),
                        false => self.descr.clone(),
                    },
                });
            }
        };
        Ok(Some(dtype))
    }
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, its keys in any order.
///
/// # Errors
///
/// What was expected.
fn parse(text: &str) -> Result<Header, &'static str> {
    let mut rest = Rest(text.trim());
    let (mut descr, mut is_column_major, mut shape) = (None, None, None);
    rest.expect("{").ok_or("a dictionary")?;
    while rest.expect("}").is_none() {
        let key = rest.quoted().ok_or("a key in quotes")?;
        rest.expect(":").ok_or("a colon after each key")?;
        match key {
            "descr" if rest.expect("[").is_some() => {
                descr = Some("");
                rest.skip_past(']').ok_or("the end of a list")?;
            }
            "descr" => descr = Some(rest.quoted().ok_or("a type in quotes")?),
            "fortran_order" => {
                let is_true = rest.expect("True").map(|()| true);
                let value = is_true.or_else(|| rest.expect("False").map(|()| false));
                is_column_major = Some(value.ok_or("True or False as fortran_order")?);
            }
            "shape" => shape = Some(rest.sizes().ok_or("a tuple of sizes as shape")?),
            _ => return Err("descr, fortran_order and shape alone"),
        }
        if rest.expect(",").is_none() && !rest.0.starts_with('}') {
            return Err("a comma after each value");
        }
    }
    let descr = descr.ok_or("descr, the type of the elements")?;
    Ok(Header {
        descr: descr.to_owned(),
        is_big_endian: descr.starts_with('>'),
        is_column_major: is_column_major.ok_or("fortran_order, the order of the axes")?,
        shape: shape.ok_or("shape, the sizes of the axes")?,
        length: 0,
    })
}

/// The text that is still to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// Passes over `token` and the spaces after it, if it is next.
    fn expect(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(token)?.trim_start();
        Some(())
    }

    /// The text in quotes of either kind.
    fn quoted(&mut self) -> Option<&'a str> {
        let quote = self.0.chars().next().filter(|c| ['\'', '"'].contains(c))?;
        let (text, rest) = self.0[1..].split_once(quote)?;
        self.0 = rest.trim_start();
        Some(text)
    }

    fn skip_past(&mut self, end: char) -> Option<()> {
        let (_, rest) = self.0.split_once(end)?;
        self.0 = rest.trim_start();
        Some(())
    }

    /// `()`, `(2,)` or `(2, 3)`; Python 2 put an L behind numbers.
    fn sizes(&mut self) -> Option<Vec<usize>> {
        self.expect("(")?;
        let (inside, rest) = self.0.split_once(')')?;
        self.0 = rest.trim_start();
        let inside = inside.trim().trim_end_matches(',');
        if inside.is_empty() {
            return Some(Vec::new());
        }
        let sizes = inside.split(',').map(|size| {
            let size = size.trim();
            size.strip_suffix('L').unwrap_or(size).parse().ok()
        });
        sizes.collect()
    }
}
