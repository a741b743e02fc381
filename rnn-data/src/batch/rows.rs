//! Inputs and targets side by side, of pairs or of a window of streams.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::positions;
use crate::StreamWindow;

/// The rows of a batch: ids, and for each the id that comes next.
pub(super) struct Rows<'a> {
    pub inputs: Vec<&'a [usize]>,
    targets: Vec<&'a [usize]>,
    /// Which rows begin a document or a stream.
    pub starts: Vec<bool>,
}

impl<'a> Rows<'a> {
    /// # Panics
    ///
    /// If there are no pairs, or a pair's parts differ in length.
    pub fn of_pairs(pairs: &'a [(Vec<usize>, Vec<usize>)]) -> Self {
        assert!(!pairs.is_empty(), "expected at least one sequence");
        Self {
            inputs: pairs.iter().map(|(input, _)| input.as_slice()).collect(),
            targets: pairs.iter().map(|(_, target)| target.as_slice()).collect(),
            starts: vec![false; pairs.len()],
        }
        .checked()
    }

    /// The rows of a window, which is a whole batch.
    ///
    /// # Panics
    ///
    /// If there is not exactly one window, it has no steps, or a row has not as many targets as inputs.
    pub fn of_window(windows: &'a [StreamWindow]) -> Self {
        assert!(
            windows.len() == 1,
            "expected one window, which is a whole batch, found {}",
            windows.len()
        );
        Self::of_windows(windows)
    }

    /// The rows of windows side by side, each row for itself.
    ///
    /// # Panics
    ///
    /// If there are no steps, or a row has not as many targets as inputs.
    pub fn of_windows(windows: &'a [StreamWindow]) -> Self {
        let rows = windows.iter().flat_map(|window| &window.rows);
        let rows = Self {
            inputs: rows.clone().map(|row| row.inputs.as_slice()).collect(),
            targets: rows.clone().map(|row| row.targets.as_slice()).collect(),
            starts: rows.map(|row| row.starts).collect(),
        };
        assert!(
            rows.time() > 0,
            "expected a window with steps, found one without"
        );
        rows.checked()
    }

    fn checked(self) -> Self {
        for (input, target) in self.inputs.iter().zip(&self.targets) {
            assert!(
                input.len() == target.len(),
                "expected as many targets as inputs, {}, found {}",
                input.len(),
                target.len()
            );
        }
        self
    }

    pub fn lengths(&self) -> Vec<usize> {
        self.inputs.iter().map(|input| input.len()).collect()
    }

    /// The length of the longest row.
    pub fn time(&self) -> usize {
        let lengths = self.inputs.iter().map(|input| input.len());
        lengths.max().unwrap_or(0)
    }

    /// The targets of all rows, one row after the other: `[steps]`.
    ///
    /// # Panics
    ///
    /// If an id is not below `size`.
    pub fn targets(&self, size: usize, device: &Device) -> Tensor<1, Int> {
        let ids = self.targets.iter().copied().flatten();
        let ids: Vec<i64> = ids.map(|&id| checked(id, size)).collect();
        let count = ids.len();
        Tensor::from_data(TensorData::new(ids, [count]), device)
    }
}

/// An id as tensors hold it.
///
/// # Panics
///
/// If it is not below `size`.
pub(super) fn checked(id: usize, size: usize) -> i64 {
    assert!(id < size, "expected an id below {size}, found {id}");
    id as i64
}

/// The ids of all rows with 0 from a row's end to the longest one's, `[batch, time]`.
pub(super) fn padded_ids(
    rows: &[&[usize]],
    to_id: impl Fn(usize) -> i64,
    device: &Device,
) -> Tensor<2, Int> {
    let time = rows.iter().map(|row| row.len()).max().unwrap_or(0);
    let mut padded = vec![0i64; rows.len() * time];
    if time > 0 {
        for (cells, row) in padded.chunks_mut(time).zip(rows) {
            for (cell, &id) in cells.iter_mut().zip(*row) {
                *cell = to_id(id);
            }
        }
    }
    Tensor::from_data(TensorData::new(padded, [rows.len(), time]), device)
}

/// The indices in `[batch·time]` of the steps that are not padding, row after row; `None` if there is no
/// padding, so that no selection is needed.
pub(super) fn positions_if_padded(
    lengths: &[usize],
    time: usize,
    device: &Device,
) -> Option<Tensor<1, Int>> {
    let is_padded = lengths.iter().any(|&length| length < time);
    is_padded.then(|| positions(lengths, time, device))
}
