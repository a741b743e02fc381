//! Reads a task's data, and tells whether they are those that a run was made with.

use std::path::Path;

use anyhow::ensure;

use super::dataset;
use super::task::Task;
use crate::context::Context;
use crate::ui::Output;
use crate::ui::progress::with_spinner;

/// Reads the data of a training, from `path` if it is given, or else from the folder of its dataset by name,
/// which is downloaded if it has to be.
pub fn read<T: Task>(
    context: &Context,
    training: &T::Training,
    path: Option<&Path>,
    out: &Output,
) -> anyhow::Result<T::Data> {
    let name = match path {
        Some(_) => None,
        None => T::dataset(training),
    };
    let folder = dataset::folder(name, context, out)?;
    let path = path.or(folder.as_deref());
    let what = format!("reading the {}", T::ITEMS);
    with_spinner(out, what, || T::read(training, path))
}

/// Records the fingerprints of the data in the settings of a new training.
pub fn record<T: Task>(training: &mut T::Training, data: &T::Data) {
    let recorded = T::fingerprint_fields(training).into_iter();
    for ((_, recorded), found) in recorded.zip(T::hash(data)) {
        *recorded = found;
    }
}

/// Refuses data whose fingerprints differ from those recorded in the run in `folder`.
pub fn check<T: Task>(folder: &Path, training: &T::Training, data: &T::Data) -> anyhow::Result<()> {
    let mut training = training.clone();
    let recorded = T::fingerprint_fields(&mut training).into_iter();
    for ((what, expected), found) in recorded.zip(T::hash(data)) {
        ensure!(
            found == *expected,
            "{}: the {what} on have changed: expected SHA-256 {expected}, found {found}",
            folder.display()
        );
    }
    Ok(())
}
