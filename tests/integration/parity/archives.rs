//! Archives that are damaged, lie, or ask for much.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use rnn_model::StateDict;
use tests::chain;

use super::pickles::{dictionary, pickle, storage, tensor, tensor_of, zip_of};
use crate::allocations::peak;

const MIB: usize = 1 << 20;

#[test]
fn entries_that_share_their_bytes_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("made.pt");
    let weights = pickle(dictionary(&[("w", tensor(&[2], &[1]))]));
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("made/data.pkl", &weights[..]), ("made/data/0", &[0; 8])] {
        zip.start_file(name, stored).expect("an entry");
        zip.write_all(bytes).expect("written");
    }
    zip.shallow_copy_file("made/data/0", "made/data/1")
        .expect("a second name for the same bytes");
    let bytes = zip.finish().expect("an archive").into_inner();
    fs::write(&path, bytes).expect("written");
    let error = chain(&StateDict::read(&path).expect_err("refused"));
    assert!(
        error.ends_with(
            "made.pt: made/data/1: expected bytes of its own, found some that belong to made/data/0"
        ),
        "{error}"
    );
}

/// The places in `bytes` where an entry's header begins, in the archive's table or before its data.
fn headers(bytes: &[u8], signature: &[u8; 4]) -> Vec<usize> {
    let places = bytes.windows(4).enumerate();
    let found = places.filter(|(_, window)| window == signature);
    found.map(|(place, _)| place).collect()
}

#[test]
fn entries_are_stored_and_as_long_as_they_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("made.pt");
    let weights = pickle(dictionary(&[("w", tensor(&[2], &[1]))]));
    let zip = zip_of(&[("made/data.pkl", &weights), ("made/data/0", &[0; 8])]);
    let (table, local) = (headers(&zip, b"PK\x01\x02"), headers(&zip, b"PK\x03\x04"));
    assert_eq!((table.len(), local.len()), (2, 2));
    let read = |zip: &[u8]| {
        fs::write(&path, zip).expect("written");
        chain(&StateDict::read(&path).expect_err("refused"))
    };

    // Deflated, by the headers of the storage.
    let mut deflated = zip.clone();
    (deflated[table[1] + 10], deflated[local[1] + 8]) = (8, 8);
    let error = read(&deflated);
    assert!(
        error.contains("made.pt: made/data/0: expected an entry that is stored as it is"),
        "{error}"
    );

    // A size of four gigabytes.
    let mut long = zip.clone();
    long[table[1] + 24..][..4].copy_from_slice(&[0xf0, 0xff, 0xff, 0xff]);
    let error = read(&long);
    assert!(
        error.contains("made/data/0: expected 4294967280 bytes, as its header says, found 8"),
        "{error}"
    );
    // And its stored size with it, beyond the end of the file.
    long[table[1] + 20..][..4].copy_from_slice(&[0xf0, 0xff, 0xff, 0xff]);
    let (error, peak) = peak(|| read(&long));
    assert!(error.contains("made.pt: made/data/0: "), "{error}");
    assert!(peak < MIB, "{peak} bytes");
}

/// Writes an archive of `count` storages of a mebibyte, each with a tensor of one number.
fn large_storages(folder: &Path, count: usize) -> PathBuf {
    let keys: Vec<String> = (0..count).map(|key| key.to_string()).collect();
    let tensors: Vec<(&str, Vec<u8>)> = keys
        .iter()
        .map(|key| {
            (
                key.as_str(),
                tensor_of(&storage("FloatStorage", key), &[1], &[1]),
            )
        })
        .collect();
    let weights = pickle(dictionary(&tensors));
    let zeros = vec![0; MIB];
    let names: Vec<String> = keys.iter().map(|key| format!("made/data/{key}")).collect();
    let mut entries: Vec<(&str, &[u8])> = vec![("made/data.pkl", &weights)];
    entries.extend(names.iter().map(|name| (name.as_str(), &zeros[..])));
    let path = folder.join("made.pt");
    fs::write(&path, zip_of(&entries)).expect("written");
    path
}

#[test]
fn storages_are_freed_when_no_tensor_needs_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = large_storages(folder.path(), 32);
    let (weights, peak) = peak(|| StateDict::read(path));
    assert_eq!(weights.expect("weights").names().count(), 32);
    assert!(
        peak > MIB,
        "one storage is in memory at a time, found {peak} bytes"
    );
    assert!(peak < 4 * MIB, "{peak} bytes");
}

#[test]
fn archives_have_as_many_entries_as_weights_need_and_none_outside() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("made.pt");
    let read = |zip: &[u8]| {
        fs::write(&path, zip).expect("written");
        let (read, peak) = peak(|| StateDict::read(&path));
        (chain(&read.expect_err("refused")), peak)
    };
    let weights = pickle(dictionary(&[("w", tensor(&[2], &[1]))]));
    let numbers = [0; 8];
    for name in [
        "../data/0",
        "made/../../data/0",
        "/data/0",
        "made\\..\\data",
    ] {
        let entries = [
            ("made/data.pkl", &weights[..]),
            ("made/data/0", &numbers),
            (name, b""),
        ];
        let (error, _) = read(&zip_of(&entries));
        assert!(error.contains("one that leads outside"), "{name}: {error}");
    }

    // A million entries of one name and place: the end says how many.
    let one = zip_of(&[("made/data.pkl", &weights)]);
    let table = headers(&one, b"PK\x01\x02")[0];
    let end = headers(&one, b"PK\x05\x06")[0];
    let entries = 1_000_000u64;
    let mut zip = one[..table].to_vec();
    zip.extend(one[table..end].repeat(entries as usize));
    let end64 = zip.len() as u64;
    zip.extend(b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0");
    zip.extend(
        [entries, entries, end64 - table as u64, table as u64]
            .map(u64::to_le_bytes)
            .concat(),
    );
    zip.extend(b"PK\x06\x07\0\0\0\0");
    zip.extend(end64.to_le_bytes());
    zip.extend(b"\x01\0\0\0");
    let mut last = one[end..].to_vec();
    last[8..20].fill(0xff);
    zip.extend(last);
    let (error, peak) = read(&zip);
    assert!(
        error.contains("expected at most 65536 entries in the archive, found 1000000"),
        "{error}"
    );
    assert!(peak < MIB, "{peak} bytes");
}

#[test]
fn packed_arrays_are_not_unpacked_beyond_what_they_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("made.npz");
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}";
    let mut array = b"\x93NUMPY\x01\0".to_vec();
    array.extend((header.len() as u16).to_le_bytes());
    array.extend(header.as_bytes());
    array.extend(vec![0; 64 * MIB]);
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&array).expect("packed");
    let packed = packed.finish().expect("packed");
    assert!(packed.len() < MIB);
    // An entry that is said to be deflated.
    let mut zip = zip_of(&[("w.npy", &packed)]);
    let (table, local) = (
        headers(&zip, b"PK\x01\x02")[0],
        headers(&zip, b"PK\x03\x04")[0],
    );
    (zip[table + 10], zip[local + 8]) = (8, 8);
    fs::write(&path, &zip).expect("written");
    drop((array, packed, zip));
    let (read, peak) = peak(|| StateDict::read(&path));
    let error = chain(&read.expect_err("refused"));
    assert!(
        error.contains("w: expected 8 bytes, as its shape [2] says, found more"),
        "{error}"
    );
    assert!(peak < MIB, "{peak} bytes");
}
