//! Ids that depend on the text alone, and lookups in both directions.

use rnn_data::{Vocab, VocabBuilder, VocabError};

fn symbols(vocab: &Vocab) -> Vec<&str> {
    vocab.iter().collect()
}

#[test]
fn order_of_the_text_does_not_matter() {
    let words = ["b", "a", "c", "b", "ab", "Ä", "B"];
    let mut backwards = words;
    backwards.reverse();
    let vocab = Vocab::words(words);
    assert_eq!(symbols(&vocab), ["B", "a", "ab", "b", "c", "Ä"]);
    assert_eq!(Vocab::words(backwards), vocab);
    assert_eq!(Vocab::chars("hihello"), Vocab::chars("ollehih"));
}

#[test]
fn special_symbols_come_first_in_their_order() {
    let builder = Vocab::builder()
        .with_special("<s>")
        .with_unk("?")
        .with_special("</s>")
        .with_pad("_");
    let vocab = builder.clone().chars("a_?b");
    assert_eq!(symbols(&vocab), ["<s>", "?", "</s>", "_", "a", "b"]);
    assert_eq!((vocab.unk_id(), vocab.pad_id()), (Some(1), Some(3)));
    assert_eq!(builder.chars("").len(), 4);
}

#[test]
fn a_special_symbol_given_twice_keeps_its_place() {
    let vocab = VocabBuilder::new()
        .with_special("x")
        .with_pad("p")
        .with_unk("x")
        .with_pad("q")
        .words([""; 0]);
    assert_eq!(symbols(&vocab), ["x", "p", "q"]);
    assert_eq!((vocab.unk_id(), vocab.pad_id()), (Some(0), Some(2)));
}

#[test]
fn rare_symbols_are_left_out() {
    let text = "a b b c c c".split(' ');
    for (min_count, expected) in [(0, "a b c"), (1, "a b c"), (2, "b c"), (3, "c"), (4, "")] {
        let vocab = Vocab::builder()
            .with_min_count(min_count)
            .words(text.clone());
        assert_eq!(symbols(&vocab).join(" "), expected);
    }
    // Special symbols need not occur.
    let vocab = Vocab::builder()
        .with_min_count(3)
        .with_unk("u")
        .chars("aabbbu");
    assert_eq!(symbols(&vocab), ["u", "b"]);
}

#[test]
fn both_directions() {
    let vocab = Vocab::chars("añ日\n");
    assert_eq!((vocab.len(), vocab.is_empty()), (4, false));
    for (id, symbol) in vocab.iter().enumerate() {
        assert_eq!(vocab.id(symbol), Some(id));
        assert_eq!(vocab.symbol(id), Some(symbol));
        assert!(vocab.contains(symbol));
    }
    assert_eq!(
        (vocab.symbol(4), vocab.id("b"), vocab.id("")),
        (None, None, None)
    );
    assert_eq!((vocab.unk_id(), vocab.pad_id()), (None, None));
    let ids = vocab.encode_chars("日ñ\na").unwrap();
    assert_eq!(vocab.decode(&ids).unwrap().concat(), "日ñ\na");
    assert!(Vocab::chars("").is_empty());
}

#[test]
fn unknown_symbols() {
    let vocab = Vocab::words(["to", "be"]);
    let error = vocab.encode(["to", "be", "or"]).unwrap_err();
    assert!(
        matches!(&error, VocabError::UnknownSymbol { position: 2, symbol, len: 2 } if symbol == "or"),
        "{error}"
    );
    // Characters are counted, not bytes.
    let error = Vocab::chars("日").encode_chars("日日x").unwrap_err();
    assert!(matches!(
        error,
        VocabError::UnknownSymbol { position: 2, .. }
    ));

    let vocab = Vocab::builder().with_unk("<unk>").words(["to", "be"]);
    assert_eq!(vocab.encode(["to", "be", "or"]).unwrap(), [2, 1, 0]);
    assert_eq!(vocab.id("or"), Some(0));
    assert!(!vocab.contains("or"));
}

#[test]
fn unknown_ids() {
    let error = Vocab::chars("ab").decode(&[0, 1, 2]).unwrap_err();
    assert!(matches!(
        error,
        VocabError::UnknownId {
            position: 2,
            found: 2,
            len: 2
        }
    ));
    assert_eq!(error.to_string(), "id 2: expected one below 2, found 2");
}
