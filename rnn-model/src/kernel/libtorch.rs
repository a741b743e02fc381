//! LibTorch's own recurrent operations: on a CPU oneDNN's where it has one, on CUDA cuDNN's.
//!
//! They come with gradients of their own. A pass that needs a backward pass is recorded by LibTorch
//! on tensors that only it sees, and is one node of Burn's graph, whose backward pass is LibTorch's.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::LibTorch;
use burn::backend::libtorch::TchTensor;
use tch::{Device, Tensor};

#[cfg(feature = "optim")]
use super::adam::{AdamExtension, AdamTensors, Step};
use super::recurrent::{Cache, CellKind, LayerTensors, Plan, RecurrentBackend, RecurrentExtension};

impl RecurrentExtension for LibTorch {
    fn recurrent(tensors: LayerTensors<Self>) -> Vec<TchTensor> {
        Self::recurrent_forward(tensors)
    }
}

/// Taken by the backward pass. It is shared only because the graph wants what it keeps to be
/// cloneable.
#[derive(Clone, Debug)]
pub struct Kept {
    recorded: Arc<Mutex<Option<Recorded>>>,
    /// The states after the last step: as long as these are kept, Burn does not write into their
    /// memory, which LibTorch's backward pass reads.
    _states: Vec<TchTensor>,
}

/// A recorded forward pass, whose backward pass LibTorch can run.
#[derive(Debug)]
struct Recorded {
    /// What it started from, in the order of a layer's tensors.
    leaves: Vec<Tensor>,
    /// The output, `h_n` and `c_n`.
    outputs: Vec<Tensor>,
}

impl RecurrentBackend for LibTorch {
    type Kept = Kept;

    fn recurrent_forward(tensors: LayerTensors<Self>) -> Vec<TchTensor> {
        let LayerTensors { tensors, plan } = tensors;
        let (before, weights) = tensors.split_at(plan.before_weights());
        let before: Vec<_> = before.iter().map(|t| t.tensor.shallow_clone()).collect();
        let weights = ready_weights(&plan, weights, &before, plan.cache.as_ref());
        // Else oneDNN keeps what a backward pass would need.
        let _guard = tch::no_grad_guard();
        let outputs = run(&plan, &before, &weights, false);
        outputs.into_iter().map(TchTensor::new).collect()
    }

    fn recurrent_train(tensors: LayerTensors<Self>) -> (Vec<TchTensor>, LayerTensors<Self>, Kept) {
        let plan = &tensors.plan;
        let (before, weights) = tensors.tensors.split_at(plan.before_weights());
        let before: Vec<_> = before.iter().map(|t| t.tensor.detach()).collect();
        let weights = ready_weights(plan, weights, &before, None);
        let leaves = before.into_iter().chain(weights);
        let leaves: Vec<_> = leaves.map(|leaf| leaf.set_requires_grad(true)).collect();
        let (before, weights) = leaves.split_at(plan.before_weights());
        let outputs = tch::with_grad(|| run(plan, before, weights, true));
        let results = outputs.iter().map(|output| TchTensor::new(output.detach()));
        let results: Vec<_> = results.collect();
        let kept = Kept {
            recorded: Arc::new(Mutex::new(Some(Recorded { leaves, outputs }))),
            _states: results[1..].to_vec(),
        };
        (results, tensors, kept)
    }

    fn recurrent_backward(
        _: LayerTensors<Self>,
        kept: Kept,
        _: TchTensor,
        by: [Option<TchTensor>; 3],
        wanted: &[bool],
    ) -> Vec<Option<TchTensor>> {
        let mut recorded = kept.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        let Recorded { leaves, outputs } = recorded.take().expect("a graph is walked back once");
        // LibTorch's backward pass starts from a scalar. The derivative of output·g with respect to
        // the output is g.
        let roots = outputs.iter().zip(&by).filter_map(|(output, by)| {
            let by = by.as_ref()?;
            Some((output * &by.tensor).sum(output.kind()))
        });
        let roots: Vec<_> = tch::with_grad(|| roots.collect());
        let leaves = leaves.iter().zip(wanted);
        let leaves: Vec<_> = leaves
            .filter_map(|(leaf, wanted)| wanted.then_some(leaf))
            .collect();
        let mut gradients = Tensor::run_backward(&roots, &leaves, false, false).into_iter();
        let of = |wanted: &bool| wanted.then(|| gradients.next()).flatten();
        wanted
            .iter()
            .map(of)
            .map(|gradient| gradient.map(TchTensor::new))
            .collect()
    }
}

