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
use burn::tensor::Tensor;

use super::coverage::{Kernels, kernels};

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

    /// The gradients with respect to the tensors, in their order; those that are wanted are there.
    ///
    /// - `output`: what the forward pass gave
    /// - `by`: the gradients with respect to the output, `h_n` and `c_n`; none is zero
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
    /// The weights of each direction, of the same tensors in each.
    pub directions: Vec<DirectionWeights>,
    /// Steps of each sequence; none if all have all.
    pub lengths: Option<&'a [usize]>,
    /// `[directions, batch, output_size]`
    pub h_0: Tensor<3>,
    /// `[directions, batch, hidden_size]`, of a cell with such a state.
    pub c_0: Option<Tensor<3>>,
    /// Where what is made of the weights is found again.
    pub cache: Option<Cache>,
}

/// The weights of a layer in one direction.
pub struct DirectionWeights {
    /// `[gates·hidden_size, input_size]`
    pub weight_ih: Tensor<2>,
    /// `[gates·hidden_size, output_size]`
    pub weight_hh: Tensor<2>,
    /// On the input's side and on the recurrent side, `[gates·hidden_size]` each.
    pub biases: Option<[Tensor<1>; 2]>,
    /// `[output_size, hidden_size]`: the projection.
    pub weight_hr: Option<Tensor<2>>,
}

impl DirectionWeights {
    /// Whether the kernels `of` take these weights for these sizes.
    fn fit(&self, of: Kernels, cell: CellKind, input_size: usize, output_size: usize) -> bool {
        let [rows, _] = self.weight_ih.dims();
        let hidden_size = rows / cell.gates();
        let covers_matrix = |matrix: &Tensor<2>, shape: [usize; 2]| {
            kernels(matrix) == Some(of) && matrix.dims() == shape
        };
        let covers_bias = |bias: &Tensor<1>| kernels(bias) == Some(of) && bias.dims() == [rows];
        covers_matrix(&self.weight_ih, [rows, input_size])
            && covers_matrix(&self.weight_hh, [rows, output_size])
            && (self.biases.iter().flatten()).all(covers_bias)
            && (self.weight_hr.iter())
                .all(|weight| covers_matrix(weight, [output_size, hidden_size]))
    }
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
    let of = kernels(input)?;
    let [_, _, input_size] = input.dims();
    let [_, _, output_size] = layer.h_0.dims();
    let plan = Plan {
        cell: layer.cell,
        has_cell_state: layer.c_0.is_some(),
        has_bias: layer.directions[0].biases.is_some(),
        has_projection: layer.directions[0].weight_hr.is_some(),
        lengths: layer.lengths.map(Into::into),
        cache: layer.cache,
    };
    let mut states = std::iter::once(&layer.h_0).chain(&layer.c_0);
    let mut directions = layer.directions.iter();
    if !states.all(|state| kernels(state) == Some(of))
        || !directions.all(|weights| weights.fit(of, plan.cell, input_size, output_size))
    {
        return None;
    }
    let mut tensors = vec![input.clone().into_dispatch(), layer.h_0.into_dispatch()];
    tensors.extend(layer.c_0.map(Tensor::into_dispatch));
    for weights in layer.directions {
        let matrices = [weights.weight_ih, weights.weight_hh];
        tensors.extend(matrices.map(Tensor::into_dispatch));
        tensors.extend(
            weights
                .biases
                .into_iter()
                .flatten()
                .map(Tensor::into_dispatch),
        );
        tensors.extend(weights.weight_hr.map(Tensor::into_dispatch));
    }
    #[cfg(all(test, feature = "cpu-kernel"))]
    super::counters::count_call();
    let outputs = <Dispatch as RecurrentExtension>::recurrent(LayerTensors { tensors, plan });
    let mut outputs = outputs.into_iter().map(Tensor::from_dispatch);
    let (output, h_n) = (outputs.next()?, outputs.next()?);
    Some((output, h_n, outputs.next()))
}
