use core::fmt;
use core::iter::FusedIterator;

use burn::tensor::{Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use super::language::LanguageModel;
use crate::recurrent::{ModuleState, RecurrentModule, without_noise};
use crate::sampling::{Sampling, SamplingError};

/// The tokens with which a [`LanguageModel`] continues a prompt, one after the other, without end; made by
/// [`LanguageModel::generate`].
///
/// The network's state is kept between tokens, so that each costs one step however long the text is.
pub struct Generation<'a, R: RecurrentModule> {
    model: &'a LanguageModel<R>,
    sampling: Sampling,
    rng: ChaCha8Rng,
    /// Tokens that the model has not read yet.
    unread: Vec<usize>,
    state: Option<R::State>,
}

impl<R: RecurrentModule> fmt::Debug for Generation<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation")
            .field("sampling", &self.sampling)
            .field("unread", &self.unread)
            .finish_non_exhaustive()
    }
}

/// A prompt is read in pieces of so many tokens, so that the memory for it is bounded.
const PIECE: usize = 1024;

impl<'a, R: RecurrentModule> Generation<'a, R> {
    pub(super) fn new(
        model: &'a LanguageModel<R>,
        prompt: &[usize],
        sampling: Sampling,
    ) -> Result<Self, SamplingError> {
        sampling.validate()?;
        if prompt.is_empty() {
            return Err(SamplingError::Prompt);
        }
        Ok(Self {
            model,
            rng: ChaCha8Rng::seed_from_u64(sampling.seed),
            sampling,
            unread: prompt.to_vec(),
            state: None,
        })
    }

    /// Reads what is unread; the scores of the token that comes next.
    fn read(&mut self) -> Vec<f32> {
        let device = self.model.device();
        let mut scores = None;
        for piece in self.unread.chunks(PIECE) {
            let ids: Vec<i64> = piece.iter().map(|&id| id as i64).collect();
            let ids = TensorData::new(ids, [1, piece.len()]);
            let ids = Tensor::<2, Int>::from_data(ids, &device);
            let before = self.state.take();
            // Whatever device the model is on, it writes as it predicts.
            let (logits, state) = without_noise(|| self.model.forward(ids, before));
            self.state = Some(state.detach());
            scores = Some(logits.narrow(1, piece.len() - 1, 1));
        }
        self.unread.clear();
        scores.map_or_else(Vec::new, |scores| {
            scores.into_data().iter::<f32>().collect()
        })
    }
}

impl<R: RecurrentModule> Iterator for Generation<'_, R> {
    type Item = Result<usize, SamplingError>;

    /// The next token; an error, after which nothing comes, if the scores are not finite, as those of a
    /// damaged model may be.
    fn next(&mut self) -> Option<Self::Item> {
        // After an error there is nothing to read.
        if self.unread.is_empty() {
            return None;
        }
        let scores = self.read();
        let token = self.sampling.choose(&scores, &mut self.rng);
        if let Ok(token) = token {
            self.unread.push(token);
        }
        Some(token)
    }
}

impl<R: RecurrentModule> FusedIterator for Generation<'_, R> {}
