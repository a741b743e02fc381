//! Flags that all trainings share about their steps: how many, and how to optimise.

use clap::{Args, ValueEnum};
use rnn_train::FitConfig;
use rnn_train::config::ValidEvery;
use rnn_train::optim::{Optimizer, Precision, Schedule};
use serde::Serialize;

use super::Length;
use super::values::{epochs, factor, items, items_or_none, precision, rate, share, valid_every};

// What the schedules' flags default to, as their help says.
const WARMUP: f64 = 0.05;
const STEP_EPOCHS: usize = 1;
const GAMMA: f64 = 0.5;
const PLATEAU_PATIENCE: usize = 1;

/// How to step.
#[derive(Args, Clone, Debug, Serialize)]
#[command(next_help_heading = "Steps")]
pub struct FitArgs {
    /// Passes over the training data; with --resume more (or fewer) than the run was set to, from
    /// where it is, also if it is finished: schedules one-cycle and cosine restart over the remaining steps
    #[arg(long, value_name = "N", value_parser = epochs)]
    pub epochs: Option<usize>,
    /// Steps in all, in place of --epochs: the last epoch is cut short where they end; with --resume as
    /// --epochs
    #[arg(long, value_name = "N", value_parser = items, conflicts_with = "epochs")]
    pub max_steps: Option<usize>,
    /// Validate after every so many steps (500), or after each epoch (epoch), and at the end: the history,
    /// the best weights, --patience and the curves go by it; without validation data the training loss is
    /// recorded that often
    #[arg(long, value_name = "STEPS|epoch", value_parser = valid_every)]
    pub valid_every: Option<ValidEvery>,
    /// What a step does with its gradients
    #[arg(long, value_enum)]
    pub optimizer: Option<OptimizerKind>,
    /// The learning rate, the highest of its schedule
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub learning_rate: Option<f64>,
    /// Of sgd and rmsprop: how much of the last step goes into the next, 0 to below 1 [default: sgd
    /// 0.9, rmsprop 0]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub momentum: Option<f64>,
    /// Of adamw, sgd and rmsprop: how much weights are drawn to zero [default: the command's; adamw 0.01,
    /// else 0]
    #[arg(long, value_name = "FACTOR", value_parser = factor)]
    pub weight_decay: Option<f64>,
    /// How the learning rate changes
    #[arg(long, value_enum)]
    pub schedule: Option<ScheduleKind>,
    /// Of cosine: the share of all steps in which the rate rises first, 0 to below 1 [default: 0.05]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub warmup: Option<f64>,
    /// Of step: epochs of one rate [default: 1]
    #[arg(long, value_name = "N", value_parser = epochs)]
    pub step_epochs: Option<usize>,
    /// Of step and reduce-on-plateau: what the rate is multiplied by, 0 to below 1 [default: 0.5]
    #[arg(long, value_name = "FACTOR", value_parser = share)]
    pub gamma: Option<f64>,
    /// Of reduce-on-plateau: validations without a better loss that are let pass [default: 1]
    #[arg(long, value_name = "N", value_parser = items_or_none)]
    pub plateau_patience: Option<usize>,
    /// Largest joint norm of all gradients
    #[arg(long, value_name = "NORM", value_parser = rate)]
    pub clip_norm: Option<f64>,
    /// Largest entry of a gradient, up or down [default: no limit]
    #[arg(long, value_name = "VALUE", value_parser = rate)]
    pub clip_value: Option<f64>,
    /// Batches per step, whose gradients are averaged
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = items)]
    pub accumulate: usize,
    /// Give up after so many validations (one an epoch, or see --valid-every) without a better one, and keep
    /// the best one's weights [default: go on to the end]
    #[arg(long, value_name = "N", value_parser = items)]
    pub patience: Option<usize>,
    /// Keep the weights of the best validation at the end, and not the last ones
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub keep_best: Option<bool>,
    /// Numbers that steps are computed in; bf16 is for GPUs (libtorch and flex have it too) and
    /// keeps 32 bits for weights, loss and optimiser
    #[arg(long, default_value = "f32", value_name = "NUMBERS", value_parser = precision())]
    pub precision: Precision,
}

/// An optimiser by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum OptimizerKind {
    /// Adaptive moments
    Adam,
    /// Adam with weight decay of its own
    AdamW,
    /// Stochastic gradient descent with momentum
    Sgd,
    /// Steps divided by the gradients' running size
    RmsProp,
}

/// A schedule by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleKind {
    /// The same at every step
    Constant,
    /// Smaller by a factor every few epochs
    Step,
    /// Half a cosine wave down to zero, after a warm-up
    Cosine,
    /// Up and down once
    OneCycle,
    /// Smaller by a factor when the loss gets no better
    ReduceOnPlateau,
}

impl FitArgs {
    /// Flags that may be given with `--resume`.
    pub const ALLOWED_WITH_RESUME: &[&str] = &["epochs", "max_steps"];

