use rnn_data::{ImageSet, Sentence};
use sha2::{Digest, Sha256};

/// The SHA-256 of a dataset's size, labels and pixels, as hexadecimal digits: two runs with the
/// same one saw the same data, from whatever files.
pub fn fingerprint(set: &ImageSet) -> String {
    let mut hash = Sha256::new();
    for size in [set.len(), set.rows(), set.cols()] {
        hash.update((size as u64).to_be_bytes());
    }
    hash.update(set.labels());
    hash.update(set.pixels());
    hex(hash)
}

/// The SHA-256 of words and tags in their order, as hexadecimal digits.
pub fn fingerprint_sentences(sentences: &[Sentence]) -> String {
    let mut hash = Sha256::new();
    for sentence in sentences {
        hash.update((sentence.len() as u64).to_be_bytes());
        for (word, tag) in sentence.iter() {
            // With its length, no text runs into the next.
            for text in [word, tag] {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
        }
    }
    hex(hash)
}

/// The SHA-256 of bytes, as hexadecimal digits.
pub fn fingerprint_bytes(bytes: &[u8]) -> String {
    hex(Sha256::new().chain_update(bytes))
}

pub(crate) fn hex(hash: Sha256) -> String {
    let bytes = hash.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
