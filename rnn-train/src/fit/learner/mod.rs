//! What adapts to Burn's learner.

pub(crate) mod optimizer_state;
pub(crate) mod renderer;
pub(crate) mod strategy;
