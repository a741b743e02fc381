//! Spans, against what `conlleval` counts.

use rnn_data::tagged::spans;

/// Each span as `label:start..end`.
fn shown(tags: &str) -> String {
    let tags: Vec<&str> = tags.split_ascii_whitespace().collect();
    let shown = spans(&tags)
        .into_iter()
        .map(|span| format!("{}:{}..{}", span.label, span.start, span.end));
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn sound_tags() {
    for (tags, expected) in [
        ("", ""),
        ("O O O", ""),
        ("B-PER I-PER O B-LOC", "PER:0..2 LOC:3..4"),
        ("B-PER", "PER:0..1"),
        ("O B-MISC I-MISC I-MISC", "MISC:1..4"),
        ("S-PER O B-LOC I-LOC E-LOC", "PER:0..1 LOC:2..5"),
    ] {
        assert_eq!(shown(tags), expected, "{tags}");
    }
}

#[test]
fn traps() {
    for (tags, expected) in [
        // A span that begins with I: at the start, after O, after another label.
        ("I-PER I-PER O I-LOC", "PER:0..2 LOC:3..4"),
        ("B-PER I-LOC I-LOC", "PER:0..1 LOC:1..3"),
        // Side by side.
        ("B-PER B-PER I-PER", "PER:0..1 PER:1..3"),
        ("I-PER B-PER", "PER:0..1 PER:1..2"),
        ("S-PER S-PER", "PER:0..1 PER:1..2"),
        // The label changes inside, and back.
        ("B-PER I-LOC I-PER", "PER:0..1 LOC:1..2 PER:2..3"),
        ("I-A I-B I-A I-A", "A:0..1 B:1..2 A:2..4"),
        // E ends, begins and stands alone.
        ("E-PER", "PER:0..1"),
        ("B-PER E-PER E-PER I-PER", "PER:0..2 PER:2..3 PER:3..4"),
        ("B-PER E-LOC O", "PER:0..1 LOC:1..2"),
        ("E-PER I-PER I-PER E-PER", "PER:0..1 PER:1..4"),
        // S ends a span that goes on, and I after it begins another.
        ("B-PER S-PER I-PER", "PER:0..1 PER:1..2 PER:2..3"),
        ("S-PER E-PER", "PER:0..1 PER:1..2"),
        // L and U have no rule of their own.
        ("B-PER L-PER O U-PER", "PER:0..2 PER:3..4"),
        ("U-PER U-PER", "PER:0..2"),
        ("B-PER L-PER I-PER", "PER:0..3"),
        ("B-PER U-LOC L-LOC", "PER:0..1 LOC:1..3"),
        // Labels with hyphens of their own.
        ("B-per-son I-per-son I-per", "per-son:0..2 per:2..3"),
        // No label.
        ("B I O I E B", "_:0..2 _:3..5 _:5..6"),
        ("B I-X", "_:0..1 X:1..2"),
        ("B- I-", "_:0..2"),
        // No hyphen: what follows the letter is the label.
        ("NN NN VB", "N:0..2 B:2..3"),
        ("O NN O", "N:1..2"),
        // `O` with a label is outside as well, and the tag after it begins a span.
        ("O-PER O", ""),
        ("B-LOC O O-PER I-PER", "LOC:0..1 PER:3..4"),
        // A full stop is outside, as O is.
        (". . .", ""),
        ("B-PER . I-PER", "PER:0..1 PER:2..3"),
        // Beyond ASCII.
        ("B-名 I-名 É-名", "名:0..3"),
    ] {
        assert_eq!(shown(tags), expected, "{tags}");
    }
}

#[test]
fn owned_tags_are_tags() {
    let tags = vec!["B-X".to_owned(), String::new(), "I-Y".to_owned()];
    let spans = spans(&tags);
    assert_eq!((spans[0].label, spans[0].end), ("X", 1));
    assert_eq!((spans[1].label, spans[1].start, spans.len()), ("Y", 2, 2));
}