/// The weights as the operation wants them, apart from Burn's: on a CPU the same memory, for cuDNN
/// copies that lie one behind another, made once as long as they are found again.
fn ready_weights(
    plan: &Plan,
    weights: &[TchTensor],
    before: &[Tensor],
    cache: Option<&Cache>,
) -> Vec<Tensor> {
    let apart = || weights.iter().map(|weight| weight.tensor.detach());
    if !before[0].cudnn_is_acceptable() {
        return apart().collect();
    }
    let flatten = || {
        let weights: Vec<_> = apart().collect();
        flatten_for_cudnn(plan, &weights, before);
        weights
    };
    let Some(cache) = cache else {
        return flatten();
    };
    let flat = cache.get::<LibTorch, _>(weights, is_same, || {
        let weights = flatten().into_iter().map(TchTensor::new);
        weights.collect::<Vec<_>>()
    });
    flat.iter()
        .map(|weight| weight.tensor.shallow_clone())
        .collect()
}

/// Whether two tensors are the same numbers in the same memory.
fn is_same(a: &TchTensor, b: &TchTensor) -> bool {
    let place = |tensor: &Tensor| (tensor.data_ptr(), tensor.size(), tensor.stride());
    place(&a.tensor) == place(&b.tensor)
}

/// Moves the weights into one piece of memory, each into its place there.
fn flatten_for_cudnn(plan: &Plan, weights: &[Tensor], before: &[Tensor]) {
    let mode = match plan.cell {
        CellKind::RnnRelu => 0,
        CellKind::RnnTanh => 1,
        CellKind::Lstm => 2,
        CellKind::Gru => 3,
    };
    let gates = plan.cell.gates() as i64;
    let hidden_size = weights[0].size()[0] / gates;
    let proj_size = match plan.has_projection {
        true => before[1].size()[2],
        false => 0,
    };
    let input_size = before[0].size()[2];
    // What it returns is the memory as a whole, which the weights keep.
    let _ = tch::no_grad(|| {
        Tensor::internal_cudnn_rnn_flatten_weight(
            weights,
            plan.per_direction() as i64,
            input_size,
            mode,
            hidden_size,
            proj_size,
            1,
            false,
            weights.len() > plan.per_direction(),
        )
    });
}

/// The output, `h_n` and `c_n`.
///
/// - `before`: the input and the state
/// - `train`: whether a backward pass follows
fn run(plan: &Plan, before: &[Tensor], weights: &[Tensor], train: bool) -> Vec<Tensor> {
    let (input, state) = (&before[0], &before[1..]);
    let Some(lengths) = &plan.lengths else {
        // cuDNN wants its numbers one after another.
        let state: Vec<_> = state.iter().map(Tensor::contiguous).collect();
        return call(plan, input, None, &state, weights, train);
    };
    let sorted = Sorted::new(lengths, input.device());
    let input_in_order = input.index_select(1, &sorted.order);
    let state: Vec<_> = state
        .iter()
        .map(|part| part.index_select(1, &sorted.order))
        .collect();
    let (data, sizes) = input_in_order.internal_pack_padded_sequence(&sorted.lengths, false);
    let mut outputs = call(plan, &data, Some(&sizes), &state, weights, train);
    let time = input.size()[0];
    (outputs[0], _) = Tensor::internal_pad_packed_sequence(&outputs[0], &sizes, false, 0.0, time);
    outputs
        .iter()
        .map(|output| output.index_select(1, &sorted.back))
        .collect()
}

