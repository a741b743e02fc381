//! Flags that all trainings share: how to optimise, and what to do with the run.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, ValueEnum};
use rnn_train::FitConfig;
use rnn_train::config::SaveInterval;
use rnn_train::optim::{Optimizer, Precision, Schedule};
use serde::Serialize;

use super::values::{epochs, factor, items, items_or_none, precision, rate, save_interval, share};

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
    /// What a step does with its gradients
    #[arg(long, value_enum, default_value_t = OptimizerKind::Adam)]
    pub optimizer: OptimizerKind,
    /// The learning rate, the highest of its schedule
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub learning_rate: Option<f64>,
    /// Of sgd and rmsprop: how much of the last step goes into the next, 0 to below 1 [default: sgd
    /// 0.9, rmsprop 0]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub momentum: Option<f64>,
    /// Of adamw, sgd and rmsprop: how much weights are drawn to zero [default: adamw 0.01, else 0]
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
    /// Of reduce-on-plateau: epochs without a better loss that are let pass [default: 1]
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
    /// Give up after so many epochs without a better loss on the validation data, and keep the best
    /// epoch's weights [default: go through all epochs, and keep the last weights]
    #[arg(long, value_name = "N", value_parser = items)]
    pub patience: Option<usize>,
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
    pub const ALLOWED_WITH_RESUME: &[&str] = &["epochs"];

    /// Sets the flags that were not given from `base`, the command's defaults, and from the
    /// optimiser and the schedule.
    pub fn fill_defaults(&mut self, base: &FitConfig) {
        let (momentum, weight_decay) = match self.optimizer {
            OptimizerKind::Adam => (None, None),
            OptimizerKind::AdamW => (None, Some(0.01)),
            OptimizerKind::Sgd => (Some(0.9), Some(0.0)),
            OptimizerKind::RmsProp => (Some(0.0), Some(0.0)),
        };
        self.momentum = self.momentum.or(momentum);
        self.weight_decay = self.weight_decay.or(weight_decay);
        self.learning_rate = self.learning_rate.or(Some(base.learning_rate));
        self.clip_norm = self.clip_norm.or(base.clip_norm);
        self.epochs = self.epochs.or(Some(base.epochs));
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
        let (optimizer, schedule) = (self.optimizer, self.schedule(base));
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
        FitConfig {
            epochs: args.epochs.unwrap_or(base.epochs),
            learning_rate: args.learning_rate.unwrap_or(base.learning_rate),
            optimizer: match self.optimizer {
                OptimizerKind::Adam => Optimizer::Adam,
                OptimizerKind::AdamW => Optimizer::AdamW { weight_decay },
                OptimizerKind::Sgd => Optimizer::Sgd {
                    momentum,
                    weight_decay,
                },
                OptimizerKind::RmsProp => Optimizer::RmsProp {
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
            precision: self.precision,
            ..base
        }
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

/// What to do with the run.
#[derive(Args, Clone, Debug, Serialize)]
#[command(next_help_heading = "The run")]
pub struct RunArgs {
    /// The folder to make for the run; one that is not empty is refused
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// Start from the weights of a run, an imported one too, whose model and vocabularies are taken over,
    /// or from a file of weights (.safetensors, .pt, a checkpoint) for the model that the flags describe
    #[arg(long, value_name = "RUN|FILE", conflicts_with = "resume")]
    pub init_from: Option<PathBuf>,
    /// Go on with a run that was stopped or killed, as if it had not been; its settings are its own,
    /// but --data says where its data are now
    #[arg(long, value_name = "DIR", conflicts_with_all = ["run", "config", "print_config"])]
    pub resume: Option<PathBuf>,
    /// With --resume: the checkpoint to go on from, by its name in the run's folder `checkpoints`, or
    /// `best`
    /// [default: the last one]
    #[arg(
        long,
        value_name = "NAME",
        requires = "resume",
        conflicts_with = "epochs"
    )]
    pub from: Option<String>,
    /// Write a checkpoint every so many steps (50), seconds (90s), minutes (5m) or hours (1h)
    /// [default: epoch, after each one and when it is stopped]
    #[arg(long, value_name = "STEPS|TIME", value_parser = save_interval)]
    pub checkpoint_every: Option<SaveInterval>,
    /// Take flags from a TOML or JSON file, under their names (hidden_size = 128); a flag on the
    /// command line wins
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the settings, as a file for --config, and do nothing else
    #[arg(long)]
    pub print_config: bool,
    /// Watch it on Burn's full-screen dashboard, which does not see Ctrl-C: q and then s stop the
    /// training, saved; q and then k end the program, unsaved. Needs a build with the feature tui
    #[arg(long, conflicts_with_all = ["quiet", "json"])]
    pub tui: bool,
    /// The ids of all flags that were given.
    #[arg(skip)]
    #[serde(skip)]
    pub given: Vec<String>,
}

impl RunArgs {
    /// Flags that a file for `--config` may not set: they concern one call (where it writes, what
    /// it resumes) and not what is trained.
    pub const NOT_IN_A_FILE: &[&str] = &["config", "print_config", "run", "resume", "from", "tui"];
    /// Flags that may be given with `--resume`: those that concern one call.
    pub const ALLOWED_WITH_RESUME: &[&str] = &["resume", "from", "checkpoint_every", "tui"];
}

/// The long name of the first given flag that may not be combined with `--resume`. Every flag but
/// those whose ids are in `allowed` would change the settings that the run was started with.
pub fn refused_on_resume<'a>(
    command: &'a Command,
    matches: &ArgMatches,
    allowed: &[&str],
) -> Option<&'a str> {
    let (mut leaf, mut matches) = (command, matches);
    while let Some((name, next)) = matches.subcommand() {
        (leaf, matches) = (leaf.find_subcommand(name)?, next);
    }
    // The common flags are defined on the root command.
    let flags = command.get_arguments().chain(leaf.get_arguments());
    let mut refused = flags.filter(|arg| {
        let id = arg.get_id().as_str();
        !allowed.contains(&id) && matches.value_source(id) == Some(ValueSource::CommandLine)
    });
    refused.next()?.get_long()
}
