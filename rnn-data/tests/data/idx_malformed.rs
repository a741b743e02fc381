//! One test per way in which plain IDX bytes can be wrong. Each asks for the variant, and that the
//! message names the place, what was expected, and what was found.

use rnn_data::{Idx, IdxError};

fn error_of(bytes: &[u8]) -> IdxError {
    Idx::parse(bytes).unwrap_err()
}

/// The message has all of these parts.
fn assert_says(error: &IdxError, parts: &[&str]) {
    let message = crate::chain(error);
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in `{message}`");
    }
}

#[test]
fn magic() {
    let error = error_of(b"P5 28 28 255");
    assert!(matches!(
        error,
        IdxError::Magic {
            found: [b'P', b'5']
        }
    ));
    assert_says(&error, &["byte 0", "two zero bytes", "0x50 0x35"]);
    assert!(matches!(
        error_of(&[0, 1, 8, 1]),
        IdxError::Magic { found: [0, 1] }
    ));
    assert!(matches!(error_of(b"x"), IdxError::Magic { .. }));
}

#[test]
fn unknown_dtype() {
    let error = error_of(&[0, 0, 0x0a, 1, 0, 0, 0, 0]);
    assert!(matches!(error, IdxError::UnknownDtype { found: 0x0a }));
    assert_says(&error, &["byte 2", "0x08", "0x0e", "found 0x0a"]);
    let known = [0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e];
    for code in (0..=255).filter(|code| !known.contains(code)) {
        assert!(matches!(
            error_of(&[0, 0, code, 0]),
            IdxError::UnknownDtype { .. }
        ));
    }
}

#[test]
fn truncated_header() {
    let error = error_of(&[]);
    assert!(matches!(
        error,
        IdxError::TruncatedHeader {
            expected: 4,
            found: 0
        }
    ));
    let error = error_of(&[0, 0, 8, 3, 0, 0, 0, 1, 0]);
    assert!(matches!(
        error,
        IdxError::TruncatedHeader {
            expected: 16,
            found: 9
        }
    ));
    assert_says(&error, &["byte 9", "16 bytes"]);
    let error = error_of(&[0, 0, 8, 255]);
    assert!(matches!(
        error,
        IdxError::TruncatedHeader { expected: 1024, .. }
    ));
}

#[test]
fn truncated_data() {
    let error = error_of(&[0, 0, 0x0b, 1, 0, 0, 0, 2, 1, 2, 3]);
    assert!(matches!(
        error,
        IdxError::TruncatedData {
            offset: 11,
            expected: 4,
            found: 3
        }
    ));
    assert_says(&error, &["byte 11", "expected 4", "found 3"]);
    // A single element, of rank zero, is not there.
    assert!(matches!(
        error_of(&[0, 0, 8, 0]),
        IdxError::TruncatedData { .. }
    ));
}

#[test]
fn trailing_bytes() {
    let error = error_of(&[0, 0, 8, 1, 0, 0, 0, 1, 7, 8, 9]);
    assert!(matches!(
        error,
        IdxError::TrailingBytes {
            offset: 9,
            found: 2
        }
    ));
    assert_says(&error, &["byte 9", "found 2"]);
}

#[test]
fn more_than_the_limit() {
    // 4 GiB less one byte.
    let error = error_of(&[0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff]);
    assert!(matches!(
        error,
        IdxError::TooLarge {
            found: 0xffff_ffff,
            ..
        }
    ));
    assert_says(&error, &["byte 4", "1073741824", "4294967295"]);
    // The limit itself is allowed, and simply not there.
    let error = error_of(&[0, 0, 8, 1, 0x40, 0, 0, 0]);
    assert!(matches!(
        error,
        IdxError::TruncatedData {
            expected: Idx::MAX_BYTES,
            ..
        }
    ));
    assert!(matches!(
        error_of(&[0, 0, 8, 1, 0x40, 0, 0, 1]),
        IdxError::TooLarge { .. }
    ));
    // It counts bytes, not elements.
    assert!(matches!(
        error_of(&[0, 0, 0x0e, 1, 0x10, 0, 0, 0]),
        IdxError::TooLarge { .. }
    ));
}

#[test]
fn dimensions_whose_product_overflows() {
    for rank in [3u8, 255] {
        let mut bytes = vec![0, 0, 8, rank];
        bytes.extend(vec![0xff; 4 * usize::from(rank)]);
        let error = error_of(&bytes);
        assert!(matches!(error, IdxError::ShapeOverflow { .. }), "{error}");
        assert_says(&error, &["byte 4", "4294967295"]);
        // With a zero at the end the array is empty, whatever the rest multiplies to.
        let last = bytes.len() - 4;
        bytes[last..].fill(0);
        assert_eq!(Idx::parse(&bytes).unwrap().data().len(), 0);
    }
}

#[test]
fn parts_that_make_no_array() {
    let error = Idx::new(vec![2, 3], vec![0u8; 5]).unwrap_err();
    assert!(matches!(
        error,
        IdxError::ShapeMismatch {
            expected: 6,
            found: 5,
            ..
        }
    ));
    assert_says(&error, &["[2, 3]", "6 elements", "found 5"]);
    let error = Idx::new(vec![], Vec::<f32>::new()).unwrap_err();
    assert!(matches!(
        error,
        IdxError::ShapeMismatch {
            expected: 1,
            found: 0,
            ..
        }
    ));
    let error = Idx::new(vec![1; 256], vec![0u8]).unwrap_err();
    assert!(matches!(error, IdxError::RankTooLarge { found: 256 }));
    let error = Idx::new(vec![0, 1 << 32], Vec::<u8>::new()).unwrap_err();
    assert!(matches!(error, IdxError::DimensionTooLarge { axis: 1, .. }));
    let error = Idx::new(vec![1 << 31], Vec::<u8>::new()).unwrap_err();
    assert!(matches!(error, IdxError::TooLarge { .. }));
    let error = Idx::new(vec![usize::from(u16::MAX); 5], Vec::<u8>::new()).unwrap_err();
    assert!(matches!(error, IdxError::ShapeOverflow { .. }));
}

#[test]
fn files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("array.idx");
    let error = Idx::read(&path).unwrap_err();
    assert!(matches!(error, IdxError::Io { .. }));
    assert_says(&error, &["array.idx"]);

    std::fs::write(&path, [0, 0, 7, 0]).unwrap();
    let error = Idx::read(&path).unwrap_err();
    assert!(matches!(error, IdxError::File { .. }));
    assert_says(&error, &["array.idx", "byte 2", "found 0x07"]);

    // Sparse: takes no room, and is not read.
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = Idx::read(&path).unwrap_err();
    assert_says(&error, &["array.idx", "1099511627776"]);
}

#[test]
fn writing_leaves_the_whole_or_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("array.idx");
    let names = || {
        let entries = std::fs::read_dir(dir.path()).unwrap();
        entries.map(|e| e.unwrap().file_name()).collect::<Vec<_>>()
    };
    let idx = Idx::new(vec![3], vec![1i16, 2, 3]).unwrap();
    idx.write_gzip(&path).unwrap();
    assert_eq!(Idx::read(&path).unwrap(), idx);
    idx.write(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), idx.to_bytes());
    assert_eq!(names(), ["array.idx"]);

    // A folder in its place cannot be replaced: the temporary file must go.
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(matches!(idx.write(&path), Err(IdxError::Io { .. })));
    assert_eq!(names(), ["array.idx"]);
    let nowhere = dir.path().join("nowhere/array.idx");
    assert_says(&idx.write(nowhere).unwrap_err(), &["nowhere"]);
}
