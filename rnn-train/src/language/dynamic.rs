//! Evaluation with weights that go on learning.

use burn::optim::GradientsParams;
use rnn_model::without_noise;

use crate::data::{Loader, Split};
use crate::device::device_of;
use crate::error::TrainError;
use crate::metrics::{Evaluation, Sums, add_loss};
use crate::objective::{Objective, RecurrentState};
use crate::optim::{Optimizer, clip_global_norm};

/// The largest norm of a window's gradients.
const CLIP_NORM: f64 = 1.0;

/// Evaluates a copy of `model` on the windows of `loader` in their order, the state carried; after each
/// window, which counts as it was predicted before, the copy makes a step on it. So it adapts to what it
/// has read: dynamic evaluation (Krause, Kahembwe, Murray and Renals, [Dynamic evaluation of neural
/// sequence models], 2018).
///
/// The steps are Adam's, whose running mean of squared gradients stands where the paper has that of the
/// training data, with gradients clipped at norm 1, and without the paper's decay towards the trained
/// weights. The result can't be compared with that of
/// weights that stay as they are. What it says of classes is empty, but for the metric `accuracy`.
///
/// - `loader`: short windows, 20 to 100 steps, in one row
/// - `learning_rate`: of the steps; 0 changes nothing
///
/// ```
/// use rnn_data::text::{HARBOUR, Text, TextStreams};
/// use rnn_model::{AnyConfig, GruConfig, LanguageModelConfig};
/// use rnn_train::data::IdLoader;
/// use rnn_train::language::evaluate_dynamic;
/// use rnn_train::metrics::evaluate_loss;
///
/// let text = Text::from_string("harbour", HARBOUR).part(0..2_000)?;
/// let vocab = text.vocab("<unk>")?;
/// let windows = IdLoader::text(TextStreams::new(text, &vocab, 1, 50)?, vocab.len());
/// let device = rnn_train::select("auto")?.device;
/// let gru = AnyConfig::from(GruConfig::new(8, 16));
/// let model = LanguageModelConfig::new(gru, vocab.len()).init(&device);
///
/// let dynamic = evaluate_dynamic(&model, &windows, 0.01)?;
/// // A model that knew nothing learns as it reads.
/// assert!(dynamic.loss < evaluate_loss(&model, &windows, true)?.loss);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of [`evaluate_loss`](crate::metrics::evaluate_loss).
///
/// [Dynamic evaluation of neural sequence models]: https://arxiv.org/abs/1709.07432
pub fn evaluate_dynamic<M: Objective>(
    model: &M,
    loader: &Loader<M::Batch>,
    learning_rate: f64,
) -> Result<Evaluation, TrainError> {
    loader.check_order()?;
    let device = device_of(model).ok_or(TrainError::NoParameters)?.autodiff();
    let mut model = model.valid().to_device(&device).train();
    let mut optimizer = Optimizer::Adam.init();
    let (mut sums, mut state) = (Sums::default(), None);
    let batches = loader.clone().in_order().batches(&device, 0);
    for (number, batch) in batches.enumerate() {
        let batch = batch.map_err(|source| TrainError::Data {
            data: Split::Evaluation,
            batch: number,
            source: source.into(),
        })?;
        let (loss, after) = without_noise(|| model.score(batch, state.take()));
        state = Some(after.detach());
        add_loss(&mut sums, number, &loss)?;
        if loss.count == 0 {
            continue;
        }
        let grads = GradientsParams::from_grads(loss.loss.backward(), &model);
        let (grads, _) = clip_global_norm(&model, grads, CLIP_NORM);
        model = optimizer.step(learning_rate, model, grads);
    }
    Evaluation::default().with_sums(&sums, loader.num_items())
}
