//! Files as all formats here, and the crates above this one, need them: read up to a limit, decoded as
//! text, written whole or not at all.

mod error;
pub(crate) mod file;
mod lines;
pub(crate) mod text;

pub use error::TextError;
pub use file::{is_unfinished, is_utf16, remove_unfinished, write_file};
pub use lines::{LineReader, line_content, open_text, plain_text};
pub use text::{decode_text, read_text};
