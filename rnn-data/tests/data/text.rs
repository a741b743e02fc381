//! Texts from files and folders: what is in them, and what is said of those that are none.

use std::path::Path;

use rnn_data::text::HARBOUR;
use rnn_data::{InvalidUtf8, Text, TextError, TextStreams, Vocab};

use crate::chain;

fn file(folder: &Path, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn open(path: &Path) -> Result<Text, TextError> {
    Text::open(path, InvalidUtf8::Refuse)
}

fn read(text: &Text) -> String {
    text.read(0..text.num_chars()).unwrap()
}

/// The characters, with a bar before each that begins a document.
fn barred(text: &Text) -> String {
    let mut chars = text.chars();
    let mut shown = String::new();
    while let Some(c) = chars.next() {
        if chars.starts_document() {
            shown.push('|');
        }
        shown.push(c.unwrap());
    }
    shown
}

#[test]
fn a_file_is_what_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let emoji = "👩‍👩‍👧 e\u{301}\u{323} नमस्ते 🏳️‍🌈";
    for (name, text) in [
        ("chinese", "床前明月光，疑是地上霜。\n"),
        ("emoji", emoji),
        ("one letter", "aaaaaaaaaaaaaaaaaaaa"),
        ("ten", "0123456789"),
        ("empty", ""),
        ("one", "中"),
        ("crlf", "one\r\ntwo\r\n\n\rthree"),
        ("bom within", "a\u{feff}b"),
        ("nul within", "ab\0c"),
    ] {
        for bom in ["", "\u{feff}"] {
            let path = file(dir.path(), name, format!("{bom}{text}").as_bytes());
            for invalid in [InvalidUtf8::Refuse, InvalidUtf8::Replace] {
                let opened = Text::open(&path, invalid).unwrap();
                assert_eq!(opened.num_chars(), text.chars().count() as u64, "{name}");
                assert_eq!(opened.bytes().unwrap(), text.len() as u64, "{name}");
                assert_eq!(opened.num_documents(), usize::from(!text.is_empty()));
                assert_eq!(read(&opened), text, "{name}");
                let in_memory = Text::from_string(name, text);
                assert_eq!(opened.hash().unwrap(), in_memory.hash().unwrap());
                assert_eq!(opened.vocab("<unk>").unwrap().len(), {
                    Vocab::chars(text).len() + 1
                });
            }
        }
    }
    let combining = Text::from_string("emoji", emoji).vocab("<unk>").unwrap();
    assert!(combining.contains("\u{323}") && combining.contains("\u{200d}"));
}

#[test]
fn a_folder_by_name() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("b.txt", "second"),
        ("a.txt", "first"),
        ("B.txt", "Upper"),
        ("é.txt", "last"),
        ("10.txt", "ten"),
        ("9.txt", "nine"),
        ("empty.txt", ""),
        ("notes.md", "not this"),
        ("txt", "nor this"),
        (".txt", "nor this"),
    ] {
        file(dir.path(), name, text.as_bytes());
    }
    std::fs::create_dir(dir.path().join("folder.txt")).unwrap();
    file(&dir.path().join("folder.txt"), "c.txt", b"nor this");

    let text = open(dir.path()).unwrap();
    assert_eq!(text.num_documents(), 7 - 1);
    assert_eq!(barred(&text), "|ten|nine|Upper|first|second|last");
    assert_eq!(text.path(), dir.path());
    // A part's first document is what is left of it.
    assert_eq!(barred(&text.part(5..17).unwrap()), "|ne|Upper|first");
    let documents: Vec<String> = text
        .part(5..17)
        .unwrap()
        .documents()
        .map(|d| read(&d))
        .collect();
    assert_eq!(documents, ["ne", "Upper", "first"]);

    let empty = tempfile::tempdir().unwrap();
    file(empty.path(), "notes.md", b"not this");
    assert_eq!(
        chain(&open(empty.path()).unwrap_err()),
        format!(
            "{}: expected files whose names end in .txt, found none among the folder's 1",
            empty.path().display()
        )
    );
    let missing = empty.path().join("missing");
    let message = chain(&open(&missing).unwrap_err());
    assert!(
        message.starts_with(&format!("{}: ", missing.display())),
        "{message}"
    );
}

