//! A layer of a recurrent network, in all its directions, over a whole sequence.

mod autodiff;
mod cache;
#[cfg(feature = "cpu-kernel")]
mod host;
mod tensors;

pub use cache::Cache;
pub use tensors::{LayerTensors, Plan};

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, DispatchTensor, backend_extension};
use burn::tensor::Tensor;

use self::tensors::Tensors;
use super::coverage::{Kernels, dispatch_kernels};
use super::shapes::dispatch_dims;

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
pub struct Layer<'a, D> {
    pub cell: CellKind,
    /// The weights of each direction, of the same tensors in each.
    pub directions: D,
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

/// A layer's tensors, all for the same kernels.
struct Covered {
    of: Kernels,
    tensors: Tensors<DispatchTensor>,
}

impl Covered {
    /// Adds a tensor; none if it is for other kernels, or of another shape.
    fn add<const D: usize>(&mut self, tensor: DispatchTensor, shape: [usize; D]) -> Option<()> {
        let fits = dispatch_kernels(&tensor) == Some(self.of) && dispatch_dims(&tensor) == shape;
        fits.then(|| self.tensors.push(tensor))
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
    layer: Layer<'_, impl Iterator<Item = DirectionWeights>>,
) -> Option<(Tensor<3>, Tensor<3>, Option<Tensor<3>>)> {
    let input = input.clone().into_dispatch();
    let [_, batch, input_size] = dispatch_dims(&input);
    let (h_0, c_0) = (
        layer.h_0.into_dispatch(),
        layer.c_0.map(Tensor::into_dispatch),
    );
    let [directions, _, output_size] = dispatch_dims(&h_0);
    // Without a cell state there is no projection either.
    let [_, _, hidden_size] = c_0.as_ref().map_or([0, 0, output_size], dispatch_dims);
    let mut covered = Covered {
        of: dispatch_kernels(&input)?,
        tensors: Tensors::new(),
    };
    covered.tensors.push(input);
    covered.add(h_0, [directions, batch, output_size])?;
    let has_cell_state = c_0.is_some();
    if let Some(c_0) = c_0 {
        covered.add(c_0, [directions, batch, hidden_size])?;
    }
    let (mut has_bias, mut has_projection) = (false, false);
    for weights in layer.directions {
        (has_bias, has_projection) = (weights.biases.is_some(), weights.weight_hr.is_some());
        let rows = layer.cell.gates() * hidden_size;
        covered.add(weights.weight_ih.into_dispatch(), [rows, input_size])?;
        covered.add(weights.weight_hh.into_dispatch(), [rows, output_size])?;
        for bias in weights.biases.into_iter().flatten() {
            covered.add(bias.into_dispatch(), [rows])?;
        }
        if let Some(weight_hr) = weights.weight_hr {
            covered.add(weight_hr.into_dispatch(), [output_size, hidden_size])?;
        }
    }
    #[cfg(all(test, feature = "cpu-kernel"))]
    super::counters::count_call();
    let outputs = <Dispatch as RecurrentExtension>::recurrent(LayerTensors {
        tensors: covered.tensors,
        plan: Plan {
            cell: layer.cell,
            has_cell_state,
            has_bias,
            has_projection,
            lengths: layer.lengths.map(Into::into),
            cache: layer.cache,
        },
    });
    let mut outputs = outputs.into_iter().map(Tensor::from_dispatch);
    let (output, h_n) = (outputs.next()?, outputs.next()?);
    Some((output, h_n, outputs.next()))
}
