//! Folders in all the forms that MNIST comes in, and in some that it should not.

use std::fs;
use std::path::Path;

use rnn_data::{DatasetError, Idx, ImageSet, Mnist, Strokes};
use tempfile::tempdir;

fn digits() -> Mnist {
    Strokes::new(5).mnist(30, 20).unwrap()
}

fn message_of(dir: &Path) -> (DatasetError, String) {
    let error = Mnist::open(dir).unwrap_err();
    let message = crate::chain(&error);
    (error, message)
}

fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in `{message}`");
    }
}

/// A folder with the digits, of which `file` is replaced.
fn with_file(file: &str, idx: &Idx) -> tempfile::TempDir {
    let dir = tempdir().unwrap();
    digits().write(dir.path(), false).unwrap();
    idx.write(dir.path().join(file)).unwrap();
    dir
}

#[test]
fn plain_and_compressed() {
    for gzip in [false, true] {
        let dir = tempdir().unwrap();
        let inner = dir.path().join("made/by/write");
        digits().write(&inner, gzip).unwrap();
        assert_eq!(Mnist::open(&inner).unwrap(), digits());

        let mut names: Vec<_> = fs::read_dir(&inner)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let expected = [
            "t10k-images-idx3-ubyte",
            "t10k-labels-idx1-ubyte",
            "train-images-idx3-ubyte",
            "train-labels-idx1-ubyte",
        ];
        let ending = if gzip { ".gz" } else { "" };
        assert_eq!(names, expected.map(|name| format!("{name}{ending}")));
    }
}

#[test]
fn content_decides_what_is_compressed() {
    let dir = tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    digits().write(dir.path(), true).unwrap();
    // Compressed under the plain name, and plain under the compressed one.
    fs::rename(
        path("t10k-labels-idx1-ubyte.gz"),
        path("t10k-labels-idx1-ubyte"),
    )
    .unwrap();
    let images = digits().test.to_idx().unwrap().0;
    images.write(path("t10k-images-idx3-ubyte.gz")).unwrap();
    assert_eq!(Mnist::open(dir.path()).unwrap(), digits());
}

#[test]
fn spelt_with_a_dot() {
    for gzip in [false, true] {
        let dir = tempdir().unwrap();
        digits().write(dir.path(), gzip).unwrap();
        for entry in fs::read_dir(dir.path()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            fs::rename(&path, dir.path().join(name.replace("-idx", ".idx"))).unwrap();
        }
        assert!(dir.path().read_dir().unwrap().all(|entry| {
            entry
                .unwrap()
                .file_name()
                .to_str()
                .unwrap()
                .contains(".idx")
        }));
        assert_eq!(Mnist::open(dir.path()).unwrap(), digits());
    }
}

#[test]
fn torchvision_roots() {
    for folder in ["MNIST/raw", "FashionMNIST/raw", "raw"] {
        let dir = tempdir().unwrap();
        digits().write(dir.path().join(folder), true).unwrap();
        assert_eq!(Mnist::open(dir.path()).unwrap(), digits(), "{folder}");
    }
}

#[test]
fn folders_are_not_mixed() {
    let dir = tempdir().unwrap();
    digits().write(dir.path().join("MNIST/raw"), true).unwrap();
    digits().write(dir.path(), true).unwrap();
    fs::remove_file(dir.path().join("t10k-labels-idx1-ubyte.gz")).unwrap();
    let (error, message) = message_of(dir.path());
    assert!(matches!(error, DatasetError::MissingFile { dirs, .. } if dirs.len() == 1));
    assert_says(
        &message,
        &["t10k-labels-idx1-ubyte or t10k-labels.idx1-ubyte or"],
    );
}

#[test]
fn missing_folder() {
    let dir = tempdir().unwrap();
    let (error, message) = message_of(&dir.path().join("absent"));
    assert!(matches!(error, DatasetError::NoFolder { .. }));
    assert_says(&message, &["absent", "no such folder"]);
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(message_of(&file).0, DatasetError::NoFolder { .. }));
}

#[test]
fn missing_files() {
    let dir = tempdir().unwrap();
    let (error, message) = message_of(dir.path());
    assert!(matches!(error, DatasetError::MissingFile { .. }));
    let looked_for = ["train-images-idx3-ubyte", "train-images.idx3-ubyte.gz"];
    assert_says(&message, &looked_for);
    assert_says(
        &message,
        &[
            "MNIST/raw",
            "FashionMNIST/raw",
            &dir.path().display().to_string(),
        ],
    );
}

#[test]
fn a_cut_file_is_named() {
    let dir = tempdir().unwrap();
    digits().write(dir.path(), true).unwrap();
    let path = dir.path().join("train-images-idx3-ubyte.gz");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let (error, message) = message_of(dir.path());
    assert!(matches!(error, DatasetError::Idx(_)));
    let half = format!("byte {}", bytes.len() / 2);
    assert_says(&message, &["train-images-idx3-ubyte.gz", "cut off", &half]);
}