    /// The length that was asked for; none if neither flag was given.
    pub fn length(&self) -> Option<Length> {
        let epochs = self.epochs.map(Length::Epochs);
        self.max_steps.map(Length::Steps).or(epochs)
    }

    /// Sets the flags that were not given from `base`, the command's defaults, and from the
    /// optimiser and the schedule.
    pub fn fill_defaults(&mut self, base: &FitConfig) {
        let optimizer = self.optimizer(base);
        let (momentum, weight_decay) = match (optimizer, &base.optimizer) {
            (OptimizerKind::Adam, _) => (None, None),
            (OptimizerKind::AdamW, &Optimizer::AdamW { weight_decay }) => {
                (None, Some(weight_decay))
            }
            (OptimizerKind::AdamW, _) => (None, Some(0.01)),
            (OptimizerKind::Sgd, _) => (Some(0.9), Some(0.0)),
            (OptimizerKind::RmsProp, _) => (Some(0.0), Some(0.0)),
        };
        self.optimizer = Some(optimizer);
        self.momentum = self.momentum.or(momentum);
        self.weight_decay = self.weight_decay.or(weight_decay);
        self.learning_rate = self.learning_rate.or(Some(base.learning_rate));
        self.clip_norm = self.clip_norm.or(base.clip_norm);
        self.keep_best = self.keep_best.or(Some(base.keep_best));
        match self.length().unwrap_or(Length::of(base)) {
            Length::Epochs(epochs) => self.epochs = Some(epochs),
            Length::Steps(steps) => self.max_steps = Some(steps),
        }
        self.valid_every = self.valid_every.or(Some(base.valid_every));
        let schedule = self.schedule(base);
        self.schedule = Some(schedule);
        match schedule {
            ScheduleKind::Constant | ScheduleKind::OneCycle => {}
            ScheduleKind::Cosine => _ = self.warmup.get_or_insert(WARMUP),
            ScheduleKind::Step => {
                self.step_epochs.get_or_insert(STEP_EPOCHS);
                self.gamma.get_or_insert(GAMMA);
            }
            ScheduleKind::ReduceOnPlateau => {
                self.gamma.get_or_insert(GAMMA);
                self.plateau_patience.get_or_insert(PLATEAU_PATIENCE);
            }
        }
    }

    /// The optimiser, which is that of `base` unless the flag was given.
    fn optimizer(&self, base: &FitConfig) -> OptimizerKind {
        self.optimizer.unwrap_or(match base.optimizer {
            Optimizer::Adam => OptimizerKind::Adam,
            Optimizer::AdamW { .. } => OptimizerKind::AdamW,
            Optimizer::Sgd { .. } => OptimizerKind::Sgd,
            Optimizer::RmsProp { .. } => OptimizerKind::RmsProp,
        })
    }

    /// The schedule, which is that of `base` unless the flag was given.
    fn schedule(&self, base: &FitConfig) -> ScheduleKind {
        self.schedule.unwrap_or(match base.schedule {
            Schedule::Constant => ScheduleKind::Constant,
            Schedule::Step { .. } => ScheduleKind::Step,
            Schedule::Cosine { .. } => ScheduleKind::Cosine,
            Schedule::OneCycle => ScheduleKind::OneCycle,
            Schedule::ReduceOnPlateau { .. } => ScheduleKind::ReduceOnPlateau,
        })
    }

    /// The given flags that the chosen optimiser or schedule has no use for; `base` are the command's
    /// defaults.
    pub fn unused_flags(&self, base: &FitConfig) -> Vec<Unused> {
        use OptimizerKind::{AdamW, RmsProp, Sgd};
        use ScheduleKind::{Cosine, ReduceOnPlateau, Step};
        let (optimizer, schedule) = (self.optimizer(base), self.schedule(base));
        let of_optimizer = |id, given, users: &[OptimizerKind]| {
            let is_unused = given && !users.contains(&optimizer);
            is_unused.then(|| Unused::new(id, "--optimizer", optimizer.name()))
        };
        let of_schedule = |id, given, users: &[ScheduleKind]| {
            let is_unused = given && !users.contains(&schedule);
            is_unused.then(|| Unused::new(id, "--schedule", schedule.name()))
        };
        let decays = [AdamW, Sgd, RmsProp];
        let reduces = [Step, ReduceOnPlateau];
        let plateau = self.plateau_patience.is_some();
        let unused = [
            of_optimizer("momentum", self.momentum.is_some(), &[Sgd, RmsProp]),
            of_optimizer("weight_decay", self.weight_decay.is_some(), &decays),
            of_schedule("warmup", self.warmup.is_some(), &[Cosine]),
            of_schedule("step_epochs", self.step_epochs.is_some(), &[Step]),
            of_schedule("gamma", self.gamma.is_some(), &reduces),
            of_schedule("plateau_patience", plateau, &[ReduceOnPlateau]),
        ];
        unused.into_iter().flatten().collect()
    }

