//! A layer of a recurrent network, in all its directions, over a whole sequence.

mod autodiff;
mod cache;
#[cfg(feature = "cpu-kernel")]
mod host;
mod tensors;

pub use cache::Cache;
pub use tensors::{LayerTensors, Plan};

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::module::Param;
use burn::tensor::Tensor;

use super::kernels;
use crate::recurrent::Weights;

/// A recurrent layer over a sequence, as an operation of the backends that have it.
#[backend_extension(
    NdArray: cfg(feature = "ndarray"),
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "tch"),
    Autodiff
)]
pub trait RecurrentExtension: Backend {
    /// The output, h_n and, of a cell with such a state, c_n: shaped as in [`recurrent`].
    fn recurrent(#[extension_type] tensors: LayerTensors<Self>) -> Vec<FloatTensor<Self>>;
}

/// What [`RecurrentExtension`] is made of; not dispatched, since what it keeps is each backend's own.
pub trait RecurrentBackend: Backend {
    /// What the backward pass needs of the forward pass.
    type Kept: Clone + core::fmt::Debug + Send + 'static;

    fn recurrent_forward(tensors: LayerTensors<Self>) -> Vec<FloatTensor<Self>>;

    /// Gives the tensors back as the backward pass wants them.
    fn recurrent_train(
        tensors: LayerTensors<Self>,
    ) -> (Vec<FloatTensor<Self>>, LayerTensors<Self>, Self::Kept);

    /// The gradients by the tensors, in their order; those that are wanted are there.
    ///
    /// - `output`: what the forward pass gave
    /// - `by`: the gradients by the output, `h_n` and `c_n`; none is zero
    /// - `wanted`: of each tensor, whether its gradient is
    fn recurrent_backward(
        tensors: LayerTensors<Self>,
        kept: Self::Kept,
        output: FloatTensor<Self>,
        by: [Option<FloatTensor<Self>>; 3],
        wanted: &[bool],
    ) -> Vec<Option<FloatTensor<Self>>>;
}

/// The cells that have kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    Lstm,
    Gru,
    RnnTanh,
    RnnRelu,
}

impl CellKind {
    /// Blocks of rows in the weights.
    pub fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru => 3,
            Self::RnnTanh | Self::RnnRelu => 1,
        }
    }
}

/// What a layer is and what it starts from.
pub struct Layer<'a> {
    pub cell: CellKind,
    /// Of each direction, without normalisation.
    pub weights: &'a [Weights],
    /// Steps of each sequence; none if all have all.
    pub lengths: Option<&'a [usize]>,
    /// `[directions, batch, output_size]`
    pub h_0: Tensor<3>,
    /// `[directions, batch, hidden_size]`, of a cell with such a state.
    pub c_0: Option<Tensor<3>>,
    /// Where what is made of the weights is found again.
    pub cache: Option<Cache>,
}

/// Runs a layer as one operation; none where there is no kernel for its tensors.
///
/// - `input`: `[time, batch, input_size]`
///
/// Returns the output, `[time, batch, directions·output_size]`, and `h` and `c` after the last steps,
/// shaped as before the first.
pub fn recurrent(
    input: &Tensor<3>,
    layer: Layer<'_>,
) -> Option<(Tensor<3>, Tensor<3>, Option<Tensor<3>>)> {
    let Layer {
        cell,
        weights,
        lengths,
        h_0,
        c_0,
        cache,
    } = layer;
    let [_, _, input_size] = input.dims();
    let [_, _, output_size] = h_0.dims();
    let has_bias = weights[0].bias_ih.is_some() && weights[0].bias_hh.is_some();
    let has_projection = weights[0].weight_hr.is_some();
    let has_cell_state = c_0.is_some();
    let of = kernels(input)?;
    let covers = |found| found == Some(of);
    let mut all = vec![covers(kernels(&h_0))];
    let mut tensors = vec![input.clone().into_dispatch(), h_0.into_dispatch()];
    if let Some(c_0) = c_0 {
        all.push(covers(kernels(&c_0)));
        tensors.push(c_0.into_dispatch());
    }
    for weights in weights {
        let weight_ih = weights.weight_ih.val();
        let weight_hh = weights.weight_hh.val();
        let [rows, _] = weight_ih.dims();
        let shapes = [weight_ih.dims(), weight_hh.dims()];
        all.push(shapes == [[rows, input_size], [rows, output_size]]);
        all.extend([&weight_ih, &weight_hh].map(|weight| covers(kernels(weight))));
        tensors.extend([weight_ih.into_dispatch(), weight_hh.into_dispatch()]);
        if has_bias {
            for bias in [&weights.bias_ih, &weights.bias_hh] {
                let bias = bias.as_ref().map(Param::val)?;
                all.push(covers(kernels(&bias)) && bias.dims() == [rows]);
                tensors.push(bias.into_dispatch());
            }
        }
        if has_projection {
            let weight_hr = weights.weight_hr.as_ref().map(Param::val)?;
            let hidden_size = rows / cell.gates();
            all.push(covers(kernels(&weight_hr)) && weight_hr.dims() == [output_size, hidden_size]);
            tensors.push(weight_hr.into_dispatch());
        }
    }
    if all.contains(&false) {
        return None;
    }
    #[cfg(all(test, feature = "cpu-kernel"))]
    super::tests::count();
    let plan = Plan {
        cell,
        has_cell_state,
        has_bias,
        has_projection,
        lengths: lengths.map(Into::into),
        cache,
    };
    let outputs = <Dispatch as RecurrentExtension>::recurrent(LayerTensors { tensors, plan });
    let mut outputs = outputs.into_iter().map(Tensor::from_dispatch);
    let (output, h_n) = (outputs.next()?, outputs.next()?);
    Some((output, h_n, outputs.next()))
}
