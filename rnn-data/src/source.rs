//! The folders in which datasets are looked for.

use std::path::{Path, PathBuf};

use crate::DatasetError;

/// The first folder that holds the dataset called `name` (`mnist`, `fashion-mnist`): under
/// `$RNN_DATA`, under `data` in the working directory, or where Debian's packages put datasets.
///
/// # Errors
///
/// If none of them exists; the error names them all.
pub fn find_dataset(name: &str) -> Result<PathBuf, DatasetError> {
    let roots = std::env::var_os("RNN_DATA")
        .map(PathBuf::from)
        .into_iter()
        .chain([PathBuf::from("data"), PathBuf::from("/usr/share/datasets")]);
    let places: Vec<PathBuf> = roots.map(|root| root.join(name)).collect();
    match places.iter().find(|place| Path::is_dir(place)) {
        Some(place) => Ok(place.clone()),
        None => Err(DatasetError::NotFound {
            name: name.to_owned(),
            places,
        }),
    }
}
