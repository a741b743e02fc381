//! Entries of a file that belong to no model.

/// Parts of a checkpoint that a training keeps beside its model. What is called like a weight in one of
/// them may be a model's all the same.
const PARTS: [&str; 16] = [
    "optimizer",
    "optimizers",
    "optimizer_state",
    "optimizer_states",
    "optimizer_state_dict",
    "optim",
    "optim_state_dict",
    "opt_state",
    "scheduler",
    "scheduler_state_dict",
    "lr_scheduler",
    "lr_schedulers",
    "scaler",
    "scaler_state_dict",
    "grad_scaler",
    "loops",
];

/// What optimisers keep of each weight, under the weight's name or its number.
const MOMENTS: [&str; 8] = [
    "exp_avg",
    "exp_avg_sq",
    "max_exp_avg_sq",
    "exp_inf",
    "momentum_buffer",
    "square_avg",
    "grad_avg",
    "acc_delta",
];

/// Counters and states of random generators, whatever module they are in.
const COUNTERS: [&str; 9] = [
    "num_batches_tracked",
    "n_averaged",
    "num_updates",
    "global_step",
    "rng_state",
    "rng_states",
    "cuda_rng_state",
    "torch_rng_state",
    "numpy_rng_state",
];

/// Counters that a model could have too, so only where they are in no module.
const WHOLE: [&str; 7] = [
    "epoch",
    "step",
    "steps",
    "iteration",
    "iterations",
    "best_loss",
    "best_acc",
];

/// Whether `name` is of something that no model has: an optimiser's state, a schedule's, a random
/// generator's, a counter, a constant of TorchScript. In doubt it is a model's.
///
/// ```
/// use rnn_model::belongs_to_no_model;
/// assert!(belongs_to_no_model("optimizer.state.0.exp_avg"));
/// assert!(!belongs_to_no_model("ema.rnn.weight_ih_l0"));
/// ```
pub fn belongs_to_no_model(name: &str) -> bool {
    telling_part(name).is_some()
}

/// The part of the name that says that it belongs to no model, if one does.
pub(super) fn telling_part(name: &str) -> Option<&str> {
    let first_of = |words: &[&str]| name.split('.').find(|part| words.contains(part));
    // The last part is an entry's own name: a tensor called `scheduler` is none.
    let (modules, last) = name.rsplit_once('.').unwrap_or(("", name));
    if modules == "constants" {
        let is_number = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
        return is_number.then_some(modules);
    }
    let part = modules.split('.').take(2).find(|part| PARTS.contains(part));
    let is_weight = ["weight", "bias", "running_mean", "running_var"]
        .iter()
        .any(|word| last.starts_with(word));
    let moment = first_of(&MOMENTS).or_else(|| counted_step(modules, last));
    part.filter(|_| moment.is_some() || !is_weight)
        .or(moment)
        .or_else(|| first_of(&COUNTERS))
        .or_else(|| WHOLE.contains(&name).then_some(name))
}

/// An optimiser's count of a weight's steps, `state.0.step`, which is told by its place.
fn counted_step<'a>(modules: &str, last: &'a str) -> Option<&'a str> {
    let (before, number) = modules.rsplit_once('.')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_state = before == "state" || before.ends_with(".state");
    (last == "step" && is_number && is_state).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::{belongs_to_no_model, telling_part};

    #[test]
    fn the_part_that_tells_is_the_training_s() {
        for (name, part) in [
            ("checkpoint.optimizer.state.0.exp_avg", "optimizer"),
            ("exp_avg.rnn.weight_ih_l0", "exp_avg"),
            ("model.norm.num_batches_tracked", "num_batches_tracked"),
            ("epoch", "epoch"),
            ("constants.3", "constants"),
        ] {
            assert_eq!(telling_part(name), Some(part), "{name}");
        }
    }

    #[test]
    fn states_of_a_training_belong_to_no_model() {
        for name in [
            "optimizer.state.0.exp_avg",
            "optimizer_states.0.state.3.step",
            "state.0.step",
            "checkpoint.optimizer.state.0.max",
            "exp_avg.rnn.weight_ih_l0",
            "scheduler._step_count",
            "scaler._growth_tracker",
            "rng_state",
            "rng_states.cuda.0",
            "epoch",
            "model.norm.num_batches_tracked",
            "num_batches_tracked",
            "ema.num_updates",
            "constants.0",
            "constants.12",
        ] {
            assert!(belongs_to_no_model(name), "{name}");
        }
    }

    #[test]
    fn weights_belong_to_a_model_wherever_they_are() {
        for name in [
            "",
            ".",
            "rnn.weight_ih_l0",
            "ema.rnn.weight_ih_l0",
            "model_ema.module.fc.bias",
            "optimizer.rnn.weight_ih_l0",
            "scaler.weight",
            "scheduler",
            "steps.weight",
            "encoder.step",
            "constants.weight",
            "constants.",
            "norm.running_mean",
            "layers.0.norm.scaler.weight",
            "emb",
        ] {
            assert!(!belongs_to_no_model(name), "{name}");
        }
    }
}