#[test]
fn labels_decide_how_many_classes_there_are() {
    let open = |file: &str, largest: u8| {
        let count = if file.starts_with("train") { 30 } else { 20 };
        let mut labels = vec![1u8; count];
        labels[17] = largest;
        Mnist::open(with_file(file, &Idx::new(vec![count], labels).unwrap()).path()).unwrap()
    };
    for file in ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"] {
        // Letters have labels 1 to 26; few labels are still those of digits.
        for (largest, expected) in [(3, 10), (9, 10), (10, 11), (26, 27), (255, 256)] {
            let set = open(file, largest);
            let found = [&set.train, &set.test].map(ImageSet::num_classes);
            assert_eq!(found, [expected; 2], "{file} with {largest}");
            assert_eq!(set.test.class_counts().len(), expected);
        }
    }
}

#[test]
fn the_test_files_are_enough_for_the_test_set() {
    for (folder, gzip) in [("", false), ("MNIST/raw", true)] {
        let dir = tempdir().unwrap();
        let inner = dir.path().join(folder);
        digits().write(&inner, gzip).unwrap();
        let ending = if gzip { ".gz" } else { "" };
        for kind in ["images-idx3", "labels-idx1"] {
            fs::remove_file(inner.join(format!("train-{kind}-ubyte{ending}"))).unwrap();
        }
        assert_eq!(Mnist::open_test(dir.path()).unwrap(), digits().test);
        let (_, message) = message_of(dir.path());
        assert_says(&message, &["no train-images-idx3-ubyte or"]);

        fs::remove_file(inner.join(format!("t10k-labels-idx1-ubyte{ending}"))).unwrap();
        let error = Mnist::open_test(dir.path()).unwrap_err();
        assert!(matches!(error, DatasetError::MissingFile { dirs, .. } if dirs == [inner]));
    }
    // Training files elsewhere do not hide those of the test.
    let dir = tempdir().unwrap();
    digits().write(dir.path().join("raw"), true).unwrap();
    fs::write(dir.path().join("train-images-idx3-ubyte"), "").unwrap();
    assert_eq!(Mnist::open_test(dir.path()).unwrap().len(), 20);

    let absent = Mnist::open_test(dir.path().join("absent")).unwrap_err();
    assert!(matches!(absent, DatasetError::NoFolder { .. }));
}

#[test]
fn counts_differ() {
    let labels = Idx::new(vec![29], vec![0u8; 29]).unwrap();
    let (_, message) = message_of(with_file("train-labels-idx1-ubyte", &labels).path());
    assert_says(
        &message,
        &["train-images", "train-labels", "expected 30", "found 29"],
    );
}

#[test]
fn sizes_differ() {
    let images = Idx::new(vec![20, 14, 28], vec![0u8; 20 * 14 * 28]).unwrap();
    let (error, message) = message_of(with_file("t10k-images-idx3-ubyte", &images).path());
    assert!(matches!(error, DatasetError::Files { source, .. }
        if matches!(*source, DatasetError::Size { expected: [28, 28], found: [14, 28] })));
    assert_says(&message, &["train-images", "t10k-images", "28x28", "14x28"]);
}

#[test]
fn types_ranks_and_empty_sets() {
    let cases = [
        (
            "train-images-idx3-ubyte",
            Idx::new(vec![1, 1, 1], vec![1.0f32]),
            "found F32",
        ),
        (
            "train-labels-idx1-ubyte",
            Idx::new(vec![30], vec![1i8; 30]),
            "found I8",
        ),
        (
            "train-images-idx3-ubyte",
            Idx::new(vec![30, 4], vec![0u8; 120]),
            "expected 3 dimensions",
        ),
        (
            "train-labels-idx1-ubyte",
            Idx::new(vec![30, 1], vec![0u8; 30]),
            "expected 1 dimensions",
        ),
        (
            "t10k-images-idx3-ubyte",
            Idx::new(vec![0, 28, 28], Vec::<u8>::new()),
            "[0, 28, 28]",
        ),
        (
            "t10k-images-idx3-ubyte",
            Idx::new(vec![20, 0, 28], Vec::<u8>::new()),
            "[20, 0, 28]",
        ),
    ];
    for (file, idx, says) in cases {
        let (_, message) = message_of(with_file(file, &idx.unwrap()).path());
        assert_says(&message, &[file, says, "byte"]);
    }
}

#[test]
fn a_compressed_file_is_not_written_where_it_would_not_be_read() {
    let dir = tempdir().unwrap();
    digits().write(dir.path(), false).unwrap();
    let error = digits().write(dir.path(), true).unwrap_err();
    assert!(matches!(error, DatasetError::Shadowed { .. }));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
    // Replacing is fine.
    let other = Strokes::new(6).mnist(10, 10).unwrap();
    other.write(dir.path(), false).unwrap();
    assert_eq!(Mnist::open(dir.path()).unwrap(), other);
}

#[test]
fn a_folder_that_cannot_be_made() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = digits().write(file.join("below"), false).unwrap_err();
    assert!(matches!(error, DatasetError::CreateFolder { .. }));
}

#[test]
fn what_is_called_gz_and_is_not() {
    let dir = tempdir().unwrap();
    digits().write(dir.path(), true).unwrap();
    let file = "train-labels-idx1-ubyte.gz";
    fs::write(dir.path().join(file), "<html>moved</html>").unwrap();
    let (_, message) = message_of(dir.path());
    assert_says(
        &message,
        &[file, "not gzip", "0x1f 0x8b", "found 0x3c 0x68"],
    );
}
