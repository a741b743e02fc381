//! The folders in which datasets are looked for.

use std::path::{Path, PathBuf};

use super::{Dataset, FetchError, Missing, Options, Place, RemoteFile};

pub(super) fn find(dataset: &Dataset, options: &Options) -> Result<PathBuf, FetchError> {
    let folders = candidates(dataset, options);
    match folders.iter().find(|folder| holds(dataset, folder)) {
        Some(folder) => Ok(folder.clone()),
        None => Err(FetchError::NotFound(Box::new(missing(dataset, options)))),
    }
}

/// What to say of a dataset that is nowhere.
pub(super) fn missing(dataset: &Dataset, options: &Options) -> Missing {
    let cache = options.cache.as_ref();
    let place = |folder: PathBuf| Place {
        missing: folder
            .is_dir()
            .then(|| names(missing_files(dataset, &folder))),
        folder,
    };
    Missing {
        name: dataset.name.clone(),
        places: candidates(dataset, options)
            .into_iter()
            .map(place)
            .collect(),
        files: names(dataset.files.iter()),
        mirrors: match &options.mirror {
            Some(mirror) => vec![mirror.clone()],
            None => dataset.mirrors.clone(),
        },
        target: cache.map_or_else(
            || Path::new("data").join(&dataset.name),
            |cache| cache.join(&dataset.name),
        ),
    }
}

/// The files that a folder does not hold under any of their names.
pub(super) fn missing_files<'a>(
    dataset: &'a Dataset,
    folder: &Path,
) -> impl Iterator<Item = &'a RemoteFile> {
    dataset.files.iter().filter(move |file| {
        !std::iter::once(&file.name)
            .chain(&file.other_names)
            .any(|name| folder.join(name).is_file())
    })
}

fn holds(dataset: &Dataset, folder: &Path) -> bool {
    missing_files(dataset, folder).next().is_none()
}

/// The files' names.
pub(super) fn names<'a>(files: impl Iterator<Item = &'a RemoteFile>) -> Vec<String> {
    files.map(|file| file.name.clone()).collect()
}

/// The folders in which a dataset may be, in the order in which they are looked into.
fn candidates(dataset: &Dataset, options: &Options) -> Vec<PathBuf> {
    let below_roots = std::iter::once(&dataset.name)
        .chain(&dataset.folders)
        .flat_map(|name| options.roots.iter().map(move |root| root.join(name)));
    let cache = options.cache.iter().map(|cache| cache.join(&dataset.name));
    below_roots.chain(cache).collect()
}
