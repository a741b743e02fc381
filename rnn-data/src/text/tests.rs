//! What depends on where a chunk of bytes ends: with chunks of a few bytes all of it happens.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

/// What a document looks like when it is gone through in chunks of `chunk` bytes.
fn open(bytes: &[u8], invalid: InvalidUtf8, chunk: usize) -> Result<Text, TextError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("text.txt");
    std::fs::write(&path, bytes).expect("a file");
    let text = Text::open_in_chunks(&path, invalid, chunk)?;
    // Read while the file is there.
    let documents = vec![whole(&text, chunk)?];
    assert_eq!(text.num_chars(), documents[0].chars().count() as u64);
    assert_eq!(text.bytes()?, documents[0].len() as u64);
    Ok(Text::from_documents("text", documents))
}

/// The whole text, read `chunk` bytes at a time, and once more character by character.
fn whole(text: &Text, chunk: usize) -> Result<String, TextError> {
    let (mut cursor, mut once) = (Cursor::new(chunk), Cursor::new(chunk));
    let (mut read, mut chars) = (String::new(), String::new());
    for part in text.parts() {
        cursor.visit(&text.corpus, &part, |piece| read.push_str(piece))?;
        once.seek(&text.corpus, part.document, part.range.start)?;
        for _ in part.range.clone() {
            chars.extend(once.next(&text.corpus)?);
        }
    }
    assert_eq!(read, chars);
    Ok(read)
}

fn is_lossy(bytes: &[u8], chunk: usize) {
    let text = open(bytes, InvalidUtf8::Replace, chunk).expect("a text");
    let found = text.read(0..text.num_chars()).expect("characters");
    let expected = String::from_utf8_lossy(bytes);
    assert_eq!(found, expected, "{bytes:02x?} in chunks of {chunk}");
}

#[test]
fn characters_across_the_ends_of_chunks() {
    let text = "aé中😀e\u{301}\r\n".repeat(5);
    for chunk in 4..40 {
        let read = open(text.as_bytes(), InvalidUtf8::Refuse, chunk).expect("a text");
        assert_eq!(read.read(0..read.num_chars()).expect("characters"), text);
        is_lossy(text.as_bytes(), chunk);
    }
}

#[test]
fn replaced_as_the_standard_library_does() {
    let mut random = StdRng::seed_from_u64(17);
    // Bytes that begin, continue and end characters of all lengths, and such that never occur.
    let bytes = [
        b'a', b'\n', 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xc3, 0xe0, 0xe4, 0xed, 0xef, 0xf0, 0xf4, 0xf8,
        0xff,
    ];
    for _ in 0..300 {
        // Not UTF-16, as which two random bytes may be taken.
        let mut text = b"ab".to_vec();
        for _ in 0..random.random_range(0..60) {
            text.push(match random.random_range(0..4) {
                0 => random.random(),
                _ => bytes[random.random_range(0..bytes.len())],
            });
        }
        is_lossy(&text, random.random_range(4..20));
    }
}

#[test]
fn invalid_bytes_at_the_ends_of_chunks() {
    for chunk in [4, 5, 8, 64] {
        for before in 0..20 {
            // A character that is cut by a line's end, and one that is cut by the text's end.
            for (rest, found) in [(&b"\xe4\xb8\n"[..], 0xe4), (b"\xf0\x9f\x98", 0xf0)] {
                let mut bytes = "é\n".as_bytes().to_vec();
                bytes.extend(vec![b'x'; before]);
                bytes.extend(rest);
                is_lossy(&bytes, chunk);
                let error = open(&bytes, InvalidUtf8::Refuse, chunk).expect_err("not UTF-8");
                let source = std::error::Error::source(&error).expect("a source");
                assert_eq!(
                    source.to_string(),
                    format!(
                        "line 2, column {}: expected UTF-8, found byte {found:#04x} (byte offset {})",
                        before + 1,
                        before + 3
                    )
                );
            }
        }
    }
}

