//! Files that are small and ask for much are refused before they get it.
//!
//! Without the limits, each file here would take some hundred megabytes, not the machine's memory.

use std::fs;

use rnn_model::{Listing, StateDict};
use tests::chain;

use super::pickles::{archive, dictionary, pickle, storage, tensor, text};
use crate::allocations::peak;

const MIB: usize = 1 << 20;

/// `code`, then `repeated` this many times, then `last`.
fn repeat(code: &[u8], repeated: &[u8], times: usize, last: &[u8]) -> Vec<u8> {
    [code, &repeated.repeat(times), last].concat()
}

/// The pickle instructions of a list of `length` items, put into the memo's place 0.
fn long_list(item: &[u8], length: usize) -> Vec<u8> {
    repeat(b"](", item, length, b"eq\0")
}

/// Reads a pickle; the error's text, or nothing, and how much memory was in use at a time.
fn read(code: Vec<u8>) -> (Option<String>, usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = archive(folder.path(), &pickle(code));
    let (read, peak) = peak(|| StateDict::read(path));
    (read.err().map(|error| chain(&error)), peak)
}

#[test]
fn what_repeats_a_long_value_is_counted() {
    let pairs = long_list(b"N\x85N\x86", 500);
    let tensors = [long_list(b"K\x01", 64), storage("FloatStorage", "0")].concat();
    let tensors = [&tensors[..], b"q\x01"].concat();
    let rebuild = b"ctorch._utils\n_rebuild_tensor_v2\nq\x020";
    let tensors = [&tensors[..], rebuild].concat();
    for (what, code) in [
        (
            "dictionaries made of one list",
            repeat(
                &[&pairs[..], b"ccollections\nOrderedDict\nq\x01"].concat(),
                b"h\x01h\0\x85R0",
                40_000,
                b"",
            ),
        ),
        (
            "tensors of many axes",
            repeat(&tensors, b"h\x02(h\x01K\0h\0h\0tR0", 40_000, b""),
        ),
    ] {
        let (error, peak) = read(code);
        let error = error.unwrap_or_else(|| panic!("{what} were read"));
        assert!(
            error.contains("made.pt: data.pkl, byte "),
            "{what}: {error}"
        );
        assert!(
            error.contains("ample for a pickle of its length"),
            "{what}: {error}"
        );
        assert!(peak < 64 * MIB, "{what} took {peak} bytes");
    }
}

#[test]
fn what_can_be_shared_is_not_copied() {
    let list = long_list(b"K\x01", 5_000);
    let key = [&text(&"k".repeat(50_000))[..], b"q\0"].concat();
    let kind = b"ctorch\nFloatStorage\nq\x01";
    let weights = dictionary(&[("w", tensor(&[2], &[1]))]);
    for (what, code) in [
        (
            "sizes",
            repeat(
                &[&list[..], b"ctorch\nSize\nq\x01"].concat(),
                b"h\x01h\0\x85R0",
                5_000,
                &weights,
            ),
        ),
        (
            "parameters",
            repeat(
                &[&list[..], b"ctorch._utils\n_rebuild_parameter\nq\x01"].concat(),
                b"h\x01h\0\x85R0",
                5_000,
                &weights,
            ),
        ),
        (
            "storages",
            repeat(
                &[&key[..], kind].concat(),
                b"(Nh\x01h\0NNtQ0",
                5_000,
                &weights,
            ),
        ),
    ] {
        let (error, peak) = read(code);
        assert_eq!(error, None, "{what}");
        assert!(peak < 16 * MIB, "{what} took {peak} bytes");
    }
}

#[test]
fn names_are_counted() {
    // One long key over and over, and many tensors at the bottom, which is a list.
    let key = [&text(&"k".repeat(50_000))[..], b"q\0"].concat();
    let tensors = [&tensor(&[1], &[1])[..], b"q\x01("].concat();
    let tensors = repeat(&tensors, b"h\x01", 200, b"l");
    let mut code = [key, tensors].concat();
    // A dictionary around the value on the stack's top, which is taken to the memo first.
    for _ in 0..40 {
        code.extend(b"q\x02}h\0h\x02s");
    }
    let (error, peak_of_keys) = read(code);
    let error = error.expect("refused");
    assert!(error.contains("names of tensors"), "{error}");
    assert!(peak_of_keys < 64 * MIB, "{peak_of_keys} bytes");

    // One tensor, and lists whose size doubles.
    let doubling = (2..21u8).flat_map(|i| [b'h', i - 1, b'h', i - 1, 0x86, b'q', i]);
    let code = [
        &tensor(&[1], &[1])[..],
        b"q\x01",
        &doubling.collect::<Vec<u8>>(),
    ]
    .concat();
    let (error, peak_of_tensors) = read(code);
    let error = error.expect("refused");
    assert!(error.contains("names of tensors"), "{error}");
    assert!(peak_of_tensors < 64 * MIB, "{peak_of_tensors} bytes");
}

