//! How to train, what to monitor, when to save, and why a training stopped.

mod fit_config;
mod monitor;
mod save_interval;
mod stop_reason;
mod valid_every;
mod validate;

pub use fit_config::FitConfig;
pub use monitor::Monitor;
pub use save_interval::SaveInterval;
pub use stop_reason::StopReason;
pub use valid_every::ValidEvery;
pub use validate::InvalidSetting;
