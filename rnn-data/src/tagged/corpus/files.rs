//! Which files of a folder belong to which part of a corpus.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::tagged::TaggedError;

/// A part of a corpus.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Train,
    Dev,
    Test,
}

impl Part {
    const ALL: [Self; 3] = [Self::Train, Self::Dev, Self::Test];

    /// What a file's name has in it, as a word of its own.
    pub(super) const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Train => &["train"],
            Self::Dev => &["dev", "valid", "validation", "testa"],
            Self::Test => &["test", "testb"],
        }
    }

    fn is_in(self, name: &str) -> bool {
        name.split(|c: char| !c.is_alphanumeric())
            .any(|word| self.words().contains(&word))
    }

    /// The one part that a file belongs to.
    fn of(name: &str) -> Option<Self> {
        let mut parts = Self::ALL.into_iter().filter(|part| part.is_in(name));
        let first = parts.next()?;
        parts.next().is_none().then_some(first)
    }
}

/// The endings that are looked for, the preferred first. Treebanks come with their raw text beside
/// them, as `.txt`: where one part ends in the first of these, so do the others.
const ENDINGS: [&str; 7] = [".conllu", ".conll", ".tsv", ".bio", ".iob", ".iob2", ".txt"];

/// A file of a part.
struct Candidate {
    name: String,
    part: Part,
    /// The name without its ending.
    stem: String,
    /// Which of the endings, and whether `.gz` comes after it: the least is preferred.
    rank: (usize, bool),
}

impl Candidate {
    fn of(name: String) -> Option<Self> {
        // Hidden files are notes of editors and systems about others: `._train.conllu`.
        if name.starts_with('.') {
            return None;
        }
        let lower = name.to_lowercase();
        let plain = lower.strip_suffix(".gz").unwrap_or(&lower);
        let ending = (0..).zip(ENDINGS).find_map(|(rank, ending)| {
            let stem = plain.strip_suffix(ending)?;
            Some((rank, stem))
        });
        let (rank, stem) = match ending {
            Some(found) => found,
            // `eng.train` has no other ending.
            None => {
                let last = plain.rsplit('.').next().unwrap_or_default();
                let is_word = Part::ALL.iter().any(|part| part.words().contains(&last));
                is_word.then_some((ENDINGS.len(), plain))?
            }
        };
        Some(Self {
            part: Part::of(stem)?,
            stem: stem.to_owned(),
            rank: (rank, plain.len() < lower.len()),
            name,
        })
    }
}

/// The files of a part, in the order of their names.
pub(super) fn files(dir: &Path, part: Part) -> Result<Vec<PathBuf>, TaggedError> {
    let mut found: Vec<Candidate> = names(dir)?.into_iter().filter_map(Candidate::of).collect();
    let is_treebank = |file: &Candidate| file.rank.0 == 0;
    if found.iter().any(is_treebank) {
        found.retain(is_treebank);
    }
    // Of the same name with several endings, that of the least rank.
    let mut by_stem = BTreeMap::<String, Candidate>::new();
    for file in found.into_iter().filter(|file| file.part == part) {
        match by_stem.get(&file.stem) {
            Some(other) if other.rank <= file.rank => {}
            _ => {
                by_stem.insert(file.stem.clone(), file);
            }
        }
    }
    let mut names: Vec<String> = by_stem.into_values().map(|file| file.name).collect();
    names.sort();
    Ok(names.into_iter().map(|name| dir.join(name)).collect())
}

/// The names of the files in a folder. One that is not text has no ending that is looked for.
fn names(dir: &Path) -> Result<Vec<String>, TaggedError> {
    let read = || -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if !entry.path().is_dir() {
                names.extend(entry.file_name().into_string().ok());
            }
        }
        // Of two whose names differ in case alone, the same one each time.
        names.sort();
        Ok(names)
    };
    read().map_err(|source| TaggedError::Folder {
        dir: dir.to_owned(),
        source,
    })
}
