//! What the pictures that are written element by element have in common.

use maud::{Markup, html};

pub const MARGIN: i32 = 16;
pub const TEXT_SIZE: i32 = 12;
pub const INK: &str = "#333333";
pub const FAINT: &str = "#767676";

/// The SVG element around a picture, on a white background even in a dark theme.
pub fn picture((width, height): (i32, i32), label: &str, content: Markup) -> Markup {
    html! {
        svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
            viewBox={ "0 0 " (width) " " (height) } role="img" aria-label=(label)
            font-family="sans-serif" font-size=(TEXT_SIZE) fill=(INK) {
            rect width=(width) height=(height) fill="#ffffff" {}
            (content)
        }
    }
}

/// The colour in an attribute.
pub fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
