/// Why a device can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No such name.
    #[error("device '{0}' is unknown, expected auto, {NAMES}")]
    Unknown(String),
    /// The build lacks its backend.
    #[error("device '{name}' is not in this build: add --features {feature} (it needs {needs})")]
    NotCompiled {
        /// The device that was asked for.
        name: String,
        /// The feature that brings it.
        feature: &'static str,
        /// What else it takes.
        needs: &'static str,
    },
    /// The machine lacks it.
    #[error("device '{name}' was not found: {reason}")]
    Absent {
        /// The device that was asked for.
        name: String,
        /// What is missing.
        reason: String,
    },
    /// No backend is compiled in.
    #[error("this build has no backend: add --features ndarray (or flex, tch, cuda, wgpu)")]
    None,
    /// The number of threads can't be set.
    #[error("the number of threads can't be set to {threads}: {reason}")]
    Threads {
        /// The number.
        threads: usize,
        /// Why.
        reason: String,
    },
}

const NAMES: &str = "cuda[:N], libtorch:cuda[:N], wgpu, libtorch, flex or ndarray";
