//! All tests of this crate but those that need an allocator of their own, as one program: each program
//! more is linked by itself.

mod dataset;
mod distortions;
mod idx_gzip_malformed;
mod idx_malformed;
mod idx_never_panics;
mod idx_round_trips;
mod image_sets;
mod mnist_folders;
#[cfg(feature = "image")]
mod picture_malformed;
#[cfg(feature = "image")]
mod picture_sheets;
#[cfg(feature = "image")]
mod picture_surroundings;
#[cfg(feature = "image")]
mod pictures;
mod streams;
mod strokes;
mod strokes_are_not_linear;
mod tagged;
mod tagged_conllu;
mod tagged_conllu_malformed;
mod tagged_corpus;
mod tagged_formats;
mod tagged_malformed;
mod tagged_spans;
mod text;
mod text_streams;
mod vocab;
mod vocab_json;

/// What a program prints of an error: its text and those of its causes, each once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    if let Some(cause) = error.source() {
        let cause = chain(cause);
        assert!(!text.contains(&cause), "said twice: {cause}");
        text = format!("{text}: {cause}");
    }
    text
}
