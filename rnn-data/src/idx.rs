//! IDX, the format of MNIST's files: a typed array of any rank, big-endian.

mod data;
mod error;
mod file;
mod header;

pub use data::{Dtype, IdxData};
pub use error::IdxError;

use crate::gzip;
use header::Header;

/// An array with a shape, as an IDX file holds it.
///
/// ```
/// use rnn_data::{Idx, IdxData};
///
/// // Two pictures of one row and three columns.
/// let pictures = Idx::new(vec![2, 1, 3], vec![0u8, 128, 255, 1, 2, 3])?;
/// let bytes = pictures.to_bytes();
/// assert_eq!(bytes[..8], [0, 0, 0x08, 3, 0, 0, 0, 2]);
///
/// let back = Idx::parse(&bytes)?;
/// assert_eq!(back.shape(), [2, 1, 3]);
/// assert!(matches!(back.data(), IdxData::U8(values) if values[2] == 255));
/// assert_eq!(Idx::decode(&pictures.to_gzip()?)?, back);
///
/// let error = Idx::parse(&bytes[..15]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "IDX header cut off at byte 15: expected a header of 16 bytes"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Idx {
    shape: Vec<usize>,
    data: IdxData,
}

impl Idx {
    /// The most data that an array may have, in bytes: 1 GiB, about twenty times MNIST. A header
    /// that asks for more is refused before anything is allocated, compressed or not.
    pub const MAX_BYTES: usize = 1 << 30;

    /// An array of this shape; `[]` is the shape of a single element.
    ///
    /// # Errors
    ///
    /// [`IdxError::ShapeMismatch`] if the product of the shape is not the number of elements, and
    /// [`IdxError::RankTooLarge`], [`IdxError::DimensionTooLarge`], [`IdxError::ShapeOverflow`] or
    /// [`IdxError::TooLarge`] if the format has no room for the shape. So whatever is written can
    /// be read back.
    pub fn new(shape: Vec<usize>, data: impl Into<IdxData>) -> Result<Self, IdxError> {
        let data = data.into();
        if shape.len() > usize::from(u8::MAX) {
            return Err(IdxError::RankTooLarge { found: shape.len() });
        }
        for (axis, &found) in shape.iter().enumerate() {
            if u32::try_from(found).is_err() {
                return Err(IdxError::DimensionTooLarge { axis, found });
            }
        }
        let expected = header::data_len(data.dtype(), &shape)? / data.dtype().size();
        if data.len() != expected {
            return Err(IdxError::ShapeMismatch {
                shape,
                expected,
                found: data.len(),
            });
        }
        Ok(Self { shape, data })
    }

    /// Reads plain IDX bytes: header, data, and nothing else.
    ///
    /// # Errors
    ///
    /// A variant of [`IdxError`] for each way in which bytes can fail to be IDX. The data is
    /// allocated only once its length is known to be there.
    pub fn parse(bytes: &[u8]) -> Result<Self, IdxError> {
        let header = Header::parse(bytes)?;
        let data = &bytes[header.len()..];
        if data.len() < header.data_len {
            return Err(IdxError::TruncatedData {
                offset: bytes.len(),
                expected: header.data_len,
                found: data.len(),
            });
        }
        if data.len() > header.data_len {
            return Err(IdxError::TrailingBytes {
                offset: header.len() + header.data_len,
                found: data.len() - header.data_len,
            });
        }
        Ok(Self {
            data: IdxData::from_be_bytes(header.dtype, data),
            shape: header.shape,
        })
    }

    /// Reads IDX bytes, plain or in gzip. Their first two bytes tell which.
    ///
    /// # Errors
    ///
    /// Those of [`Idx::parse`], and [`IdxError::Gzip`]. No more is decoded than the header says,
    /// plus one byte.
    pub fn decode(bytes: &[u8]) -> Result<Self, IdxError> {
        if bytes.starts_with(&gzip::MAGIC) {
            Self::parse(&decompress(bytes)?)
        } else {
            Self::parse(bytes)
        }
    }

    /// The array as plain IDX bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Header::to_bytes(self.data.dtype(), &self.shape);
        bytes.reserve_exact(self.data.len() * self.data.dtype().size());
        self.data.extend_be_bytes(&mut bytes);
        bytes
    }

    /// The array as IDX bytes in gzip. The same array gives the same bytes.
    ///
    /// # Errors
    ///
    /// Those of the compressor, which has none when it writes to memory.
    pub fn to_gzip(&self) -> std::io::Result<Vec<u8>> {
        gzip::encode(&self.to_bytes())
    }

    /// Length of each dimension.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements, in row-major order.
    pub const fn data(&self) -> &IdxData {
        &self.data
    }

    /// The type of the elements.
    pub const fn dtype(&self) -> Dtype {
        self.data.dtype()
    }

    /// Shape and elements, without copying.
    pub fn into_parts(self) -> (Vec<usize>, IdxData) {
        (self.shape, self.data)
    }
}

/// Decodes a gzip stream that holds one IDX array, into plain IDX bytes. The header sets the length:
/// the result has one byte too many if the stream holds more than the header says.
fn decompress(bytes: &[u8]) -> Result<Vec<u8>, IdxError> {
    let mut stream = gzip::Stream::new(bytes);
    let mut plain = Vec::new();
    stream.read_until(&mut plain, Header::FIXED)?;
    if let Some(&rank) = plain.get(Header::FIXED - 1) {
        stream.read_until(&mut plain, Header::len_for(usize::from(rank)))?;
    }
    let header = Header::parse(&plain)?;
    // The decoder checks the checksum only when it is asked for bytes past the end.
    stream.read_until(&mut plain, header.len() + header.data_len + 1)?;
    Ok(plain)
}
