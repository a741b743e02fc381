//! An embedding: what a recurrent layer reads when its input is words or characters.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{Int, Tensor};

use super::coverage::covers;
use super::cpu::embedding;
use super::host::{Host, sequence, with_rows};
use crate::ids;

/// Rows of a matrix, as an operation of the backends that have it.
#[backend_extension(
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    Autodiff
)]
pub trait EmbeddingExtension: Backend {
    fn embedding(weight: FloatTensor<Self>, words: Words) -> FloatTensor<Self>;
}

/// What [`EmbeddingExtension`] is made of; not dispatched.
pub trait EmbeddingBackend: Backend {
    fn lookup_forward(weight: FloatTensor<Self>, words: &Words) -> FloatTensor<Self>;

    /// The gradient with respect to the weight, of which only the rows that were read are not zero.
    ///
    /// - `by`: the gradient with respect to the output
    /// - `rows`: of the weight
    fn lookup_backward(by: FloatTensor<Self>, words: &Words, rows: usize) -> FloatTensor<Self>;
}

/// Which rows are read.
#[derive(Clone, Debug)]
pub struct Words {
    /// Sequence by sequence.
    ids: Arc<[usize]>,
    batch: usize,
    time: usize,
}

impl<B: Host> EmbeddingBackend for B {
    fn lookup_forward(weight: FloatTensor<B>, words: &Words) -> FloatTensor<B> {
        let weight = with_rows::<B>(B::float_reshape(weight.clone(), one_step(&weight)));
        let rows = sequence::<B>(&weight);
        let [_, _, features] = rows.shape();
        let output = embedding::forward(rows, &words.ids);
        B::from_vec(output, &[words.batch, words.time, features])
    }

    fn lookup_backward(by: FloatTensor<B>, words: &Words, rows: usize) -> FloatTensor<B> {
        let by = with_rows::<B>(by);
        let by = sequence::<B>(&by);
        let [_, _, features] = by.shape();
        let gradient = embedding::backward(by, &words.ids, rows);
        B::from_vec(gradient, &[rows, features])
    }
}

/// A matrix's shape with an axis before.
fn one_step(matrix: &impl TensorMetadata) -> burn::tensor::Shape {
    let shape = matrix.shape();
    [1, shape[0], shape[1]].into()
}

#[derive(Debug)]
struct Lookup;

impl<B: EmbeddingBackend> Backward<B, 1> for Lookup {
    /// The words, and the rows of the weight.
    type State = (Words, usize);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let by = grads.consume::<B>(&ops.node);
        let (words, rows) = ops.state;
        let [weight] = ops.parents;
        if let Some(node) = weight {
            grads.register::<B>(node.id, B::lookup_backward(by, &words, rows));
        }
    }
}

impl<B: EmbeddingBackend + EmbeddingExtension, C: CheckpointStrategy> EmbeddingExtension
    for Autodiff<B, C>
{
    fn embedding(weight: FloatTensor<Self>, words: Words) -> FloatTensor<Self> {
        let (weight, node) = weight.into_parts();
        let rows = weight.shape()[0];
        let output = B::lookup_forward(weight, &words);
        match Lookup.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish((words, rows), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}

/// Runs an embedding as one operation; none where there is no kernel for its tensors.
///
/// - `weight`: `[vocab_size, features]`
/// - `words`: `[batch, time]`
///
/// Returns `[batch, time, features]`.
///
/// # Panics
///
/// If a word is not below `vocab_size`.
pub fn embedding(weight: Tensor<2>, words: &Tensor<2, Int>) -> Option<Tensor<3>> {
    if !covers(&weight) {
        return None;
    }
    let [batch, time] = words.dims();
    let [rows, _] = weight.dims();
    let ids = ids::read(words, rows);
    let words = Words { ids, batch, time };
    let output = <Dispatch as EmbeddingExtension>::embedding(weight.into_dispatch(), words);
    Some(Tensor::from_dispatch(output))
}
