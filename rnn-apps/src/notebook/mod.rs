//! The notebook's sections as commands, and the tour through them.

pub mod hihello;
pub mod shapes;
pub mod tour;
pub mod two_sentences;
