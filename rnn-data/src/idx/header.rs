//! The header: two zero bytes, the element type, the rank, and one 32-bit length per dimension.

use super::{Dtype, Idx, IdxError};

#[derive(Debug)]
pub(super) struct Header {
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// Bytes of data after the header, at most [`Idx::MAX_BYTES`].
    pub(super) data_len: usize,
}

impl Header {
    /// Bytes up to and including the rank.
    pub(super) const FIXED: usize = 4;

    /// Length of a header of this rank.
    pub(super) const fn len_for(rank: usize) -> usize {
        Self::FIXED + 4 * rank
    }

    /// This header's own length: where the data starts.
    pub(super) fn len(&self) -> usize {
        Self::len_for(self.shape.len())
    }

    /// Reads the header at the start of `bytes`. What follows it does not matter, and nothing is
    /// allocated but the shape.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, IdxError> {
        // The magic bytes come before the length: a short text file is not a truncated IDX file.
        if bytes.iter().take(2).any(|&byte| byte != 0) {
            let found = [0, 1].map(|i| bytes.get(i).copied().unwrap_or(0));
            return Err(IdxError::Magic { found });
        }
        let dtype = match bytes.get(2) {
            Some(&code) => Some(Dtype::from_code(code)?),
            None => None,
        };
        let truncated = |expected| IdxError::TruncatedHeader {
            expected,
            found: bytes.len(),
        };
        let (Some(dtype), Some(&rank)) = (dtype, bytes.get(3)) else {
            return Err(truncated(Self::FIXED));
        };
        let len = Self::len_for(usize::from(rank));
        let Some(lengths) = bytes.get(Self::FIXED..len) else {
            return Err(truncated(len));
        };
        let (lengths, _) = lengths.as_chunks::<4>();
        let shape: Vec<usize> = lengths
            .iter()
            .map(|&length| u32::from_be_bytes(length) as usize)
            .collect();
        let data_len = data_len(dtype, &shape)?;
        Ok(Self {
            dtype,
            shape,
            data_len,
        })
    }

    pub(super) fn to_bytes(dtype: Dtype, shape: &[usize]) -> Vec<u8> {
        // `Idx::new` has checked that rank and dimensions fit.
        let mut bytes = vec![0, 0, dtype.code(), shape.len() as u8];
        for &length in shape {
            bytes.extend_from_slice(&(length as u32).to_be_bytes());
        }
        bytes
    }
}

/// Bytes that an array takes, if that is allowed.
pub(super) fn data_len(dtype: Dtype, shape: &[usize]) -> Result<usize, IdxError> {
    let overflow = || IdxError::ShapeOverflow {
        shape: shape.to_vec(),
    };
    // A zero anywhere makes the array empty, whatever the other lengths multiply to.
    let bytes = if shape.contains(&0) {
        0
    } else {
        shape
            .iter()
            .try_fold(dtype.size() as u64, |product, &length| {
                product.checked_mul(length as u64)
            })
            .ok_or_else(overflow)?
    };
    if bytes > Idx::MAX_BYTES as u64 {
        return Err(IdxError::TooLarge {
            limit: Idx::MAX_BYTES,
            found: bytes,
        });
    }
    Ok(bytes as usize)
}
