//! The LSTM in the graph of gradients, for every backend that has it.

use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};

use super::{LstmBackend, LstmExtension, LstmTensors, Outputs, Wanted};

/// The output's node in the graph. The states after the last step are its children, which leave
/// their gradients here before its turn comes.
#[derive(Debug)]
struct Lstm;

/// One of the states, by its place in [`OfStates`].
#[derive(Debug)]
struct LastState;

/// Gradients by `h_n` and `c_n`.
type OfStates<B> = Arc<Mutex<[Option<FloatTensor<B>>; 2]>>;

#[derive(Clone, Debug)]
struct State<B: LstmBackend> {
    tensors: LstmTensors<B>,
    output: FloatTensor<B>,
    kept: B::Kept,
    left: OfStates<B>,
}

impl<B: LstmBackend> Backward<B, 7> for Lstm {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 7>, grads: &mut Gradients, _: &mut Checkpointer) {
        let by_output = grads.consume::<B>(&ops.node);
        let State {
            tensors,
            output,
            kept,
            left,
        } = ops.state;
        let [by_h_n, by_c_n] =
            std::mem::take(&mut *left.lock().unwrap_or_else(PoisonError::into_inner));
        let [input, weight_ih, weight_hh, bias_ih, bias_hh, h_0, c_0] = ops.parents;
        let weights = [weight_ih, weight_hh, bias_ih, bias_hh];
        let wanted = Wanted {
            input: input.is_some(),
            weights: weights.iter().any(Option::is_some),
            state: h_0.is_some() || c_0.is_some(),
        };
        let by = [Some(by_output), by_h_n, by_c_n];
        let gradients = B::lstm_backward(tensors, kept, output, by, wanted);
        if let (Some(node), Some(gradient)) = (input, gradients.input) {
            grads.register::<B>(node.id, gradient);
        }
        if let Some([by_ih, by_hh, by_bias]) = gradients.weights {
            // Both biases are added to the same sums.
            let by = [by_ih, by_hh, by_bias.clone(), by_bias];
            for (node, gradient) in weights.into_iter().zip(by) {
                if let Some(node) = node {
                    grads.register::<B>(node.id, gradient);
                }
            }
        }
        if let Some(by) = gradients.state {
            for (node, gradient) in [h_0, c_0].into_iter().zip(by) {
                if let Some(node) = node {
                    grads.register::<B>(node.id, gradient);
                }
            }
        }
    }
}

impl<B: LstmBackend> Backward<B, 1> for LastState {
    /// The place, and the output, to which nothing comes through here.
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

impl<B: LstmBackend + LstmExtension, C: CheckpointStrategy> LstmExtension for Autodiff<B, C> {
    fn lstm(tensors: LstmTensors<Self>) -> Outputs<Self> {
        let mut nodes = Vec::with_capacity(7);
        let tensors = tensors.map(|tensor| {
            let (tensor, node) = tensor.into_parts();
            nodes.push(node);
            tensor
        });
        let Ok(nodes) = <[_; 7]>::try_from(nodes) else {
            unreachable!("each tensor has a node")
        };
        let left: OfStates<B> = Arc::default();
        let (output, h_n, c_n) = match Lstm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => {
                let (outputs, tensors, kept) = B::lstm_train(tensors);
                let state = State {
                    tensors,
                    output: outputs.output.clone(),
                    kept,
                    left: left.clone(),
                };
                let output = prepared.finish(state, outputs.output);
                (output, outputs.h_n, outputs.c_n)
            }
            OpsKind::UnTracked(prepared) => {
                let outputs = B::lstm_forward(tensors);
                (prepared.finish(outputs.output), outputs.h_n, outputs.c_n)
            }
        };
        let last = |place: usize, state: FloatTensor<B>| {
            let node = [output.node()];
            match LastState.prepare::<C>(node).compute_bound().stateful() {
                OpsKind::Tracked(prepared) => {
                    let kept = (place, left.clone(), output.primitive().clone());
                    prepared.finish(kept, state)
                }
                OpsKind::UnTracked(prepared) => prepared.finish(state),
            }
        };
        let (h_n, c_n) = (last(0, h_n), last(1, c_n));
        Outputs { output, h_n, c_n }
    }
}