#[test]
fn a_cursor_goes_anywhere() {
    let mut random = StdRng::seed_from_u64(18);
    // Several marks, characters of all lengths.
    let chars: Vec<char> = (0..40_000)
        .map(|i| ['a', 'é', '中', '😀', '\n'][i * i % 7 % 5])
        .collect();
    let documents = [
        chars.iter().collect::<String>(),
        chars[..17_000].iter().rev().collect(),
    ];
    let lengths = [40_000_u64, 17_000];
    let text = Text::from_documents("two", documents.clone());
    let documents = documents.map(|text| text.chars().collect::<Vec<_>>());
    for chunk in [4, 1000, 1 << 20] {
        let mut cursor = Cursor::new(chunk);
        let (mut document, mut position) = (0, 0_u64);
        for _ in 0..400 {
            // On, back a little, anywhere.
            position = match random.random_range(0..4) {
                0 => position.saturating_sub(random.random_range(0..300)),
                1 => position + random.random_range(0..300),
                2 => position,
                _ => {
                    document = random.random_range(0..2);
                    random.random_range(0..40_000)
                }
            };
            position = position.min(lengths[document] - 10);
            cursor
                .seek(&text.corpus, document, position)
                .expect("there");
            for _ in 0..random.random_range(0..10) {
                let next = cursor.next(&text.corpus).expect("a character");
                assert_eq!(next, Some(documents[document][position as usize]));
                position += 1;
            }
        }
    }
}

#[test]
fn in_order_each_byte_is_read_once() {
    let text = Text::from_string("long", "abc ".repeat(50_000));
    let mut cursor = Cursor::new(1000);
    // Windows of 100 pairs, each of which begins with the last character of the one before.
    for window in 0..1999 {
        cursor.seek(&text.corpus, 0, window * 100).expect("there");
        cursor.advance(&text.corpus, 101, |_| ()).expect("read");
        // Chunk after chunk. Marks are no multiples of a chunk, so that after going back to one, what is
        // read would not end at a multiple either.
        let read = (window * 100 + 101).next_multiple_of(1000);
        assert_eq!(cursor.offset, read, "window {window}");
    }
}

#[test]
fn an_error_leaves_a_cursor_that_can_be_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("text.txt");
    std::fs::write(&path, "abcdefghijkl").expect("a file");
    let text = Text::open(&path, InvalidUtf8::Refuse).expect("a text");
    let modified = std::fs::metadata(&path).and_then(|file| file.modified());
    let modified = modified.expect("a time");
    // With the time of before, so that only the bytes tell.
    let write = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("written");
        let file = std::fs::File::options().write(true).open(&path);
        file.and_then(|file| file.set_modified(modified))
            .expect("a time");
    };

    let mut cursor = Cursor::new(4);
    cursor.seek(&text.corpus, 0, 2).expect("there");
    write(b"abcdef\xffhijkl");
    let error = cursor
        .advance(&text.corpus, 5, |_| ())
        .expect_err("changed");
    assert!(
        matches!(error, TextError::File { source, .. } if matches!(*source, TextError::Changed { .. }))
    );
    write(b"abcdefghijkl");
    for (position, expected) in [(4, 'e'), (5, 'f'), (6, 'g'), (3, 'd'), (11, 'l'), (4, 'e')] {
        cursor.seek(&text.corpus, 0, position).expect("there");
        assert_eq!(cursor.next(&text.corpus).expect("read"), Some(expected));
    }

    for longer_or_shorter in [&b"abcdefghijklm"[..], b"abcdefghijk"] {
        write(longer_or_shorter);
        assert!(cursor.seek(&text.corpus, 0, 9).is_err());
    }
    write(b"abcdefghijkl");
    let away = folder.path().join("away");
    std::fs::rename(&path, &away).expect("renamed");
    assert!(cursor.seek(&text.corpus, 0, 9).is_err());
    std::fs::rename(&away, &path).expect("renamed");
    cursor.seek(&text.corpus, 0, 9).expect("there");
    assert_eq!(cursor.next(&text.corpus).expect("read"), Some('j'));
}
