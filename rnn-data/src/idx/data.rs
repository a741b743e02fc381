use super::IdxError;

/// Element type of an IDX array, as its header's third byte has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// `0x08`, unsigned bytes: pictures and labels.
    U8,
    /// `0x09`, signed bytes.
    I8,
    /// `0x0b`, 16-bit integers.
    I16,
    /// `0x0c`, 32-bit integers.
    I32,
    /// `0x0d`, 32-bit floats.
    F32,
    /// `0x0e`, 64-bit floats.
    F64,
}

impl Dtype {
    /// The byte that stands for this type.
    pub const fn code(self) -> u8 {
        match self {
            Self::U8 => 0x08,
            Self::I8 => 0x09,
            Self::I16 => 0x0b,
            Self::I32 => 0x0c,
            Self::F32 => 0x0d,
            Self::F64 => 0x0e,
        }
    }

    /// The type that `code` stands for.
    ///
    /// # Errors
    ///
    /// [`IdxError::UnknownDtype`] if it stands for none.
    pub const fn from_code(code: u8) -> Result<Self, IdxError> {
        Ok(match code {
            0x08 => Self::U8,
            0x09 => Self::I8,
            0x0b => Self::I16,
            0x0c => Self::I32,
            0x0d => Self::F32,
            0x0e => Self::F64,
            found => return Err(IdxError::UnknownDtype { found }),
        })
    }

    /// Bytes per element.
    pub const fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// Elements of an IDX array, in row-major order (the last index runs fastest).
#[derive(Clone, Debug, PartialEq)]
pub enum IdxData {
    /// Unsigned bytes.
    U8(Vec<u8>),
    /// Signed bytes.
    I8(Vec<i8>),
    /// 16-bit integers.
    I16(Vec<i16>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 64-bit floats.
    F64(Vec<f64>),
}

/// The same expression for every variant, `$values` being its vector.
macro_rules! for_each_dtype {
    ($data:expr, $values:ident => $body:expr) => {
        match $data {
            IdxData::U8($values) => $body,
            IdxData::I8($values) => $body,
            IdxData::I16($values) => $body,
            IdxData::I32($values) => $body,
            IdxData::F32($values) => $body,
            IdxData::F64($values) => $body,
        }
    };
}

/// Big-endian elements of `N` bytes; a rest shorter than that is left out.
fn decode<const N: usize, T>(bytes: &[u8], element: fn([u8; N]) -> T) -> Vec<T> {
    bytes
        .as_chunks::<N>()
        .0
        .iter()
        .map(|&b| element(b))
        .collect()
}

impl IdxData {
    /// The type of the elements.
    pub const fn dtype(&self) -> Dtype {
        match self {
            Self::U8(_) => Dtype::U8,
            Self::I8(_) => Dtype::I8,
            Self::I16(_) => Dtype::I16,
            Self::I32(_) => Dtype::I32,
            Self::F32(_) => Dtype::F32,
            Self::F64(_) => Dtype::F64,
        }
    }

    /// How many elements there are.
    pub const fn len(&self) -> usize {
        for_each_dtype!(self, values => values.len())
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn from_be_bytes(dtype: Dtype, bytes: &[u8]) -> Self {
        match dtype {
            Dtype::U8 => Self::U8(bytes.to_vec()),
            Dtype::I8 => Self::I8(decode(bytes, i8::from_be_bytes)),
            Dtype::I16 => Self::I16(decode(bytes, i16::from_be_bytes)),
            Dtype::I32 => Self::I32(decode(bytes, i32::from_be_bytes)),
            Dtype::F32 => Self::F32(decode(bytes, f32::from_be_bytes)),
            Dtype::F64 => Self::F64(decode(bytes, f64::from_be_bytes)),
        }
    }

    pub(super) fn extend_be_bytes(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::U8(values) => bytes.extend_from_slice(values),
            other => for_each_dtype!(other, values => {
                for value in values {
                    bytes.extend_from_slice(&value.to_be_bytes());
                }
            }),
        }
    }
}

macro_rules! from_vec {
    ($($element:ty => $variant:ident),*) => {$(
        impl From<Vec<$element>> for IdxData {
            fn from(values: Vec<$element>) -> Self {
                Self::$variant(values)
            }
        }
    )*};
}
from_vec!(u8 => U8, i8 => I8, i16 => I16, i32 => I32, f32 => F32, f64 => F64);