    /// Leaves out a flag that is unused.
    pub fn remove(&mut self, unused: &Unused) {
        match unused.id {
            "momentum" => self.momentum = None,
            "weight_decay" => self.weight_decay = None,
            "warmup" => self.warmup = None,
            "step_epochs" => self.step_epochs = None,
            "gamma" => self.gamma = None,
            _ => self.plateau_patience = None,
        }
    }

    /// The settings of a training: these flags, and `base` for everything else.
    pub fn config(&self, base: FitConfig) -> FitConfig {
        let mut args = self.clone();
        args.fill_defaults(&base);
        let (momentum, weight_decay) = (args.momentum, args.weight_decay);
        let (momentum, weight_decay) = (momentum.unwrap_or(0.0), weight_decay.unwrap_or(0.0));
        let mut config = FitConfig {
            valid_every: args.valid_every.unwrap_or(base.valid_every),
            learning_rate: args.learning_rate.unwrap_or(base.learning_rate),
            optimizer: match args.optimizer {
                None => base.optimizer,
                Some(OptimizerKind::Adam) => Optimizer::Adam,
                Some(OptimizerKind::AdamW) => Optimizer::AdamW { weight_decay },
                Some(OptimizerKind::Sgd) => Optimizer::Sgd {
                    momentum,
                    weight_decay,
                },
                Some(OptimizerKind::RmsProp) => Optimizer::RmsProp {
                    momentum,
                    weight_decay,
                },
            },
            schedule: match args.schedule {
                None => base.schedule,
                Some(ScheduleKind::Constant) => Schedule::Constant,
                Some(ScheduleKind::OneCycle) => Schedule::OneCycle,
                Some(ScheduleKind::Step) => Schedule::Step {
                    every: args.step_epochs.unwrap_or(STEP_EPOCHS),
                    gamma: args.gamma.unwrap_or(GAMMA),
                },
                Some(ScheduleKind::Cosine) => Schedule::Cosine {
                    warmup: args.warmup.unwrap_or(WARMUP),
                },
                Some(ScheduleKind::ReduceOnPlateau) => Schedule::ReduceOnPlateau {
                    factor: args.gamma.unwrap_or(GAMMA),
                    patience: args.plateau_patience.unwrap_or(PLATEAU_PATIENCE),
                },
            },
            clip_norm: args.clip_norm,
            clip_value: self.clip_value,
            accumulate: self.accumulate,
            patience: self.patience,
            keep_best: args.keep_best.unwrap_or(base.keep_best),
            precision: self.precision,
            ..base
        };
        if let Some(length) = args.length() {
            length.set(&mut config);
        }
        config
    }
}

/// A flag without a use.
pub struct Unused {
    pub id: &'static str,
    /// What has no use for it.
    pub message: String,
}

impl Unused {
    fn new(id: &'static str, by: &str, name: &str) -> Self {
        let flag = id.replace('_', "-");
        let message = format!("--{flag} is not for {by} {name}");
        Self { id, message }
    }
}

impl OptimizerKind {
    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::AdamW => "adamw",
            Self::Sgd => "sgd",
            Self::RmsProp => "rmsprop",
        }
    }
}

impl ScheduleKind {
    /// The name on the command line.
    fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Step => "step",
            Self::Cosine => "cosine",
            Self::OneCycle => "one-cycle",
            Self::ReduceOnPlateau => "reduce-on-plateau",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        fit: FitArgs,
    }

    #[test]
    fn a_length_on_the_line_replaces_the_default_one_of_either_kind() {
        let by_steps = FitConfig {
            max_steps: Some(4000),
            valid_every: ValidEvery::Steps(500),
            ..FitConfig::new(1)
        };
        let by_epochs = FitConfig::new(3);
        for (flags, base, expected) in [
            ("", &by_steps, (Length::Steps(4000), ValidEvery::Steps(500))),
            (
                "--epochs 2",
                &by_steps,
                (Length::Epochs(2), ValidEvery::Steps(500)),
            ),
            (
                "--valid-every epoch",
                &by_steps,
                (Length::Steps(4000), ValidEvery::Epoch),
            ),
            ("", &by_epochs, (Length::Epochs(3), ValidEvery::Epoch)),
            (
                "--max-steps 9",
                &by_epochs,
                (Length::Steps(9), ValidEvery::Epoch),
            ),
        ] {
            let line = format!("train {flags}");
            let mut fit = Line::try_parse_from(line.split_whitespace())
                .expect(&line)
                .fit;
            let config = fit.config(base.clone());
            assert_eq!(
                (Length::of(&config), config.valid_every),
                expected,
                "{line}"
            );
            fit.fill_defaults(base);
            assert_eq!(fit.length(), Some(expected.0), "{line}");
            // Only one of the two is printed.
            assert!(fit.epochs.is_none() || fit.max_steps.is_none(), "{line}");
            assert_eq!(fit.config(base.clone()), config, "{line}");
        }
    }
}
