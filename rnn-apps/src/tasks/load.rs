//! Loads a trained model from its run.

use anyhow::Context as _;
use burn::module::Module;
use rnn_train::RunDir;
use serde_json::Value;

use super::settings::Settings;
use crate::ui::Output;

/// Warns of a run whose training goes on, or was stopped, with weights from an earlier end of it.
pub fn warn_of_old_weights<M, T>(
    run: &RunDir,
    settings: &Settings<M, T>,
    out: &Output,
) -> anyhow::Result<()> {
    if settings.training.is_some() && run.read_metrics::<Value>()?.is_none() {
        out.warn(format_args!(
            "{}: the training has not ended, and the weights are those of an earlier end of it",
            run.path().display()
        ));
    }
    Ok(())
}

/// Loads the model of a run with its weights. `num_params` is about how many numbers the model has,
/// checked before `init` makes it.
///
/// # Errors
///
/// If the settings are invalid, or the weights do not fit them.
pub fn load<M: Module>(
    run: &RunDir,
    num_params: anyhow::Result<usize>,
    init: impl FnOnce() -> anyhow::Result<M>,
) -> anyhow::Result<M> {
    let no_model = || format!("{}: no model", run.path().display());
    run.check_size(num_params.with_context(no_model)?)?;
    Ok(run.load_model(init().with_context(no_model)?)?)
}
