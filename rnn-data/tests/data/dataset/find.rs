//! Where datasets are looked for.

use std::fs;
use std::path::{Path, PathBuf};

use rnn_data::dataset::{Dataset, FetchError, Options};
use rnn_data::{Mnist, Strokes};
use tempfile::tempdir;

fn options(roots: &[&Path], cache: &Path) -> Options {
    Options {
        roots: roots.iter().map(|root| root.to_path_buf()).collect(),
        cache: Some(cache.to_owned()),
        ..Options::default()
    }
}

fn write_digits(folder: &Path, seed: u64) {
    let digits = Strokes::new(seed).mnist(10, 10).unwrap();
    digits.write(folder, true).unwrap();
}

#[test]
fn the_places_in_their_order() {
    let dir = tempdir().unwrap();
    let [first, second, cache] = ["first", "second", "cache"].map(|name| dir.path().join(name));
    let options = options(&[&first, &second], &cache);
    let places = [
        first.join("mnist"),
        second.join("mnist"),
        first.join("mnist/MNIST/raw"),
        second.join("mnist/MNIST/raw"),
        first.join("MNIST/raw"),
        second.join("MNIST/raw"),
        cache.join("mnist"),
    ];
    for place in places.iter().rev() {
        write_digits(place, 1);
        assert_eq!(Dataset::mnist().find(&options).unwrap(), *place);
        Mnist::open(place).unwrap();
    }
    // A folder that lacks one file does not count.
    fs::remove_file(places[0].join("t10k-labels-idx1-ubyte.gz")).unwrap();
    assert_eq!(Dataset::mnist().find(&options).unwrap(), places[1]);
}

#[test]
fn torchvision_keeps_two_datasets_under_one_root() {
    let dir = tempdir().unwrap();
    let [digits, clothes] = ["MNIST/raw", "FashionMNIST/raw"].map(|name| dir.path().join(name));
    write_digits(&digits, 1);
    write_digits(&clothes, 2);
    let options = options(&[dir.path()], &dir.path().join("cache"));
    for (dataset, folder, seed) in [
        (Dataset::mnist(), digits, 1),
        (Dataset::fashion_mnist(), clothes, 2),
    ] {
        let found = dataset.find(&options).unwrap();
        assert_eq!(found, folder);
        let expected = Strokes::new(seed).mnist(10, 10).unwrap();
        assert_eq!(Mnist::open(found).unwrap(), expected);
    }
}

#[test]
fn other_spellings_of_folders_and_files() {
    let dir = tempdir().unwrap();
    let options = options(&[dir.path()], &dir.path().join("cache"));
    for (name, folder, files) in [
        ("tiny-shakespeare", "tinyshakespeare", &["input.txt"][..]),
        (
            "ud-english-ewt",
            "ud_english_ewt",
            &["en_ewt-ud-train.conllu.gz", "en_ewt-ud-dev.conllu"],
        ),
        (
            "mnist",
            "mnist",
            &[
                "train-images.idx3-ubyte",
                "train-labels-idx1-ubyte",
                "t10k-images.idx3-ubyte.gz",
                "t10k-labels-idx1-ubyte.gz",
            ],
        ),
    ] {
        let dataset = Dataset::named(name).unwrap();
        assert!(dataset.find(&options).is_err());
        let folder = dir.path().join(folder);
        fs::create_dir(&folder).unwrap();
        for file in files {
            fs::write(folder.join(file), "").unwrap();
        }
        assert_eq!(dataset.find(&options).unwrap(), folder);
    }
}

#[test]
fn the_error_names_the_places_and_what_to_put_where() {
    let dir = tempdir().unwrap();
    let cache = dir.path().join("cache");
    let options = options(&[dir.path()], &cache);
    let ewt = dir.path().join("ud_english_ewt");
    fs::create_dir_all(&ewt).unwrap();
    fs::create_dir_all(dir.path().join("ud-english-ewt")).unwrap();
    fs::write(ewt.join("en_ewt-ud-dev.conllu"), "").unwrap();

    let error = Dataset::ud_english_ewt().find(&options).unwrap_err();
    let root = dir.path().display();
    assert_eq!(
        error.to_string(),
        format!(
            "the dataset ud-english-ewt was not found; looked for {root}/ud-english-ewt (which holds none \
             of its files), {root}/ud_english_ewt (which lacks en_ewt-ud-train.conllu), \
             {root}/UD_English-EWT, {root}/cache/ud-english-ewt; put en_ewt-ud-train.conllu, \
             en_ewt-ud-dev.conllu from \
             https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/r2.16/ into \
             {root}/cache/ud-english-ewt, or set RNN_DATA to the folder that holds ud-english-ewt"
        )
    );
    let FetchError::NotFound(missing) = error else {
        panic!("{error}");
    };
    assert_eq!(missing.places[2].missing, None);
    assert_eq!(missing.target, cache.join("ud-english-ewt"));

    // Without a cache there is still a place.
    let options = Options {
        cache: None,
        ..options
    };
    let Err(FetchError::NotFound(missing)) = Dataset::mnist().find(&options) else {
        panic!("found");
    };
    assert_eq!(missing.target, PathBuf::from("data/mnist"));
}

#[test]
fn names() {
    for dataset in Dataset::all() {
        assert_eq!(Dataset::named(&dataset.name).unwrap(), dataset);
        for file in &dataset.files {
            assert_eq!(file.sha256.len(), 64);
            assert!(file.sha256.bytes().all(|digit| digit.is_ascii_hexdigit()));
        }
        assert!(dataset.mirrors.iter().all(|mirror| mirror.ends_with('/')));
    }
    let name = |spelling| Dataset::named(spelling).unwrap().name;
    assert_eq!(name("tinyshakespeare"), "tiny-shakespeare");
    assert_eq!(name("UD_English-EWT"), "ud-english-ewt");
    assert_eq!(name("FashionMNIST"), "fashion-mnist");
    assert_eq!(
        Dataset::named("kmnist").unwrap_err().to_string(),
        "expected the name of a dataset, mnist or fashion-mnist or tiny-shakespeare or ud-english-ewt, \
         found kmnist"
    );
}

/// The sums are those of the files as Debian has them.
#[test]
fn debian_has_fashion_mnist() {
    let folder = Path::new("/usr/share/datasets/fashion-mnist");
    if !folder.is_dir() {
        return;
    }
    for file in Dataset::fashion_mnist().files {
        use sha2::{Digest, Sha256};
        let path = folder.join(&file.name);
        let compressed = fs::File::open(path).unwrap();
        let mut decoder = flate2::read::GzDecoder::new(compressed);
        let mut hash = Sha256::new();
        let bytes = std::io::copy(&mut decoder, &mut hash).unwrap();
        assert_eq!(format!("{:x}", hash.finalize()), file.sha256);
        assert_eq!(bytes, file.max_bytes);
    }
}
