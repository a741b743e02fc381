//! Files in the form of `torch.save`, made by hand.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use burn::tensor::TensorData;
use rnn_model::StateDict;
use tests::chain;

/// The bytes of an archive with these entries.
pub fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in entries {
        zip.start_file(*name, stored).expect("an entry");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("an archive").into_inner()
}

/// Writes an archive in the form of `torch.save` with this `pickle` and one storage of two numbers.
pub fn archive(folder: &Path, pickle: &[u8]) -> PathBuf {
    let path = folder.join("made.pt");
    let numbers = [1.0f32, 2.0].map(f32::to_le_bytes).concat();
    let bytes = zip_of(&[("made/data.pkl", pickle), ("made/data/0", &numbers)]);
    std::fs::write(&path, bytes).expect("a file");
    path
}

/// The pickle instructions of a storage.
pub fn storage(kind: &str, key: &str) -> Vec<u8> {
    let mut code = format!("(X\x07\0\0\0storagectorch\n{kind}\n").into_bytes();
    code.extend(text(key));
    code.extend(b"X\x03\0\0\0cpuK\x02tQ");
    code
}

/// The pickle instructions of a tensor over such a storage.
pub fn tensor_of(storage: &[u8], shape: &[u8], stride: &[u8]) -> Vec<u8> {
    let tuple = |items: &[u8]| {
        let mut code = vec![b'('];
        code.extend(items.iter().flat_map(|&item| [b'K', item]));
        code.push(b't');
        code
    };
    let mut code = b"ctorch._utils\n_rebuild_tensor_v2\n(".to_vec();
    code.extend(storage);
    code.extend(b"K\0");
    code.extend(tuple(shape));
    code.extend(tuple(stride));
    code.extend(b"\x89}tR");
    code
}

/// The pickle instructions of a tensor over the archive's storage.
pub fn tensor(shape: &[u8], stride: &[u8]) -> Vec<u8> {
    tensor_of(&storage("FloatStorage", "0"), shape, stride)
}

/// The pickle instruction of a text.
pub fn text(text: &str) -> Vec<u8> {
    let length = (text.len() as u32).to_le_bytes();
    [b"X", &length[..], text.as_bytes()].concat()
}

/// The pickle instructions of a dictionary with these entries.
pub fn dictionary(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut code = b"}(".to_vec();
    for (key, value) in entries {
        code.extend(text(key));
        code.extend(value);
    }
    code.push(b'u');
    code
}

pub fn pickle(code: Vec<u8>) -> Vec<u8> {
    [b"\x80\x02".to_vec(), code, b".".to_vec()].concat()
}

#[test]
fn no_object_slips_through_wherever_it_stands() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = || dictionary(&[("w", tensor(&[2], &[1]))]);
    let read = |code: Vec<u8>| StateDict::read(archive(folder.path(), &pickle(code)));
    let weights = read(good()).expect("weights");
    let values: Vec<f32> = weights.get("w").expect("w").iter().collect();
    assert_eq!(values, [1.0, 2.0]);

    let call = b"cposix\nsystem\n(X\x02\0\0\0lstR".to_vec();
    for code in [
        // The call's result is discarded before the weights; is an attribute; has a tensor's name;
        // comes from the instructions that make instances; the name is built from parts.
        [call.clone(), b"0".to_vec(), good()].concat(),
        [good(), call.clone(), b"b".to_vec()].concat(),
        dictionary(&[("w", tensor(&[2], &[1])), ("w", call.clone())]),
        [b"(iposix\nsystem\n".to_vec(), good()].concat(),
        [b"X\x05\0\0\0posixX\x06\0\0\0system\x93".to_vec(), good()].concat(),
        [b"c__main__\nNet\n)\x81".to_vec(), good()].concat(),
    ] {
        let error = chain(&read(code).expect_err("refused"));
        assert!(
            [
                "posix.system",
                "__main__.Net",
                "an instruction that makes data"
            ]
            .iter()
            .any(|name| error.contains(name)),
            "{error}"
        );
    }
}

