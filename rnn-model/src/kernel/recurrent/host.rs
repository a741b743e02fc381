//! Recurrent layers on backends whose tensors lie in this process's memory.

use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::TensorMetadata;
use burn::backend::tensor::FloatTensor;
use pulp::Arch;

use super::{Cache, CellKind, LayerTensors, RecurrentBackend};
use crate::kernel::cpu::Rows;
use crate::kernel::cpu::recurrent::{
    self as cpu, Direction, Equations, Gradient, Gradients, Gru, Inputs, Lstm, Outputs, Reserve,
    Rnn, Wanted,
};
use crate::kernel::host::{Host, View, in_order, is_in_order, sequence, slice, with_rows};

/// Whether two tensors are the same numbers in the same memory.
fn is_same<B: Host>(a: &FloatTensor<B>, b: &FloatTensor<B>) -> bool {
    let place = |tensor| {
        let View {
            numbers,
            shape,
            strides,
        } = B::view(tensor)?;
        Some((numbers.as_ptr(), shape, strides))
    };
    place(a).is_some() && place(a) == place(b)
}

/// Taken by the backward pass. It is shared only because the graph wants what it keeps to be
/// cloneable.
#[derive(Clone)]
pub struct Kept(Arc<Mutex<Vec<Reserve>>>);

impl core::fmt::Debug for Kept {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Kept")
    }
}

impl<B: Host> RecurrentBackend for B {
    type Kept = Kept;

    fn recurrent_forward(tensors: LayerTensors<B>) -> Vec<FloatTensor<B>> {
        let weights = &tensors.tensors[tensors.plan.before_weights()..];
        // What is made of weights is found again by the tensors of the module itself.
        let as_they_came = match weights.iter().all(is_in_order::<B>) {
            true => None,
            false => Some(weights.to_vec()),
        };
        let tensors = tensors.ready();
        let weights = &tensors.tensors[tensors.plan.before_weights()..];
        let key = as_they_came.as_deref().unwrap_or(weights);
        let cache = tensors.plan.cache.as_ref().map(|cache| (cache, key));
        forward(&tensors, cache, false).0
    }

    fn recurrent_train(tensors: LayerTensors<B>) -> (Vec<FloatTensor<B>>, LayerTensors<B>, Kept) {
        let tensors = tensors.ready();
        let (outputs, reserves) = forward(&tensors, None, true);
        (outputs, tensors, Kept(Arc::new(Mutex::new(reserves))))
    }

    fn recurrent_backward(
        tensors: LayerTensors<B>,
        kept: Kept,
        output: FloatTensor<B>,
        by: [Option<FloatTensor<B>>; 3],
        wanted: &[bool],
    ) -> Vec<Option<FloatTensor<B>>> {
        let (before, weights) = wanted.split_at(tensors.plan.before_weights());
        let wanted = Wanted {
            input: before[0],
            state: before[1..].contains(&true),
            weights: weights.contains(&true),
        };
        let mut reserves = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reserves = std::mem::take(&mut *reserves);
        assert!(!reserves.is_empty(), "a graph is walked back once");
        let by = by.map(|tensor| tensor.map(with_rows::<B>));
        let [d_output, d_h_n, d_c_n] = &by;
        let by = Gradient {
            output: d_output.as_ref().map(sequence::<B>),
            h_n: d_h_n.as_ref().map(sequence::<B>),
            c_n: d_c_n.as_ref().map(sequence::<B>),
        };
        let output = sequence::<B>(&output);
        let inputs = tensors.inputs();
        let back = Backward {
            inputs: &inputs,
            reserves,
            output,
            by,
            wanted,
        };
        let gradients = match tensors.plan.cell {
            CellKind::Lstm => back.run(Lstm),
            CellKind::Gru => back.run(Gru),
            CellKind::RnnTanh => back.run(Rnn { relu: false }),
            CellKind::RnnRelu => back.run(Rnn { relu: true }),
        };

        let mut all = vec![gradients.input];
        let state = gradients
            .state
            .map_or([None, None], |state| state.map(Some));
        all.extend(state.into_iter().take(tensors.plan.before_weights() - 1));
        match gradients.weights {
            Some(weights) => {
                for weights in weights {
                    all.extend([Some(weights.weight_ih), Some(weights.weight_hh)]);
                    if tensors.plan.has_bias {
                        all.extend(weights.bias.map(Some));
                    }
                    if tensors.plan.has_projection {
                        all.push(weights.weight_hr);
                    }
                }
            }
            None => all.resize_with(tensors.tensors.len(), || None),
        }
        let shapes = tensors.tensors.iter().map(|tensor| tensor.shape());
        all.into_iter()
            .zip(shapes)
            .map(|(numbers, shape)| numbers.map(|numbers| B::from_vec(numbers, &shape)))
            .collect()
    }
}

