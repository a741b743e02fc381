//! The settings that only some cells have.

use super::RecurrentConfig;
use crate::recurrent::step::{GruStep, LstmStep, Nonlinearity, RnnStep};

impl RecurrentConfig<RnnStep> {
    /// Sets the probability z of keeping a feature of the state as it was before the step (Krueger et
    /// al., [Zoneout: regularizing RNNs by randomly preserving hidden activations], 2017): as dropout,
    /// but in the place of zero stands the past.
    ///
    /// ```text
    /// h_t = d ⊙ h_{t-1} + (1 − d) ⊙ h̃_t        d ~ Bernoulli(z) in training, d = z in prediction
    /// ```
    ///
    /// [Zoneout: regularizing RNNs by randomly preserving hidden activations]: https://arxiv.org/abs/1606.01305
    pub fn with_zoneout(mut self, zoneout: f64) -> Self {
        self.zoneout = [zoneout, 0.0];
        self
    }

    /// Sets the activation.
    pub fn with_nonlinearity(mut self, nonlinearity: Nonlinearity) -> Self {
        self.cell.nonlinearity = nonlinearity;
        self
    }
}

impl RecurrentConfig<GruStep> {
    /// Sets the probability of keeping a feature of the state as it was before the step: as
    /// [`RnnConfig::with_zoneout`](crate::RnnConfig::with_zoneout).
    pub fn with_zoneout(mut self, zoneout: f64) -> Self {
        self.zoneout = [zoneout, 0.0];
        self
    }
}

impl RecurrentConfig<LstmStep> {
    /// Adds a projection to `proj_size` features, below `hidden_size`, from the hidden state to the
    /// output and the next step: equation and paper at [`LstmStep`].
    pub fn with_proj_size(mut self, proj_size: usize) -> Self {
        self.proj_size = Some(proj_size);
        self
    }

    /// Sets the probabilities of keeping a feature of the hidden state, and of the cell state, as it
    /// was before the step: equation and paper at [`RnnConfig::with_zoneout`](crate::RnnConfig::with_zoneout).
    pub fn with_zoneout(mut self, hidden: f64, cell: f64) -> Self {
        self.zoneout = [hidden, cell];
        self
    }

    /// Starts the forget gate's bias (`b_if + b_hf`) at `value`. At 1 the cell remembers at first
    /// instead of forgetting half at every step (Jozefowicz, Zaremba and Sutskever,
    /// [An empirical exploration of recurrent network architectures], 2015).
    ///
    /// Without biases it is an error, [`ConfigError::ForgetBias`](crate::ConfigError::ForgetBias).
    ///
    /// [An empirical exploration of recurrent network architectures]: https://proceedings.mlr.press/v37/jozefowicz15.html
    pub fn with_forget_bias(mut self, value: f64) -> Self {
        self.forget_bias = Some(value);
        self
    }
}
