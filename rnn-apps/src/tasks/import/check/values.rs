//! Inputs and outputs of networks as numbers that can be compared.

use burn::tensor::{Bytes, DType, TensorData};

use crate::tasks::import::Outputs;

/// How the axes of an input are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    BatchFirst,
    TimeFirst,
    /// One step of each sequence of a batch, as a cell gets it.
    OneStep,
}

/// What PyTorch's network may have done with its scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    None,
    LogSoftmax,
    Softmax,
}

/// Which of a network's outputs is compared, and how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Among the outputs.
    pub index: usize,
    /// Whether its first two axes are swapped.
    pub is_swapped: bool,
    pub activation: Activation,
}

impl Reading {
    /// All ways to read the outputs of a network whose input is of this layout, the plainest first.
    pub fn all(outputs: &Outputs, layout: Layout) -> Vec<Self> {
        let swapped: &[bool] = match layout {
            Layout::BatchFirst => &[false],
            Layout::TimeFirst | Layout::OneStep => &[true, false],
        };
        let activations = [
            Activation::None,
            Activation::LogSoftmax,
            Activation::Softmax,
        ];
        let mut all = Vec::new();
        for index in 0..outputs.len() {
            for &is_swapped in swapped {
                all.extend(activations.map(|activation| Self {
                    index,
                    is_swapped,
                    activation,
                }));
            }
        }
        all
    }

    /// The output's numbers, if it has this shape but for axes of one element.
    pub fn read(self, outputs: &Outputs, shape: &[usize]) -> Option<Vec<f64>> {
        let (_, data) = outputs.get(self.index)?;
        let swapped;
        let data = match self.is_swapped {
            true => {
                swapped = swap_first_axes(data)?;
                &swapped
            }
            false => data,
        };
        if long_axes(&data.shape().to_vec()) != long_axes(shape) {
            return None;
        }
        let mut values: Vec<f64> = data.iter::<f64>().collect();
        if self.activation == Activation::None {
            return Some(values);
        }
        let classes = shape.last().copied().filter(|&n| n > 1)?;
        for scores in values.chunks_mut(classes) {
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
            for score in scores {
                *score -= largest + sum.ln();
                if self.activation == Activation::Softmax {
                    *score = score.exp();
                }
            }
        }
        Some(values)
    }
}

fn long_axes(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&n| n != 1).collect()
}

/// The largest difference; infinite if a number is not finite.
pub fn largest_difference(found: &[f64], expected: &[f64]) -> f64 {
    let pairs = found.iter().zip(expected);
    pairs.fold(0.0, |most, (x, y)| match (x - y).is_finite() {
        true => (x - y).abs().max(most),
        false => f64::INFINITY,
    })
}

/// The input in the ways in which it can be read: as `[batch, time, features]`, or as `[batch, time]` if it
/// is of ids.
pub fn inputs(input: &TensorData) -> Vec<(Layout, TensorData)> {
    let (axes, dtype) = match input.dtype().is_float() {
        true => (3, DType::F32),
        false => (2, DType::I64),
    };
    let mut shape = input.shape().to_vec();
    // An image has a channel.
    if shape.len() == axes + 1 && shape[1] == 1 {
        shape.remove(1);
    }
    // One sequence, or one step, may have no axis for that.
    let lacks_one = shape.len() + 1 == axes;
    if lacks_one {
        shape.insert(0, 1);
    }
    let bytes = input.clone().convert_dtype(dtype).into_bytes();
    let data = TensorData::from_bytes(bytes, shape, dtype);
    let layout = match lacks_one {
        true => Layout::OneStep,
        false => Layout::TimeFirst,
    };
    let swapped = swap_first_axes(&data).map(|data| (layout, data));
    [(Layout::BatchFirst, data)]
        .into_iter()
        .chain(swapped)
        .collect()
}

/// Another input of the same shape: zeros, or ones in place of zeros.
pub fn changed(input: &TensorData) -> TensorData {
    let is_zero = input.iter::<f64>().all(|x| x == 0.0);
    let shape = input.shape().to_vec();
    let number = if is_zero { 1.0f32 } else { 0.0 };
    TensorData::full(shape, number).convert_dtype(input.dtype())
}

/// The tensor with its first two axes swapped, if it has two of more than one element.
fn swap_first_axes(data: &TensorData) -> Option<TensorData> {
    let mut shape = data.shape().to_vec();
    let (&first, &second) = (shape.first()?, shape.get(1)?);
    if first < 2 && second < 2 {
        return None;
    }
    let inner = shape[2..].iter().product::<usize>() * data.dtype().size();
    let bytes = data.as_bytes();
    let mut swapped = Vec::with_capacity(bytes.len());
    for j in 0..second {
        for i in 0..first {
            swapped.extend_from_slice(&bytes[(i * second + j) * inner..][..inner]);
        }
    }
    shape.swap(0, 1);
    let bytes = Bytes::from_bytes_vec(swapped);
    Some(TensorData::from_bytes(bytes, shape, data.dtype()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_not_finite_differs() {
        assert_eq!(largest_difference(&[1.0, 2.0], &[1.0, 2.5]), 0.5);
        assert_eq!(largest_difference(&[f64::NAN], &[1.0]), f64::INFINITY);
        assert_eq!(largest_difference(&[f64::INFINITY], &[1.0]), f64::INFINITY);
    }

    #[test]
    fn inputs_are_read_in_all_ways() {
        let ids = TensorData::from([[1i64, 2, 3], [4, 5, 6]]);
        let [(first, as_is), (second, swapped)] = &inputs(&ids)[..] else {
            panic!("two ways");
        };
        assert_eq!((*first, as_is), (Layout::BatchFirst, &ids));
        let expected = TensorData::from([[1i64, 4], [2, 5], [3, 6]]);
        assert_eq!((*second, swapped), (Layout::TimeFirst, &expected));
        // A sequence, or a step of a batch.
        let features = TensorData::from([[1.0f32, 2.0], [3.0, 4.0]]);
        let shapes: Vec<_> = inputs(&features)
            .into_iter()
            .map(|(layout, data)| (layout, data.shape().to_vec()))
            .collect();
        let expected = [
            (Layout::BatchFirst, vec![1, 2, 2]),
            (Layout::OneStep, vec![2, 1, 2]),
        ];
        assert_eq!(shapes, expected);
    }
}