struct Backward<'a> {
    inputs: &'a Inputs<'a>,
    reserves: Vec<Reserve>,
    output: Rows<'a>,
    by: Gradient<'a>,
    wanted: Wanted,
}

impl Backward<'_> {
    fn run(self, equations: impl Equations) -> Gradients {
        let Self {
            inputs,
            reserves,
            output,
            by,
            wanted,
        } = self;
        cpu::backward(
            Arch::new(),
            equations,
            inputs,
            reserves,
            output,
            &by,
            wanted,
        )
    }
}

/// The output, h_n and c_n; what the backward pass needs, if `keep`.
///
/// - `cache`: with the weights as they came
fn forward<B: Host>(
    tensors: &LayerTensors<B>,
    cache: Option<(&Cache, &[FloatTensor<B>])>,
    keep: bool,
) -> (Vec<FloatTensor<B>>, Vec<Reserve>) {
    match tensors.plan.cell {
        CellKind::Lstm => forward_by(Lstm, tensors, cache, keep),
        CellKind::Gru => forward_by(Gru, tensors, cache, keep),
        CellKind::RnnTanh => forward_by(Rnn { relu: false }, tensors, cache, keep),
        CellKind::RnnRelu => forward_by(Rnn { relu: true }, tensors, cache, keep),
    }
}

fn forward_by<B: Host, E: Equations>(
    equations: E,
    tensors: &LayerTensors<B>,
    cache: Option<(&Cache, &[FloatTensor<B>])>,
    keep: bool,
) -> (Vec<FloatTensor<B>>, Vec<Reserve>) {
    let arch = Arch::new();
    let inputs = tensors.inputs();
    let [time, batch, _] = inputs.input.shape();
    let [directions, _, output_size] = inputs.h_0.shape();
    let [_, _, cell_size] = inputs.c_0.shape();
    let prepare = || {
        #[cfg(test)]
        crate::kernel::counters::count_preparation();
        cpu::prepare::<E>(arch, &inputs)
    };
    let prepared = (keep || !inputs.is_single_step()).then(|| match cache {
        Some((cache, weights)) => cache.get::<B, _>(weights, is_same::<B>, prepare),
        None => Arc::new(prepare()),
    });
    let mut output = vec![0.0; time * batch * directions * output_size];
    let mut h_n = vec![0.0; directions * batch * output_size];
    let mut c_n = vec![0.0; directions * batch * cell_size];
    let outputs = Outputs {
        output: &mut output,
        h_n: &mut h_n,
        c_n: &mut c_n,
    };
    let prepared = prepared.as_ref().map(|prepared| &prepared[..]);
    let reserves = cpu::forward(arch, equations, &inputs, prepared, keep, outputs);
    let mut outputs = Vec::with_capacity(3);
    outputs.push(B::from_vec(
        output,
        &[time, batch, directions * output_size],
    ));
    outputs.push(B::from_vec(h_n, &[directions, batch, output_size]));
    if E::HAS_CELL_STATE {
        outputs.push(B::from_vec(c_n, &[directions, batch, cell_size]));
    }
    (outputs, reserves)
}

impl<B: Host> LayerTensors<B> {
    /// Laid out so that [`inputs`](Self::inputs) can be had.
    fn ready(mut self) -> Self {
        let before = self.plan.before_weights();
        let tensors = self.tensors.into_iter().enumerate();
        self.tensors = tensors
            .map(|(i, tensor)| match i < before {
                true => with_rows::<B>(tensor),
                false => in_order::<B>(tensor),
            })
            .collect();
        self
    }

    fn inputs(&self) -> Inputs<'_> {
        let plan = &self.plan;
        let (before, weights) = self.tensors.split_at(plan.before_weights());
        let h_0 = sequence::<B>(&before[1]);
        let [directions, batch, _] = h_0.shape();
        Inputs {
            input: sequence::<B>(&before[0]),
            lengths: plan.lengths.as_deref(),
            h_0,
            c_0: match before.get(2) {
                Some(c_0) => sequence::<B>(c_0),
                None => Rows::contiguous(&[], [directions, batch, 0]),
            },
            directions: weights
                .chunks_exact(plan.per_direction())
                .map(|tensors| direction_of::<B>(plan.has_bias, plan.has_projection, tensors))
                .collect(),
        }
    }
}

fn direction_of<B: Host>(
    has_bias: bool,
    has_projection: bool,
    tensors: &[FloatTensor<B>],
) -> Direction<'_> {
    let at = |place: usize| slice::<B>(&tensors[place]);
    Direction {
        weight_ih: at(0),
        weight_hh: at(1),
        bias: has_bias.then(|| [at(2), at(3)]),
        weight_hr: has_projection.then(|| at(tensors.len() - 1)),
    }
}
