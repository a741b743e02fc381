//! Tasks that a network can be trained for from the command line.
//!
//! A task implements [`task::Task`]; [`train`] trains and resumes any task, [`import`] makes a run
//! of weights that were trained elsewhere. `rnn-apps/docs/tasks.md` shows how to add one.

pub mod call;
pub mod charlm;
pub mod data;
mod dataset;
pub mod history;
pub mod import;
pub mod initial;
pub mod input;
pub mod load;
pub mod mnist;
mod print_config;
pub mod recurrent;
pub mod report;
pub mod results;
pub mod resumed;
#[cfg(test)]
mod sample;
pub mod session;
pub mod settings;
pub mod tagger;
pub mod task;
pub mod train;

use call::Registered;

/// All tasks, in the order in which the help lists them. The tasks' subcommands, `--resume` and
/// `import` use this list.
pub const TASKS: &[&dyn Registered] = &[&tagger::Tagger, &charlm::CharLm, &mnist::Mnist];

/// Finds a task by its name.
pub fn find(name: &str) -> Option<&'static dyn Registered> {
    TASKS.iter().copied().find(|task| task.name() == name)
}