#[test]
fn gzip_by_its_content() {
    use std::io::Write;
    let dir = tempfile::tempdir().unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all("\u{feff}h\u{e9}llo\n\u{e9}".as_bytes())
        .unwrap();
    encoder.write_all(b"\xff!").unwrap();
    let bytes = encoder.finish().unwrap();
    let path = file(dir.path(), "text.txt", &bytes);

    let text = Text::open(&path, InvalidUtf8::Replace).unwrap();
    assert_eq!(read(&text), "héllo\né\u{fffd}!");
    // It is in memory, whatever becomes of the file.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(read(&text), "héllo\né\u{fffd}!");

    let path = file(dir.path(), "text.txt", &bytes);
    assert_eq!(
        chain(&open(&path).unwrap_err()),
        format!(
            "{}: line 2, column 2: expected UTF-8, found byte 0xff (byte offset 12)",
            path.display()
        )
    );
    let path = file(dir.path(), "cut.txt", &bytes[..bytes.len() / 2]);
    assert!(matches!(
        open(&path).unwrap_err(),
        TextError::File { source, .. } if matches!(*source, TextError::Gzip(_))
    ));
}

#[test]
fn utf16_is_named() {
    let dir = tempfile::tempdir().unwrap();
    for bytes in [&b"\xff\xfeh\0i\0"[..], b"\xfe\xff\0h\0i", b"h\0i\0"] {
        let path = file(dir.path(), "text.txt", bytes);
        for invalid in [InvalidUtf8::Refuse, InvalidUtf8::Replace] {
            let message = chain(&Text::open(&path, invalid).unwrap_err());
            assert!(
                message.contains("text.txt: expected UTF-8, found UTF-16"),
                "{message}"
            );
        }
    }
}

#[test]
fn a_file_that_changed_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "text.txt", b"some text, soon another");
    let text = open(&path).unwrap();
    let vocab = text.vocab("<unk>").unwrap();
    let streams = TextStreams::new(text.clone(), &vocab, 1, 5).unwrap();
    let mut chars = text.chars();

    let is_changed = |error: TextError, found: u64| {
        let found = match found {
            23 => "as long as before but written since".to_owned(),
            found => format!("{found} bytes long"),
        };
        assert_eq!(
            chain(&error),
            format!(
                "{}: expected the file as it was when it was opened, 23 bytes long, found it \
                 changed, {found}",
                path.display()
            )
        );
    };
    // Truncated, longer, and of the same length but written later.
    for changed in [
        &b"some"[..],
        b"some text, soon another and more",
        b"some text, just as long",
    ] {
        std::fs::write(&path, changed).unwrap();
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(10);
        std::fs::File::options()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_modified(later))
            .unwrap();
        let found = changed.len() as u64;
        is_changed(text.read(2..4).unwrap_err(), found);
        is_changed(text.hash().unwrap_err(), found);
        is_changed(text.vocab("<unk>").unwrap_err(), found);
        is_changed(streams.get(0).unwrap_err(), found);
    }
    is_changed(chars.next().unwrap().unwrap_err(), 23);
    assert!(chars.next().is_none());
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(text.hash().unwrap_err(), TextError::Io { .. }));
}

