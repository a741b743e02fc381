//! Loads a trained model from its run.

use anyhow::Context as _;
use burn::module::Module;
use rnn_train::RunDir;

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
