//! What networks that score something at every step are compared by.

use anyhow::ensure;
use burn::tensor::{DType, Tensor, TensorData};

use super::network::Outputs;

/// The ids in an input, `[batch, time]`: it holds them, or one-hot vectors, `[batch, time, symbols]`.
///
/// # Errors
///
/// If it holds neither, or an id that is not below `symbols`.
pub fn ids_of(input: TensorData, symbols: usize) -> anyhow::Result<TensorData> {
    let shape = input.shape().to_vec();
    if let [batch, time, last] = shape[..]
        && last == symbols
        && input.dtype().is_float()
    {
        let values: Vec<f32> = input.iter().collect();
        let ids: Option<Vec<i64>> = values
            .chunks(symbols)
            .map(|vector| {
                let id = vector.iter().position(|&x| x == 1.0)?;
                let others = vector.iter().filter(|&&x| x == 0.0).count();
                (others + 1 == symbols).then_some(id as i64)
            })
            .collect();
        let ids = ids.filter(|ids| !ids.is_empty());
        ensure!(
            ids.is_some(),
            "expected ids of [batch, time], or one-hot vectors, found other numbers of {shape:?}"
        );
        return Ok(TensorData::new(ids.unwrap_or_default(), [batch, time]));
    }
    ensure!(
        matches!(shape[..], [batch, time] if batch > 0 && time > 0) && !input.dtype().is_float(),
        "expected ids of [batch, time], integers below {symbols}, found {:?} of {shape:?}",
        input.dtype()
    );
    let found = input
        .iter::<i64>()
        .find(|id| !(0..symbols as i64).contains(id));
    ensure!(
        found.is_none(),
        "expected ids below {symbols}, found {}",
        found.unwrap_or_default()
    );
    Ok(input.convert_dtype(DType::I64))
}

/// Scores `[batch, time, symbols]`: at all steps, and at the last one.
pub fn at_all_steps(scores: Tensor<3>) -> Outputs {
    let [batch, time, symbols] = scores.dims();
    let last = scores.clone().slice([0..batch, time - 1..time, 0..symbols]);
    vec![
        ("the logits", scores.into_data()),
        ("the logits at the last step", last.into_data()),
    ]
}
