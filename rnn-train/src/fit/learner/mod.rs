//! The adapter to Burn's learner: the only module that uses its types' details.
//!
//! The learner's own loop forgets the state between two batches, and resumes only at the end of an
//! epoch. It takes another loop as a custom strategy, and that is what a training here is: the learner
//! holds the model, the optimiser, the dashboard and its metrics, and the loop of
//! [`training`](super::training) uses them.

mod learnable;
mod metrics;
mod no_batches;
mod optimizer_state;
mod renderer;
mod strategy;

pub(super) use learnable::{Learnable, StepInput, StepOutput};
pub(super) use optimizer_state::Records;
pub(super) use strategy::{Events, Launch, launch};
