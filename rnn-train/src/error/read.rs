use std::error::Error;
use std::fmt;
use std::ops::Deref;

use burn::data::dataset::DatasetError;

/// Why a batch can't be read: the error that the dataset returned.
///
/// Burn's `DatasetError` says the same as the error inside it; here that one alone is the cause.
pub struct ReadError(DatasetError);

impl From<DatasetError> for ReadError {
    fn from(error: DatasetError) -> Self {
        Self(error)
    }
}

impl Deref for ReadError {
    type Target = dyn Error + 'static;

    fn deref(&self) -> &Self::Target {
        self.0.source().unwrap_or(&self.0)
    }
}

impl fmt::Debug for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
