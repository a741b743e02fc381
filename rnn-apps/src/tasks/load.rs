//! Loads a trained model from its run.

use anyhow::Context as _;
use burn::tensor::Device;
use rnn_train::RunDir;

use super::task::{SettingsOf, Task};

/// Loads the model of a run with its weights.
///
/// # Errors
///
/// If the settings are invalid, or the weights do not fit them.
pub fn load<T: Task>(
    run: &RunDir,
    settings: &SettingsOf<T>,
    device: &Device,
) -> anyhow::Result<T::Model> {
    let no_model = || format!("{}: no model", run.path().display());
    let parameters = T::num_params(&settings.model).with_context(no_model)?;
    run.check_size(parameters)?;
    let model = T::init(&settings.model, None, device).with_context(no_model)?;
    Ok(run.load_model(model)?)
}
