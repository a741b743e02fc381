//! Recurrent layers in the graph of gradients, for every backend that has them.

use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};

use super::tensors::Tensors;
use super::{LayerTensors, RecurrentBackend, RecurrentExtension};

/// The output's node in the graph. The states after the last step are its children, which leave
/// their gradients here before its turn comes.
#[derive(Debug)]
struct Output;

/// One of the states, by its place in [`OfStates`].
#[derive(Debug)]
struct LastState;

/// Gradients with respect to `h_n` and `c_n`.
type OfStates<B> = Arc<Mutex<[Option<FloatTensor<B>>; 2]>>;

#[derive(Clone, Debug)]
struct State<B: RecurrentBackend> {
    tensors: LayerTensors<B>,
    output: FloatTensor<B>,
    kept: B::Kept,
    left: OfStates<B>,
}

impl<B: RecurrentBackend, const N: usize> Backward<B, N> for Output {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let by_output = grads.consume::<B>(&ops.node);
        let State {
            tensors,
            output,
            kept,
            left,
        } = ops.state;
        let [by_h_n, by_c_n] =
            std::mem::take(&mut *left.lock().unwrap_or_else(PoisonError::into_inner));
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let by = [Some(by_output), by_h_n, by_c_n];
        let gradients = B::recurrent_backward(tensors, kept, output, by, &wanted);
        for (node, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: RecurrentBackend> Backward<B, 1> for LastState {
    /// The state's place, and the output, which gets no gradient through this node.
    type State = (usize, OfStates<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let (place, left, output) = ops.state;
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = left.iter().all(Option::is_none);
        left[place] = Some(gradient);
        let [parent] = ops.parents;
        if let (Some(node), true) = (parent, is_first) {
            // Its turn must come even if nothing else was computed from the output.
            let zeros = B::float_zeros(output.shape(), &output.device(), output.dtype().into());
            grads.register::<B>(node.id, zeros);
        }
    }
}

impl<B: RecurrentBackend + RecurrentExtension, C: CheckpointStrategy> RecurrentExtension
    for Autodiff<B, C>
{
    fn recurrent(tensors: LayerTensors<Self>) -> Vec<FloatTensor<Self>> {
        // As many as a layer can have; the graph's operations know their number of parents.
        match tensors.tensors.len() {
            4 => run::<B, C, 4>(tensors),
            5 => run::<B, C, 5>(tensors),
            6 => run::<B, C, 6>(tensors),
            7 => run::<B, C, 7>(tensors),
            8 => run::<B, C, 8>(tensors),
            9 => run::<B, C, 9>(tensors),
            10 => run::<B, C, 10>(tensors),
            11 => run::<B, C, 11>(tensors),
            13 => run::<B, C, 13>(tensors),
            other => unreachable!("a layer has no {other} tensors"),
        }
    }
}

fn run<B: RecurrentBackend, C: CheckpointStrategy, const N: usize>(
    tensors: LayerTensors<Autodiff<B, C>>,
) -> Vec<FloatTensor<Autodiff<B, C>>> {
    let (parts, nodes): (Tensors<_>, Vec<_>) = (tensors.tensors.into_iter())
        .map(|tensor| tensor.into_parts())
        .unzip();
    let tensors = LayerTensors {
        tensors: parts,
        plan: tensors.plan,
    };
    let Ok(nodes) = <[_; N]>::try_from(nodes) else {
        unreachable!("each tensor has a node")
    };
    let left: OfStates<B> = Arc::default();
    let (output, states) = match Output.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => {
            let (mut outputs, tensors, kept) = B::recurrent_train(tensors);
            let output = outputs.remove(0);
            let state = State {
                tensors,
                output: output.clone(),
                kept,
                left: left.clone(),
            };
            (prepared.finish(state, output), outputs)
        }
        OpsKind::UnTracked(prepared) => {
            let mut outputs = B::recurrent_forward(tensors);
            (prepared.finish(outputs.remove(0)), outputs)
        }
    };
    let states = states.into_iter().enumerate().map(|(place, state)| {
        let node = [output.node()];
        match LastState.prepare::<C>(node).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let kept = (place, left.clone(), output.primitive().clone());
                prepared.finish(kept, state)
            }
            OpsKind::UnTracked(prepared) => prepared.finish(state),
        }
    });
    let states: Vec<_> = states.collect();
    std::iter::once(output).chain(states).collect()
}
