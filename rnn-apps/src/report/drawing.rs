//! What the pictures that are written element by element have in common.

use maud::{Markup, html};

pub const MARGIN: i32 = 16;
pub const TEXT_SIZE: i32 = 12;
pub const INK: &str = "#333333";
pub const FAINT: &str = "#767676";

/// The colours of the greatest absolute value, which colour-blind people can distinguish, and on which
/// black text can be read. 0 is white.
const NEGATIVE: [u8; 3] = [0x43, 0x93, 0xc3];
const POSITIVE: [u8; 3] = [0xd6, 0x60, 0x4d];
/// Shades on each side of white.
pub const LEVELS: i32 = 16;

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

/// The shade of a value, from -[`LEVELS`] to [`LEVELS`].
pub fn level(value: f32, scale: f64) -> i32 {
    (f64::from(value) / scale * f64::from(LEVELS)).round() as i32
}

pub fn shade(level: i32) -> String {
    let colour = if level < 0 { NEGATIVE } else { POSITIVE };
    let strength = f64::from(level.abs()) / f64::from(LEVELS);
    hex(colour.map(|part| (255.0 - strength * (255.0 - f64::from(part))).round() as u8))
}
