//! Ids of tokens, on the host.

use std::sync::Arc;

use burn::tensor::{Int, Tensor};

/// The ids `[batch, time]`, row by row. Waits for the device.
///
/// # Panics
///
/// If one is not below `vocab_size`.
pub fn read(ids: &Tensor<2, Int>, vocab_size: usize) -> Arc<[usize]> {
    let [_, time] = ids.dims();
    let data = ids.to_data();
    let checked = |(index, found): (usize, i64)| match usize::try_from(found) {
        Ok(id) if id < vocab_size => id,
        _ => {
            let (row, step) = (index / time, index % time);
            panic!("id at [{row}, {step}]: expected below {vocab_size}, found {found}")
        }
    };
    data.iter::<i64>().enumerate().map(checked).collect()
}
