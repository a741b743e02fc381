//! Regularization by noise: dropout, recurrent dropout and zoneout, active in training only.

mod masks;

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig};
use burn::tensor::{Device, Tensor};

use masks::is_active;
pub use masks::{dropout, variational_dropout, with_noise_seed, without_noise};

/// The noise of all layers. Each part does nothing at probability 0, or outside training.
#[derive(Module, Debug)]
pub(crate) struct Noise {
    /// Drops features between layers, each time step on its own.
    dropout: Dropout,
    /// Whether that has one mask for all steps of a sequence.
    variational: bool,
    /// Drops features of the hidden state on its way to the next step, the same at all steps.
    recurrent: Dropout,
    /// Drops elements of the recurrent weights, the same at all steps.
    weight: Dropout,
    /// Keeps features of the state as they were.
    zoneout_hidden: Dropout,
    zoneout_cell: Dropout,
}

impl Noise {
    pub fn new(dropout: f64, recurrent: f64, [hidden, cell]: [f64; 2]) -> Self {
        let dropout_of = |prob| DropoutConfig::new(prob).init();
        Self {
            dropout: dropout_of(dropout),
            variational: false,
            recurrent: dropout_of(recurrent),
            weight: dropout_of(0.0),
            zoneout_hidden: dropout_of(hidden),
            zoneout_cell: dropout_of(cell),
        }
    }

    pub fn with_variational_dropout(self, variational: bool) -> Self {
        Self {
            variational,
            ..self
        }
    }

    pub fn with_weight_dropout(self, prob: f64) -> Self {
        Self {
            weight: DropoutConfig::new(prob).init(),
            ..self
        }
    }

    /// The recurrent weights of a call, `[G·H, P]`.
    pub fn recurrent_weights(&self, weight_hh: Tensor<2>) -> Tensor<2> {
        dropout(&self.weight, weight_hh)
    }

    pub fn is_variational(&self) -> bool {
        self.variational
    }

    /// What the next layer reads of a layer's output, `[time, batch, features]`.
    pub fn between_layers(&self, output: Tensor<3>) -> Tensor<3> {
        match self.variational {
            true => variational_dropout(&self.dropout, output, 0),
            false => dropout(&self.dropout, output),
        }
    }

    /// What each feature of the hidden state is multiplied by, at all steps of a sequence alike; none
    /// where that is 1.
    ///
    /// - `like`: a tensor of its device and its dtype
    pub fn recurrent_mask(&self, shape: [usize; 2], like: &Tensor<2>) -> Option<Tensor<2>> {
        let device = like.device();
        self.has_recurrent_mask(&device).then(|| {
            let ones: Tensor<2> = Tensor::ones(shape, &device);
            dropout(&self.recurrent, ones.cast(like.dtype()))
        })
    }

    /// Whether there is such a mask.
    pub fn has_recurrent_mask(&self, device: &Device) -> bool {
        is_active(&self.recurrent, device)
    }

    /// The hidden state after a step, some features of which are what they were before it.
    pub fn zoneout_hidden(&self, before: Tensor<2>, after: Tensor<2>) -> Tensor<2> {
        zoneout(&self.zoneout_hidden, before, after)
    }

    /// The same for the cell state.
    pub fn zoneout_cell(&self, before: Tensor<2>, after: Tensor<2>) -> Tensor<2> {
        zoneout(&self.zoneout_cell, before, after)
    }

    /// Whether a step's state is another than the cell makes it.
    pub fn has_zoneout(&self) -> bool {
        self.zoneout_hidden.prob > 0.0 || self.zoneout_cell.prob > 0.0
    }

    /// The probabilities, for display: of dropout, recurrent dropout, weight dropout and zoneout.
    pub fn probabilities(&self) -> [f64; 5] {
        let Self {
            dropout,
            recurrent,
            weight,
            zoneout_hidden,
            zoneout_cell,
            variational: _,
        } = self;
        [dropout, recurrent, weight, zoneout_hidden, zoneout_cell].map(|dropout| dropout.prob)
    }
}

fn zoneout(zoneout: &Dropout, before: Tensor<2>, after: Tensor<2>) -> Tensor<2> {
    if zoneout.prob == 0.0 {
        return after;
    }
    let taken = 1.0 - zoneout.prob;
    let difference = after - before.clone();
    if is_active(zoneout, &before.device()) {
        // Dropout gives 0 or 1 / (1 − z): times 1 − z that is whether to take the new value.
        return before + dropout(zoneout, difference.ones_like()) * taken * difference;
    }
    before + difference * taken
}
