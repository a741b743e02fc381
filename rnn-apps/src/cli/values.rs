//! Parsers for the values of flags.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use rnn_train::config::{SaveInterval, ValidEvery};
use rnn_train::optim::Precision;

/// A whole number from 1 to `most`.
fn count(text: &str, most: usize) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if (1..=most).contains(&n) => Ok(n),
        _ => Err(format!("expected a whole number from 1 to {most}")),
    }
}

// Larger values are typing errors, which would otherwise lead to a failed allocation or a run that
// never ends.

pub fn epochs(text: &str) -> Result<usize, String> {
    count(text, 1_000_000)
}

pub fn items(text: &str) -> Result<usize, String> {
    count(text, 100_000_000)
}

pub fn items_or_none(text: &str) -> Result<usize, String> {
    match text {
        "0" => Ok(0),
        _ => items(text).map_err(|_| "expected a whole number from 0 to 100000000".to_owned()),
    }
}

pub fn size(text: &str) -> Result<usize, String> {
    count(text, 8_192)
}

pub fn layers(text: &str) -> Result<usize, String> {
    count(text, 64)
}

/// Characters side by side in a picture.
pub fn drawn_chars(text: &str) -> Result<usize, String> {
    count(text, 5_000)
}

/// Rows of a picture.
pub fn drawn_rows(text: &str) -> Result<usize, String> {
    count(text, 200)
}

pub fn seed(text: &str) -> Result<u64, String> {
    let message = |_| format!("expected a whole number from 0 to {}", u64::MAX);
    text.parse().map_err(message)
}

pub fn threads(text: &str) -> Result<usize, String> {
    count(text, 1_024)
}

/// `http://…` or `https://…`
pub fn mirror(text: &str) -> Result<String, String> {
    let is_url = ["http://", "https://"]
        .iter()
        .any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
    match is_url {
        true => Ok(text.to_owned()),
        false => Err("expected a URL that begins with http:// or https://".to_owned()),
    }
}

pub fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x > 0.0 && x.is_finite() => Ok(x),
        _ => Err("expected a number above 0".to_owned()),
    }
}

pub fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if (0.0..1.0).contains(&x) => Ok(x),
        _ => Err("expected a number from 0 to below 1".to_owned()),
    }
}

/// Above 0 to 1.
pub fn share_of_all(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x > 0.0 && x <= 1.0 => Ok(x),
        _ => Err("expected a number above 0 to 1".to_owned()),
    }
}

/// 0 or more.
pub fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x >= 0.0 && x.is_finite() => Ok(x),
        _ => Err("expected 0 or a number above it".to_owned()),
    }
}

/// From 0 to 5.
pub fn strength(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(x) if (0.0..=5.0).contains(&x) => Ok(x),
        _ => Err("expected a number from 0 to 5".to_owned()),
    }
}

/// `MEAN,STD`
pub fn normalization(text: &str) -> Result<[f64; 2], String> {
    let message =
        || "expected a mean and a standard deviation above 0, such as 0.1307,0.3081".to_owned();
    let (mean, std) = text.split_once(',').ok_or_else(message)?;
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| message());
    let (mean, std) = (number(mean)?, number(std)?);
    match ((0.0..=1.0).contains(&mean), std > 0.0 && std.is_finite()) {
        (true, true) => Ok([mean, std]),
        (false, true) if mean > 1.0 => {
            Err("expected the mean of levels from 0 to 1: divide both by 255".to_owned())
        }
        _ => Err(message()),
    }
}

pub fn save_interval(text: &str) -> Result<SaveInterval, String> {
    text.parse()
}

pub fn valid_every(text: &str) -> Result<ValidEvery, String> {
    text.parse()
}

pub fn precision() -> impl TypedValueParser<Value = Precision> {
    PossibleValuesParser::new(["f32", "bf16"]).try_map(|name| name.parse())
}

/// `FROM=TO`
pub fn renaming(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((from, to)) if !from.is_empty() => Ok((from.to_owned(), to.to_owned())),
        _ => Err("expected FROM=TO".to_owned()),
    }
}

pub fn safetensors(text: &str) -> Result<PathBuf, String> {
    with_extension(text, "safetensors")
}

pub fn svg(text: &str) -> Result<PathBuf, String> {
    with_extension(text, "svg")
}

fn with_extension(text: &str, expected: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension() {
        Some(extension) if extension == expected => Ok(path),
        _ => Err(format!("expected a name that ends in .{expected}")),
    }
}