#[test]
fn a_tensor_has_at_most_64_axes() {
    assert_eq!(
        read(dictionary(&[("w", tensor(&[1; 64], &[1; 64]))])).0,
        None
    );
    let (error, _) = read(dictionary(&[("w", tensor(&[1; 65], &[1; 65]))]));
    let error = error.expect("refused");
    assert!(
        error.contains("expected at most 64 axes, found 65"),
        "{error}"
    );
}

#[test]
fn a_long_pickle_that_repeats_nothing_is_read() {
    let empty_lists = repeat(b"(", b"]\x94", 400_000, b"l");
    let integers = repeat(b"(", b"K\x05", 400_000, b"l");
    let code = [
        ("lists", empty_lists),
        ("integers", integers),
        ("w", tensor(&[2], &[1])),
    ];
    assert_eq!(read(dictionary(&code)).0, None);
}

#[test]
fn a_million_tensors_are_refused_before_they_fill_the_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    // In a pickle: a tensor that the memo holds, under a million names.
    let names = (0..1_000_000u32).flat_map(|n| [&text(&n.to_string())[..], b"h\0"].concat());
    let code = [
        &tensor(&[1], &[1])[..],
        b"q\x000}(",
        &names.collect::<Vec<u8>>(),
        b"u",
    ]
    .concat();
    let (error, peak_of_pickle) = read(code);
    let error = error.expect("refused");
    assert!(error.contains("made.pt: data.pkl"), "{error}");
    assert!(peak_of_pickle < 100 * MIB, "{peak_of_pickle} bytes");

    // In the header of a safetensors file.
    let entry = |n: u32| format!(r#""{n}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#);
    let entries: Vec<String> = (0..1_000_000).map(entry).collect();
    let header = format!("{{{}}}", entries.join(","));
    let path = folder.path().join("made.safetensors");
    let length = (header.len() as u64).to_le_bytes();
    fs::write(&path, [&length[..], header.as_bytes()].concat()).expect("written");
    drop((entries, header));
    let (read, peak) = peak(|| Listing::read(&path));
    let error = chain(&read.expect_err("refused"));
    assert!(error.contains("header too large"), "{error}");
    assert!(peak < MIB, "{peak} bytes");
}

#[test]
fn bytes_in_another_encoding_are_not_copied() {
    // A text of Python 2, an array's numbers for example.
    let length = 8 << 20;
    let mut code = [&b"}("[..], &text("numbers")].concat();
    code.extend(b"T");
    code.extend((length as u32).to_le_bytes());
    code.extend(vec![0xff; length]);
    code.extend(text("w"));
    code.extend(tensor(&[2], &[1]));
    code.extend(b"u");
    let (error, peak) = read(code);
    assert_eq!(error, None);
    assert!(peak < 24 * MIB, "{peak} bytes");
}

#[test]
fn a_vocabulary_beside_the_weights_is_read() {
    // As many words as GloVe has, each with its id.
    let words = (0..400_000u32).flat_map(|n| {
        let word = [&text(&format!("word{n}"))[..], b"\x94"].concat();
        [&word[..], b"J", &n.to_le_bytes()].concat()
    });
    let words: Vec<u8> = words.collect();
    // Python writes a thousand at a time.
    let mut code = [&text("words")[..], b"}"].concat();
    let mut at = 0;
    while at < words.len() {
        code.push(b'(');
        for _ in 0..1000 {
            let length = 5 + u32::from_le_bytes([words[at + 1], words[at + 2], 0, 0]) as usize;
            code.extend(&words[at..at + length + 6]);
            at += length + 6;
        }
        code.push(b'u');
    }
    let weights = [&text("w")[..], &tensor(&[2], &[1])].concat();
    let (error, _) = read([&b"}("[..], &code, &weights, b"u"].concat());
    assert_eq!(error, None);
    // And a curve of two million losses.
    let losses = repeat(b"}(X\x01\0\0\0c](", b"N", 500_000, b"e");
    let more = repeat(b"(", b"N", 500_000, b"e").repeat(3);
    let code = [&losses[..], &more, &weights, b"u"].concat();
    assert_eq!(read(code).0, None);
}

#[test]
fn a_header_that_lies_about_the_length_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("made.safetensors");
    let most = u64::MAX;
    let header = format!(r#"{{"w":{{"dtype":"U8","shape":[{most}],"data_offsets":[0,{most}]}}}}"#);
    let length = (header.len() as u64).to_le_bytes();
    fs::write(&path, [&length[..], header.as_bytes()].concat()).expect("written");
    for error in [
        Listing::read(&path).map(drop).expect_err("refused"),
        StateDict::read(&path).map(drop).expect_err("refused"),
    ] {
        let error = chain(&error);
        assert!(error.contains("made.safetensors: "), "{error}");
    }
}
