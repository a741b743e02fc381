//! One test per way in which a gzip file can be wrong.

use std::io::Write;

use rnn_data::{GzipError, Idx, IdxError};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn sample() -> Vec<u8> {
    let values = (0..500u32).map(|i| (i * i) as u8).collect::<Vec<_>>();
    Idx::new(vec![5, 100], values).unwrap().to_gzip().unwrap()
}

#[test]
fn not_gzip() {
    // Neither magic: it is taken for plain IDX, and is none.
    let error = Idx::decode(b"PK\x03\x04").unwrap_err();
    assert!(matches!(
        error,
        IdxError::Magic {
            found: [b'P', b'K']
        }
    ));
    // Gzip, of something else.
    let error = Idx::decode(&gzip(b"some text")).unwrap_err();
    assert!(matches!(
        error,
        IdxError::Magic {
            found: [b's', b'o']
        }
    ));
    let error = Idx::decode(&gzip(b"")).unwrap_err();
    assert!(matches!(
        error,
        IdxError::TruncatedHeader {
            expected: 4,
            found: 0
        }
    ));
}

#[test]
fn cut() {
    let bytes = sample();
    let error = Idx::decode(&bytes[..bytes.len() - 1]).unwrap_err();
    let end = bytes.len() - 1;
    assert!(
        matches!(error, IdxError::Gzip(GzipError::Truncated { offset, decoded: 512 }) if offset == end),
        "{error}"
    );
    assert!(error.to_string().contains(&format!("byte {end}")));
    let error = Idx::decode(&bytes[..bytes.len() / 2]).unwrap_err();
    assert!(matches!(error, IdxError::Gzip(GzipError::Truncated { .. })));
}

#[test]
fn wrong_checksum_or_length() {
    for from_the_end in 1..=8 {
        let mut bytes = sample();
        let at = bytes.len() - from_the_end;
        bytes[at] ^= 1;
        let error = Idx::decode(&bytes).unwrap_err();
        assert!(
            matches!(
                error,
                IdxError::Gzip(GzipError::Checksum { decoded: 512, .. })
            ),
            "{error}"
        );
        assert!(error.to_string().contains(&format!("byte {}", bytes.len())));
    }
}

#[test]
fn corrupt() {
    let mut bytes = sample();
    // The first block's type, of which 3 is none.
    bytes[10] |= 0b110;
    let error = Idx::decode(&bytes).unwrap_err();
    assert!(
        matches!(error, IdxError::Gzip(GzipError::Corrupt { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("near byte"));
    // The compression method.
    let mut bytes = sample();
    bytes[2] = 7;
    assert!(matches!(
        Idx::decode(&bytes),
        Err(IdxError::Gzip(GzipError::Corrupt { .. }))
    ));
}

#[test]
fn garbage_after_the_member() {
    let mut bytes = sample();
    let end = bytes.len();
    bytes.extend(b"more");
    let error = Idx::decode(&bytes).unwrap_err();
    assert!(
        matches!(error, IdxError::Gzip(GzipError::TrailingBytes { offset, found: 4 }) if offset == end),
        "{error}"
    );
    assert!(error.to_string().contains(&format!("byte {end}")));
}

#[test]
fn data_short_and_long() {
    let plain = [0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3, 4];
    let error = Idx::decode(&gzip(&plain[..10])).unwrap_err();
    assert!(matches!(
        error,
        IdxError::TruncatedData {
            offset: 10,
            expected: 3,
            found: 2
        }
    ));
    let error = Idx::decode(&gzip(&plain)).unwrap_err();
    assert!(matches!(
        error,
        IdxError::TrailingBytes {
            offset: 11,
            found: 1
        }
    ));
    let error = Idx::decode(&gzip(&plain[..6])).unwrap_err();
    assert!(matches!(
        error,
        IdxError::TruncatedHeader {
            expected: 8,
            found: 6
        }
    ));
}

#[test]
fn more_than_the_limit() {
    let error = Idx::decode(&gzip(&[0, 0, 8, 1, 0xff, 0xff, 0xff, 0xff])).unwrap_err();
    assert!(matches!(error, IdxError::TooLarge { .. }));
    let mut plain = vec![0, 0, 8, 4];
    plain.extend([0xff; 16]);
    let error = Idx::decode(&gzip(&plain)).unwrap_err();
    assert!(matches!(error, IdxError::ShapeOverflow { .. }));
}
