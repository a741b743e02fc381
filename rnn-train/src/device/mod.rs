//! The devices that this build knows, which of them the machine has, and how many threads the CPU's
//! use.
//!
//! A device goes by its name: `cuda:0`, `libtorch:cuda:0`, `wgpu`, `libtorch`, `flex`, `ndarray`.

mod error;
mod instruction_set;
mod kind;
mod select;
mod survey;
mod threads;

pub use error::DeviceError;
pub use instruction_set::instruction_set;
pub use select::{Selected, available, check_name, select};
pub use survey::{DeviceKind, Presence, survey};
pub use threads::set_threads;

pub(crate) use kind::is_host;

use burn::module::Module;
use burn::tensor::Device;

/// The device that `model` is on; none if it has no parameters.
pub(crate) fn device_of<M: Module>(model: &M) -> Option<Device> {
    model.devices().pop()
}
