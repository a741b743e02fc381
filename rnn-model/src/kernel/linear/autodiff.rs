//! The linear layer in the graph of gradients, for every backend that has it.

use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

use super::{LinearBackend, LinearExtension, LinearTensors};
use crate::kernel::host::Host;

#[derive(Debug)]
struct Linear;

impl<B: LinearBackend> Backward<B, 3> for Linear {
    type State = LinearTensors<B>;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let by = grads.consume::<B>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let gradients = B::linear_backward(&ops.state, by, wanted);
        for (node, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: Host + LinearBackend, C: CheckpointStrategy> LinearExtension for Autodiff<B, C> {
    fn linear(tensors: LinearTensors<Self>) -> FloatTensor<Self> {
        let LinearTensors {
            input,
            weight,
            bias,
        } = tensors;
        let (input, input_node) = input.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let tensors = LinearTensors {
            input,
            weight,
            bias,
        }
        .ready();
        let output = B::linear_forward(&tensors);
        let nodes = [input_node, weight_node, bias_node];
        match Linear.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(tensors, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        }
    }
}
