//! The datasets that are known by name.

use super::{Compression, Dataset, FetchError, RemoteFile};
use crate::mnist;

impl Dataset {
    /// All datasets that are known by name.
    pub fn all() -> Vec<Self> {
        vec![
            Self::mnist(),
            Self::fashion_mnist(),
            Self::tiny_shakespeare(),
            Self::ud_english_ewt(),
        ]
    }

    /// The dataset of this name, or of another spelling of it: case, `-` and `_` make no difference.
    ///
    /// ```
    /// use rnn_data::dataset::Dataset;
    ///
    /// assert_eq!(Dataset::named("tinyshakespeare")?.name, "tiny-shakespeare");
    /// assert!(Dataset::named("imagenet").is_err());
    /// # Ok::<(), rnn_data::dataset::FetchError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FetchError::Unknown`], with the names that are known.
    pub fn named(name: &str) -> Result<Self, FetchError> {
        let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
        let mut all = Self::all();
        let found = all.iter().position(|one| plain(&one.name) == plain(name));
        found
            .map(|index| all.swap_remove(index))
            .ok_or_else(|| FetchError::Unknown {
                name: name.to_owned(),
                known: Self::all().into_iter().map(|one| one.name).collect(),
            })
    }

    /// MNIST: 60,000 + 10,000 handwritten digits, for [`Mnist::open`](crate::Mnist::open). 12 MB.
    ///
    /// By Y. LeCun, C. Cortes and C. Burges; CC BY-SA 3.0.
    pub fn mnist() -> Self {
        images(
            "mnist",
            "MNIST/raw",
            &[
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ],
            [
                "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ],
        )
    }

    /// Fashion-MNIST: 60,000 + 10,000 pictures of clothing, for [`Mnist::open`](crate::Mnist::open).
    /// 31 MB.
    ///
    /// By Zalando Research; MIT.
    pub fn fashion_mnist() -> Self {
        images(
            "fashion-mnist",
            "FashionMNIST/raw",
            &[
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            ],
            [
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ],
        )
    }

    /// tiny-shakespeare: 1,115,394 characters of Shakespeare's plays in one file, `input.txt`.
    ///
    /// From karpathy/char-rnn; the text is in the public domain.
    pub fn tiny_shakespeare() -> Self {
        Self {
            name: "tiny-shakespeare".to_owned(),
            folders: owned(&["tinyshakespeare", "tiny_shakespeare"]),
            files: vec![RemoteFile {
                name: "input.txt".to_owned(),
                other_names: vec![],
                compression: Compression::None,
                sha256: "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
                    .to_owned(),
                max_bytes: 1_115_394,
            }],
            mirrors: owned(&[
                "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/",
                "https://cdn.jsdelivr.net/gh/karpathy/char-rnn@master/data/tinyshakespeare/",
            ]),
        }
    }

    /// UD English EWT, release 2.16: 12,544 sentences to train on and 2,001 for development, as CoNLL-U,
    /// for [`TaggedCorpus`](crate::TaggedCorpus). 16 MB.
    ///
    /// By the contributors of Universal Dependencies; CC BY-SA 4.0.
    pub fn ud_english_ewt() -> Self {
        let file = |part: &str, sha256: &str, max_bytes| RemoteFile {
            name: format!("en_ewt-ud-{part}.conllu"),
            other_names: vec![format!("en_ewt-ud-{part}.conllu.gz")],
            compression: Compression::None,
            sha256: sha256.to_owned(),
            max_bytes,
        };
        Self {
            name: "ud-english-ewt".to_owned(),
            folders: owned(&["ud_english_ewt", "UD_English-EWT"]),
            files: vec![
                file(
                    "train",
                    "4f5bf82b493c2ae7563889e57a87c02e6e9ee8ccbba417a899c73ff09a4807a6",
                    14_203_025,
                ),
                file(
                    "dev",
                    "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6",
                    1_805_545,
                ),
            ],
            mirrors: owned(&[
                "https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/r2.16/",
            ]),
        }
    }
}

/// A dataset in MNIST's four files, with the sums of [`mnist::all_files`].
fn images(name: &str, torchvision: &str, mirrors: &[&str], sums: [&str; 4]) -> Dataset {
    // 28 x 28 pixels or one label for each of 60,000 or 10,000 pictures, after the header.
    let sizes = [47_040_016, 60_008, 7_840_016, 10_008];
    let files = mnist::all_files().zip(sums).zip(sizes);
    Dataset {
        name: name.to_owned(),
        // torchvision's root as a whole may be called by the name, too.
        folders: vec![format!("{name}/{torchvision}"), torchvision.to_owned()],
        files: files
            .map(|(((split, kind), sha256), max_bytes)| {
                let [plain, dotted, name, dotted_gz] = mnist::spellings(split, kind);
                RemoteFile {
                    name,
                    other_names: vec![plain, dotted, dotted_gz],
                    compression: Compression::Gzip,
                    sha256: sha256.to_owned(),
                    max_bytes,
                }
            })
            .collect(),
        mirrors: owned(mirrors),
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}
