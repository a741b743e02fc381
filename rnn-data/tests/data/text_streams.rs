//! A text's windows are those of its ids in memory, in whatever order they are asked for.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rnn_data::{InvalidUtf8, StreamWindow, Streams, Text, TextError, TextStreams, Vocab};

use crate::chain;

const ALPHABET: [char; 6] = ['a', 'b', '\n', 'é', '中', '😀'];

fn document(random: &mut StdRng, len: usize) -> String {
    let next = |_| ALPHABET[random.random_range(0..ALPHABET.len())];
    (0..len).map(next).collect()
}

fn ids(vocab: &Vocab, documents: &[String]) -> Vec<Vec<usize>> {
    let ids = |document: &String| vocab.encode_chars(document).unwrap();
    documents.iter().map(ids).collect()
}

#[test]
fn the_windows_of_ids_in_memory() {
    let mut random = StdRng::seed_from_u64(1);
    let vocab = Vocab::chars(&String::from_iter(ALPHABET));
    for _ in 0..300 {
        let documents: Vec<String> = (0..random.random_range(1..8))
            .map(|_| {
                let len = random.random_range(0..40);
                document(&mut random, len)
            })
            .collect();
        let batch_size = random.random_range(1..8);
        let window = [1, 2, 3, 5, 10, 100, usize::MAX][random.random_range(0..7)];
        let text = Text::from_documents("random", documents.clone());
        let Ok(expected) = Streams::new(ids(&vocab, &documents), batch_size, window) else {
            let error = TextStreams::new(text, &vocab, batch_size, window).unwrap_err();
            assert!(chain(&error).starts_with("random: expected a document of at least 2 char"));
            continue;
        };

        let streams = TextStreams::new(text, &vocab, batch_size, window).unwrap();
        assert_eq!(streams.len(), expected.len());
        assert_eq!(streams.num_pairs(), expected.num_pairs() as u64);
        let mut order: Vec<usize> = (0..streams.len()).collect();
        for _ in 0..2 {
            for &index in &order {
                assert_eq!(
                    streams.get(index).unwrap(),
                    expected.get(index),
                    "window {index} of {documents:?}, batch size {batch_size}, window {window}"
                );
            }
            order.shuffle(&mut random);
        }
        assert_eq!(streams.get(streams.len()).unwrap(), None);
        assert_eq!(streams.get(usize::MAX).unwrap(), None);
    }
}

/// A part of a folder of long documents, against its ids in memory.
#[test]
fn from_files_in_any_order_and_from_threads() {
    let mut random = StdRng::seed_from_u64(2);
    let dir = tempfile::tempdir().unwrap();
    let vocab = Vocab::chars(&String::from_iter(ALPHABET));
    for (name, len) in [
        ("1.txt", 70_000),
        ("2.txt", 1),
        ("3.txt", 50_000),
        ("4.txt", 900),
    ] {
        std::fs::write(dir.path().join(name), document(&mut random, len)).unwrap();
    }
    let text = Text::open(dir.path(), InvalidUtf8::Refuse).unwrap();
    let text = text.part(20_123..120_345).unwrap();
    let documents: Vec<String> = text
        .documents()
        .map(|document| document.read(0..document.num_chars()).unwrap())
        .collect();
    assert_eq!(documents.len(), 4);

    let expected = Streams::new(ids(&vocab, &documents), 7, 64).unwrap();
    let expected: Vec<StreamWindow> = (0..expected.len())
        .filter_map(|i| expected.get(i))
        .collect();
    let streams = TextStreams::new(text, &vocab, 7, 64).unwrap();
    assert_eq!(streams.len(), expected.len());
    for (index, expected) in expected.iter().enumerate() {
        assert_eq!(
            streams.get(index).unwrap().as_ref(),
            Some(expected),
            "{index}"
        );
    }
    // Each thread in an order of its own, all with the same cursors.
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let (streams, expected) = (&streams, &expected);
            scope.spawn(move || {
                let mut order: Vec<usize> = (0..expected.len()).collect();
                if seed > 0 {
                    order.shuffle(&mut StdRng::seed_from_u64(seed));
                }
                for index in order {
                    assert_eq!(streams.get(index).unwrap().as_ref(), Some(&expected[index]));
                }
            });
        }
    });
}

#[test]
fn unknown_characters() {
    let text = Text::from_documents("words", ["aaaa", "abca"]);
    let vocab = Vocab::builder().with_unk("?").chars("ab");
    let streams = TextStreams::new(text.clone(), &vocab, 1, 10).unwrap();
    let window = streams.get(1).unwrap().unwrap();
    assert_eq!(window.rows[0].inputs, [1, 2, 0]);
    assert_eq!(window.rows[0].targets, [2, 0, 1]);

    let streams = TextStreams::new(text, &Vocab::chars("ab"), 1, 10).unwrap();
    assert!(streams.get(0).is_ok());
    assert_eq!(
        chain(&streams.get(1).unwrap_err()),
        "words: character 2: expected one of the 2 symbols in the vocabulary, which has none for \
         unknown ones, found 'c'"
    );
    // The error does no harm.
    assert_eq!(streams.get(0).unwrap().unwrap().rows[0].inputs, [0, 0, 0]);
}

#[test]
fn what_makes_no_streams() {
    let new = |documents: &[&str], batch_size, window| {
        let text = Text::from_documents("short", documents.iter().copied());
        let vocab = text.vocab("<unk>").unwrap();
        TextStreams::new(text, &vocab, batch_size, window).unwrap_err()
    };
    assert_eq!(
        chain(&new(&["a", "", "b"], 2, 3)),
        "short: expected a document of at least 2 characters, found 2 characters in 2 documents"
    );
    assert_eq!(
        chain(&new(&[""], 2, 3)),
        "short: expected a document of at least 2 characters, found 0 characters in 0 documents"
    );
    assert_eq!(
        chain(&new(&["abc"], 0, 3)),
        "expected a batch size of at least 1, found 0"
    );
    assert!(matches!(new(&["abc"], 2, 0), TextError::Streams(_)));
}
