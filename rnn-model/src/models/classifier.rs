use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};

use super::linear::{linear, over_steps};
use crate::recurrent::{ConfigError, Lengths, ModuleState, RecurrentModule, RecurrentModuleConfig};

/// What a [`Classifier`]'s linear layer reads of the recurrent module. In one direction both are the
/// same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum ClassifierHead {
    /// The last layer's final state, of both directions: PyTorch's `torch.cat((h_n[-2], h_n[-1]), 1)`.
    /// Each direction has read the whole sequence.
    #[default]
    FinalState,
    /// The output at the last step: PyTorch's `out[:, -1]`. The reverse direction has read only that
    /// step there, and its recurrent weights have no gradient. For networks that were trained so.
    LastOutput,
}

/// Configuration of a [`Classifier`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields)
)]
pub struct ClassifierConfig<K> {
    rnn: K,
    num_classes: usize,
    #[cfg_attr(feature = "serde", serde(default))]
    head: ClassifierHead,
}

impl<K: RecurrentModuleConfig> ClassifierConfig<K> {
    /// A classifier on top of the given recurrent module, batch first whatever it says, which reads its
    /// final state.
    pub fn new(rnn: K, num_classes: usize) -> Self {
        Self {
            rnn,
            num_classes,
            head: ClassifierHead::default(),
        }
    }

    /// The same classifier with a linear layer that reads `head`.
    pub fn with_head(self, head: ClassifierHead) -> Self {
        Self { head, ..self }
    }

    /// The number of classes.
    pub fn num_classes(&self) -> usize {
        self.num_classes
    }

    /// What the linear layer reads.
    pub fn head(&self) -> ClassifierHead {
        self.head
    }

    /// The recurrent part.
    pub fn rnn(&self) -> &K {
        &self.rnn
    }

    /// Checks what a model could not be made from: for settings that come from outside.
    ///
    /// # Errors
    ///
    /// If there are no classes, or the recurrent part has an error.
    pub fn validate(&self) -> Result<(), ConfigError> {
        ConfigError::check_sizes("Classifier", &[("num_classes", self.num_classes)])?;
        self.rnn.validate()
    }

    /// Makes the model, its weights drawn from the device's random state.
    ///
    /// # Panics
    ///
    /// If [`validate`](Self::validate) finds an error.
    pub fn init(&self, device: &Device) -> Classifier<K::Module> {
        if let Err(error) = self.validate() {
            panic!("{error}");
        }
        let rnn = self.rnn.clone().with_batch_first(true).init(device);
        let features = rnn.directions() * rnn.output_size();
        Classifier {
            rnn,
            fc: linear(features, self.num_classes, device),
            head: self.head,
        }
    }
}

/// The last layer's final hidden state in all directions, `[batch, directions·output_size]`.
pub(super) fn final_features(state: impl ModuleState<3>, directions: usize) -> Tensor<2> {
    let (hidden, _) = state.into_parts();
    let [all, batch, size] = hidden.dims();
    // The last layer's directions are the last ones.
    let last = hidden.narrow(0, all - directions, directions);
    last.swap_dims(0, 1).reshape([batch, directions * size])
}

/// Classifies a sequence from the recurrent module's final state. An image is a sequence of its rows,
/// from top to bottom.
///
/// ```text
/// h_1 … h_T = RNN(x_1 … x_T)        logits = W·h_T + b        in both directions: W·[h_T, h'_1] + b
/// ```
///
/// [`ClassifierHead`] says what else it can read.
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
    #[module(skip)]
    head: ClassifierHead,
}

impl<R: RecurrentModule> Classifier<R> {
    /// The recurrent part.
    pub fn rnn(&self) -> &R {
        &self.rnn
    }

    /// Scores the classes.
    ///
    /// # Shapes
    ///
    /// - `input`: `[batch, time, input_size]`
    /// - logits: `[batch, num_classes]`
    ///
    /// # Panics
    ///
    /// If the shape is not as above, the batch has no sequences, or the sequences have no steps.
    pub fn forward(&self, input: Tensor<3>) -> Tensor<2> {
        let (output, _) = self.rnn.forward(input, None);
        let [_, steps, _] = output.dims();
        let last = output.clone().narrow(1, steps - 1, 1);
        let features = match self.head {
            ClassifierHead::FinalState if self.rnn.directions() == 2 => {
                let size = self.rnn.output_size();
                // The reverse direction ends at the first step.
                let first = output.narrow(1, 0, 1);
                Tensor::cat(
                    vec![last.narrow(2, 0, size), first.narrow(2, size, size)],
                    2,
                )
            }
            _ => last,
        };
        over_steps(&self.fc, features).squeeze_dim(1)
    }

    /// Like [`forward`](Self::forward) for sequences of different lengths: the linear layer reads each
    /// sequence's own final state, or its own last output. Of a row without a sequence (length 0) the
    /// logits are the linear layer's bias.
    ///
    /// # Panics
    ///
    /// As `forward` does, or if the lengths are those of a batch of another shape.
    ///
    /// ```
    /// use burn::tensor::Tensor;
    /// use rnn_model::{ClassifierConfig, GruConfig, Lengths};
    /// # let device = Default::default();
    /// let gru = GruConfig::new(2, 16).with_bidirectional(true);
    /// let model = ClassifierConfig::new(gru, 3).init(&device);
    /// let waveforms = Tensor::zeros([4, 100, 2], &device); // padded to the longest one
    /// let lengths = Lengths::new([70, 100, 12, 55], 100)?;
    /// assert_eq!(model.forward_with_lengths(waveforms, &lengths).dims(), [4, 3]);
    /// # Ok::<(), rnn_model::LengthsError>(())
    /// ```
    pub fn forward_with_lengths(&self, input: Tensor<3>, lengths: &Lengths) -> Tensor<2> {
        let (output, state) = self.rnn.forward_with_lengths(input, lengths, None);
        let [batch, _, size] = output.dims();
        let features = match self.head {
            ClassifierHead::FinalState => {
                final_features(state, self.rnn.directions()).unsqueeze_dim(1)
            }
            ClassifierHead::LastOutput => {
                let last = lengths.last_steps(&output.device());
                output.gather(1, last.reshape([batch, 1, 1]).expand([batch, 1, size]))
            }
        };
        over_steps(&self.fc, features).squeeze_dim(1)
    }
}