#[test]
fn divided_by_position() {
    let text = Text::from_string("long", "x".repeat(1_115_394));
    let sizes = |text: &Text, shares: &[f64]| -> Vec<u64> {
        let parts = text.split(shares).unwrap();
        parts.iter().map(Text::num_chars).collect()
    };
    assert_eq!(sizes(&text, &[0.9, 0.1]), [1_003_854, 111_540]);
    assert_eq!(sizes(&text, &[1.0]), [1_115_394]);
    // 0.1 + 0.2 + … is not exactly what it should be.
    let ten = Text::from_documents("ten", ["012", "3456789"]);
    assert_eq!(sizes(&ten, &[0.1; 10]), [1; 10]);
    assert_eq!(sizes(&ten, &[0.7, 0.2, 0.1]), [7, 2, 1]);
    assert_eq!(sizes(&ten, &[0.55, 0.45]), [5, 5]);
    let parts = ten.split(&[0.2, 0.5, 0.3]).unwrap();
    let parts: Vec<String> = parts.iter().map(barred).collect();
    assert_eq!(parts, ["|01", "|2|3456", "|789"]);
    // A part is divided like a whole text.
    let parts = ten.part(2..6).unwrap().split(&[0.5, 0.5]).unwrap();
    assert_eq!(
        parts.iter().map(barred).collect::<Vec<_>>(),
        ["|2|3", "|45"]
    );

    let error = |shares: &[f64]| chain(&ten.split(shares).unwrap_err());
    for shares in [
        &[0.9, 0.2][..],
        &[],
        &[1.5, -0.5],
        &[1.0, 0.0],
        &[f64::NAN, 0.5],
    ] {
        let message = error(shares);
        let expected = "ten: expected positive shares whose sum is 1, found [";
        assert!(message.starts_with(expected), "{message}");
    }
    assert_eq!(
        error(&[0.95, 0.01, 0.04]),
        "ten: expected at least one character in each part, found none in part 2 of 3, which has a \
         share of 0.01: the text has 10 characters"
    );
    for (text, part) in [("", 1), ("x", 1)] {
        let error = Text::from_string("short", text)
            .split(&[0.9, 0.1])
            .unwrap_err();
        let expected = format!("found none in part {part} of 2, which has a share of 0.9");
        assert!(chain(&error).contains(&expected), "{error}");
    }
    #[expect(clippy::reversed_empty_ranges, reason = "it is an error")]
    for range in [0..11, 11..11, 5..4, u64::MAX..u64::MAX, 0..u64::MAX] {
        let message = chain(&ten.read(range.clone()).unwrap_err());
        assert_eq!(
            message,
            format!("ten: expected a range of characters within 0..10, found {range:?}")
        );
    }
    assert_eq!(ten.read(10..10).unwrap(), "");
}

#[test]
fn what_a_vocabulary_does_not_have() {
    let text = Text::from_documents("two", ["abcabd", "zz中中a"]);
    let parts = text.split(&[0.5, 0.5]).unwrap();
    let vocab = parts[0].vocab("<unk>").unwrap();
    assert_eq!(vocab.iter().collect::<String>(), "<unk>abc");
    let unknown = parts[1].count_unknown(&vocab).unwrap();
    assert_eq!((unknown.count, unknown.examples), (5, vec!['d', 'z', '中']));
    assert_eq!(parts[0].count_unknown(&vocab).unwrap().count, 0);
    // A symbol of the text can stand for unknown ones, too; it has its own id then.
    let vocab = parts[0].vocab("b").unwrap();
    assert_eq!(vocab.iter().collect::<String>(), "bac");
    assert_eq!(parts[0].count_unknown(&vocab).unwrap().count, 0);
}

#[test]
fn the_hash_is_of_characters_and_documents() {
    let hash = |documents: &[&str]| {
        let text = Text::from_documents("text", documents.iter().copied());
        text.hash().unwrap()
    };
    // As `sha256sum` has it.
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(hash(&[]), empty);
    assert_eq!(hash(&[""]), empty);
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hash(&["abc"]), abc);
    assert_eq!(hash(&["", "abc"]), abc);
    assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
    let part = Text::from_documents("text", ["xab", "c"])
        .part(1..4)
        .unwrap();
    assert_eq!(part.hash().unwrap(), hash(&["ab", "c"]));
}

#[test]
fn the_embedded_play() {
    assert!(
        (12_000..16_500).contains(&HARBOUR.len()),
        "{}",
        HARBOUR.len()
    );
    // A small vocabulary, so that a small network can learn it.
    assert!(HARBOUR.is_ascii());
    let vocab = Text::from_string("harbour", HARBOUR)
        .vocab("<unk>")
        .unwrap();
    assert!((40..70).contains(&vocab.len()), "{}", vocab.len());
    assert!(HARBOUR.ends_with('\n') && !HARBOUR.contains(['\r', '\t']) && !HARBOUR.contains("  "));
    let parts = Text::from_string("harbour", HARBOUR)
        .split(&[0.9, 0.1])
        .unwrap();
    let known = parts[0].vocab("<unk>").unwrap();
    assert_eq!(parts[1].count_unknown(&known).unwrap().count, 0);
}

/// The kernel's files have no length, like pipes.
#[test]
#[cfg(target_os = "linux")]
fn a_file_without_a_length() {
    let path = Path::new("/proc/version");
    let expected = std::fs::read_to_string(path).unwrap();
    assert_eq!(read(&open(path).unwrap()), expected);
}
