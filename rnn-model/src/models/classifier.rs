use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::linear::{linear, over_steps};
use crate::recurrent::{RecurrentModule, RecurrentModuleConfig};

/// Configuration of a [`Classifier`].
#[derive(Clone, Debug)]
pub struct ClassifierConfig<K> {
    /// The recurrent part, batch first whatever it says.
    pub rnn: K,
    /// The number of classes.
    pub num_classes: usize,
}

impl<K: RecurrentModuleConfig> ClassifierConfig<K> {
    /// A classifier on top of the given recurrent module.
    pub fn new(rnn: K, num_classes: usize) -> Self {
        Self { rnn, num_classes }
    }

    /// Makes the model, its weights drawn from the device's random state.
    pub fn init(&self, device: &Device) -> Classifier<K::Module> {
        let rnn = self.rnn.clone().with_batch_first(true).init(device);
        let features = rnn.directions() * rnn.output_size();
        Classifier {
            rnn,
            fc: linear(features, self.num_classes, device),
        }
    }
}

/// Classifies a sequence from the recurrent module's output at the last step. An image is a
/// sequence of its rows, from top to bottom.
///
/// ```text
/// o_1 … o_T = RNN(x_1 … x_T)        logits = W·o_T + b
/// ```
///
/// ```
/// use burn::tensor::Tensor;
/// use rnn_model::{ClassifierConfig, GruConfig};
/// # let device = Default::default();
/// let model = ClassifierConfig::new(GruConfig::new(28, 32), 10).init(&device);
/// let images = Tensor::zeros([4, 28, 28], &device);
/// assert_eq!(model.forward(images).dims(), [4, 10]);
/// ```
#[derive(Module, Debug)]
pub struct Classifier<R: RecurrentModule> {
    rnn: R,
    fc: Linear,
}

impl<R: RecurrentModule> Classifier<R> {
    /// Scores the classes.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, time, input_size]`
    /// - logits: `[batch, num_classes]`
    pub fn forward(&self, input: Tensor<3>) -> Tensor<2> {
        let (output, _) = self.rnn.forward(input, None);
        let last = output.dims()[1] - 1;
        over_steps(&self.fc, output.narrow(1, last, 1)).squeeze_dim(1)
    }
}