#[test]
fn a_small_file_does_not_cause_large_allocations() {
    let folder = tempfile::tempdir().expect("a folder");
    let read = |code: Vec<u8>| {
        let error = StateDict::read(archive(folder.path(), &pickle(code)));
        chain(&error.expect_err("refused"))
    };
    // A tensor of 255⁵ elements with stride 0.
    let error = read(dictionary(&[("w", tensor(&[255; 5], &[0; 5]))]));
    assert!(error.contains("w: expected at most"), "{error}");
    let error = read(dictionary(&[("w", tensor(&[3], &[1]))]));
    assert!(error.contains("found a storage of 2"), "{error}");
    let error = read(dictionary(&[("w", tensor(&[2], &[1, 1]))]));
    assert!(error.contains("w: expected elements"), "{error}");
    // A list that contains itself, and lists whose size doubles.
    assert!(read(b"]q\0h\0a".to_vec()).contains("found more"));
    let doubling: Vec<u8> = (0..60u8)
        .flat_map(|i| [b'h', i, b'h', i, 0x86, b'q', i + 1])
        .collect();
    assert!(read([b"]q\0".to_vec(), doubling].concat()).contains("found more"));
}

#[test]
fn two_tensors_of_one_name_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = dictionary(&[("w", tensor(&[2], &[1]))]);
    let code = dictionary(&[("a", inner), ("a.w", tensor(&[1], &[1]))]);
    let error = StateDict::read(archive(folder.path(), &pickle(code))).expect_err("twice");
    let error = chain(&error);
    assert!(error.contains("two tensors would be called a.w"), "{error}");
}

#[test]
fn what_training_keeps_beside_the_weights_is_left_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let code = dictionary(&[
        ("seed", b"\x8a\x09\0\0\0\0\0\0\0\0\x01".to_vec()), // 2 to the 64th
        ("milestones", b"ccollections\nCounter\n}\x85R".to_vec()),
        ("device", b"ctorch\ndevice\nX\x03\0\0\0cpu\x85R".to_vec()),
        ("dtype", b"ctorch\nfloat32\n".to_vec()),
        ("w", tensor(&[2], &[1])),
    ]);
    let weights = StateDict::read(archive(folder.path(), &pickle(code))).expect("weights");
    assert!(weights.names().eq(["w"]));
}

#[test]
fn any_byte_but_zero_is_true() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = storage("BoolStorage", "0");
    let code = dictionary(&[("mask", tensor_of(&storage, &[8], &[1]))]);
    let weights = StateDict::read(archive(folder.path(), &pickle(code))).expect("weights");
    // The bytes of the numbers 1 and 2: 0 0 80 3f, 0 0 0 40.
    let expected = TensorData::from([false, false, true, true, false, false, false, true]);
    assert_eq!(weights.get("mask"), Some(&expected));
}

#[test]
fn a_tensor_that_is_stored_with_other_signs_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let plain = tensor(&[2], &[1]);
    // `(…, requires_grad, hooks, {"neg": True})`
    let end = plain.len() - 2;
    let negated = [&plain[..end], b"}", &text("neg"), b"\x88stR"].concat();
    let code = pickle(dictionary(&[("w", negated)]));
    let error = chain(&StateDict::read(archive(folder.path(), &code)).expect_err("refused"));
    assert!(error.contains("resolve_neg()"), "{error}");
}

#[test]
fn parameters_of_old_versions_are_their_tensors() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut parameter = b"ctorch.nn.parameter\nParameter\n".to_vec();
    parameter.extend(tensor(&[2], &[1]));
    parameter.extend(b"\x85R(\x89N}tb");
    let code = pickle(dictionary(&[("w", parameter)]));
    let weights = StateDict::read(archive(folder.path(), &code)).expect("weights");
    assert!(weights.names().eq(["w"]));
}
