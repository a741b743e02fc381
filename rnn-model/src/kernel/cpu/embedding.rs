//! An embedding: rows of a matrix, by number.

use super::rows::Rows;

/// The rows that are asked for, one after another.
///
/// - `weight`: one step, a row for each word
/// - `ids`: of words
///
/// # Panics
///
/// If there is no such word.
pub fn forward(weight: Rows<'_>, ids: &[usize]) -> Vec<f32> {
    let [_, _, features] = weight.shape();
    let mut output = Vec::with_capacity(ids.len() * features);
    for &id in ids {
        output.extend_from_slice(weight.row(0, id));
    }
    output
}

/// The gradient with respect to the weight, of which only the rows that were read are not zero.
///
/// - `by`: the gradient with respect to the output, `[batch, time, features]`
/// - `ids`: of words, sequence by sequence
/// - `words`: how many there are
///
/// # Panics
///
/// If there is no such word, or no gradient for it.
pub fn backward(by: Rows<'_>, ids: &[usize], words: usize) -> Vec<f32> {
    let [_, time, features] = by.shape();
    let mut gradient = vec![0.0; words * features];
    for (place, id) in ids.iter().enumerate() {
        let row = &mut gradient[id * features..][..features];
        for (sum, by) in row.iter_mut().zip(by.row(place / time, place % time)) {
            *sum += by;
        }
    }
    gradient
}