/// A batch as LibTorch packs it: the longest sequence first.
struct Sorted {
    lengths: Tensor,
    /// Of the sequence at each place, its place in the batch.
    order: Tensor,
    /// The inverse permutation: of each sequence of the batch, its place among the sorted ones.
    back: Tensor,
}

impl Sorted {
    fn new(lengths: &[usize], device: Device) -> Self {
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&sequence| Reverse(lengths[sequence]));
        let mut back = vec![0; order.len()];
        for (place, &sequence) in order.iter().enumerate() {
            back[sequence] = place;
        }
        let ints = |numbers: Vec<usize>| {
            let numbers: Vec<i64> = numbers.into_iter().map(|number| number as i64).collect();
            Tensor::from_slice(&numbers)
        };
        Self {
            lengths: ints(order.iter().map(|&sequence| lengths[sequence]).collect()),
            order: ints(order).to_device(device),
            back: ints(back).to_device(device),
        }
    }
}

/// LibTorch's operation over a batch that is padded, or packed if there are `sizes`.
fn call(
    plan: &Plan,
    input: &Tensor,
    sizes: Option<&Tensor>,
    state: &[Tensor],
    weights: &[Tensor],
    train: bool,
) -> Vec<Tensor> {
    let bias = plan.has_bias;
    let both = weights.len() > plan.per_direction();
    let h_0 = &state[0];
    let pair = |(output, h_n)| vec![output, h_n];
    match (plan.cell, sizes) {
        (CellKind::Lstm, sizes) => {
            let (output, h_n, c_n) = match sizes {
                Some(sizes) => {
                    Tensor::lstm_data(input, sizes, state, weights, bias, 1, 0.0, train, both)
                }
                None => input.lstm(state, weights, bias, 1, 0.0, train, both, false),
            };
            vec![output, h_n, c_n]
        }
        (CellKind::Gru, Some(sizes)) => pair(Tensor::gru_data(
            input, sizes, h_0, weights, bias, 1, 0.0, train, both,
        )),
        (CellKind::Gru, None) => pair(input.gru(h_0, weights, bias, 1, 0.0, train, both, false)),
        (CellKind::RnnTanh, Some(sizes)) => pair(Tensor::rnn_tanh_data(
            input, sizes, h_0, weights, bias, 1, 0.0, train, both,
        )),
        (CellKind::RnnTanh, None) => {
            pair(input.rnn_tanh(h_0, weights, bias, 1, 0.0, train, both, false))
        }
        (CellKind::RnnRelu, Some(sizes)) => pair(Tensor::rnn_relu_data(
            input, sizes, h_0, weights, bias, 1, 0.0, train, both,
        )),
        (CellKind::RnnRelu, None) => {
            pair(input.rnn_relu(h_0, weights, bias, 1, 0.0, train, both, false))
        }
    }
}

#[cfg(feature = "optim")]
impl AdamExtension for LibTorch {
    fn adam(tensors: AdamTensors<Self>, step: Step) -> (TchTensor, TchTensor, TchTensor) {
        let [beta_1, beta_2] = step.betas.map(f64::from);
        let gradient = &tensors.gradient.tensor;
        let [mut parameter, mut moment_1, mut moment_2] =
            [tensors.parameter, tensors.moment_1, tensors.moment_2].map(alone);
        let _ = moment_1.tensor.lerp_(gradient, 1.0 - beta_1);
        let _ = moment_2.tensor.lerp_(&gradient.square(), 1.0 - beta_2);
        let rates = &moment_1.tensor * -f64::from(step.rate);
        let divisors = moment_2
            .tensor
            .sqrt()
            .g_add_scalar_(f64::from(step.epsilon));
        let _ = parameter.tensor.addcdiv_(&rates, &divisors);
        (parameter, moment_1, moment_2)
    }
}

/// A tensor that may be changed: its memory has no other owner.
#[cfg(feature = "optim")]
fn alone(tensor: TchTensor) -> TchTensor {
    if tensor.can_mut() {
        tensor
    } else {
        TchTensor::new(tensor.tensor.copy())
    }
}
