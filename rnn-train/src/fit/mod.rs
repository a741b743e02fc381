//! Trainings: the [`Trainer`] sets one up, the loop in `training` makes its steps, and `learner` adapts
//! them to Burn's learner.

mod fitted;
mod learner;
mod plan;
mod start;
mod trainer;
mod training;

pub use fitted::Fitted;
pub use trainer::Trainer;
