//! Which devices this build knows, and which of them this machine has.

mod instruction_set;

use burn::tensor::Device;
#[cfg(any(feature = "cuda", feature = "tch", feature = "wgpu"))]
use burn::tensor::DeviceType;

pub use instruction_set::instruction_set;

/// A device that was found, under the name that selects it.
#[derive(Clone, Debug)]
pub struct Selected {
    /// `libtorch:cuda:0`, `ndarray`, …
    pub name: String,
    /// Burn's device, without autodiff.
    pub device: Device,
}

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
    /// Nothing is compiled in.
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

/// The kinds of device, the preferred first.
#[derive(Clone, Copy)]
enum Kind {
    Cuda,
    LibTorchCuda,
    Wgpu,
    LibTorch,
    Flex,
    NdArray,
}

impl Kind {
    const BY_PREFERENCE: [Self; 6] = [
        Self::Cuda,
        Self::LibTorchCuda,
        Self::Wgpu,
        Self::LibTorch,
        Self::Flex,
        Self::NdArray,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Cuda => "cuda",
            Self::LibTorchCuda => "libtorch:cuda",
            Self::Wgpu => "wgpu",
            Self::LibTorch => "libtorch",
            Self::Flex => "flex",
            Self::NdArray => "ndarray",
        }
    }

    fn feature(self) -> &'static str {
        match self {
            Self::LibTorch | Self::LibTorchCuda => "tch",
            other => other.name(),
        }
    }

    fn is_compiled(self) -> bool {
        match self {
            Self::Cuda => cfg!(feature = "cuda"),
            Self::LibTorch | Self::LibTorchCuda => cfg!(feature = "tch"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Flex => cfg!(feature = "flex"),
            Self::NdArray => cfg!(feature = "ndarray"),
        }
    }

    fn has_index(self) -> bool {
        matches!(self, Self::Cuda | Self::LibTorchCuda)
    }

    /// The devices of this kind, by index.
    // The deprecated constructors are the only way to the two backends that Burn keeps without
    // developing them further; both are asked for here.
    #[allow(deprecated)]
    fn found(self) -> Vec<Device> {
        match self {
            #[cfg(feature = "cuda")]
            Self::Cuda => Device::enumerate(DeviceType::Cuda)
                .iter()
                .cloned()
                .collect(),
            #[cfg(feature = "tch")]
            Self::LibTorchCuda => Device::enumerate(DeviceType::LibTorch)
                .iter()
                .cloned()
                .collect(),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => {
                // A driver that computes on the CPU would be slower than any CPU backend here.
                let software = Device::wgpu(burn::tensor::DeviceKind::Cpu);
                Device::enumerate(DeviceType::Wgpu)
                    .iter()
                    .filter(|device| **device != software)
                    .cloned()
                    .collect()
            }
            #[cfg(feature = "tch")]
            Self::LibTorch => vec![Device::libtorch()],
            #[cfg(feature = "flex")]
            Self::Flex => vec![Device::flex()],
            #[cfg(feature = "ndarray")]
            Self::NdArray => vec![Device::ndarray()],
            #[allow(unreachable_patterns)] // reached by the kinds that are not compiled in
            _ => Vec::new(),
        }
    }

    /// What a machine must have for it, beside the program.
    fn needs(self) -> &'static str {
        match self {
            Self::Cuda => {
                "an NVIDIA GPU, its driver and the CUDA toolkit; the build downloads LLVM"
            }
            Self::LibTorchCuda => "an NVIDIA GPU, its driver and LibTorch 2.9.0 for CUDA",
            Self::Wgpu => "a GPU with a Vulkan, Metal or DirectX 12 driver",
            Self::LibTorch => "LibTorch 2.9.0",
            Self::Flex | Self::NdArray => "nothing else",
        }
    }

    /// What is missing where it is compiled in and not found.
    fn absence(self) -> &'static str {
        match self {
            Self::Cuda => {
                "no NVIDIA GPU with a driver: `nvidia-smi` tells; install NVIDIA's driver and the \
                 CUDA toolkit"
            }
            #[cfg(feature = "tch")]
            Self::LibTorchCuda if !tch::utils::has_cudart() => {
                "this LibTorch is the one for CPUs: build with LibTorch 2.9.0 for CUDA"
            }
            Self::LibTorchCuda => {
                "LibTorch can use CUDA, but sees no NVIDIA GPU with a driver: `nvidia-smi` tells; \
                 install NVIDIA's driver"
            }
            Self::Wgpu => {
                "no GPU with a Vulkan, Metal or DirectX 12 driver: `vulkaninfo --summary` tells; \
                 install the maker's driver, or Mesa's"
            }
            Self::LibTorch | Self::Flex | Self::NdArray => "the backend reports no device",
        }
    }
}

/// Every device that is compiled in and present, the preferred first.
pub fn available() -> Vec<Selected> {
    present().collect()
}

/// The same one by one: who takes the first does not wake the drivers of the rest.
fn present() -> impl Iterator<Item = Selected> {
    Kind::BY_PREFERENCE.into_iter().flat_map(|kind| {
        kind.found()
            .into_iter()
            .enumerate()
            .map(move |(index, device)| Selected {
                name: named(kind, index),
                device,
            })
    })
}

/// A kind of device, and whether it can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceKind {
    /// The name that selects it: `libtorch:cuda`, `ndarray`, …
    pub name: &'static str,
    /// The feature that compiles it in.
    pub feature: &'static str,
    /// What a machine must have for it, beside the program.
    pub needs: &'static str,
    /// Whether it is there.
    pub presence: Presence,
}

/// Whether a kind of device is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The names of the devices that were found, at least one.
    Found(Vec<String>),
    /// It is compiled in, and the machine lacks it: what is missing.
    Absent(&'static str),
    /// The build lacks it.
    NotCompiled,
}

/// All kinds of device that there are, the preferred first, with what this build and this machine
/// have of them.
///
/// ```
/// for kind in rnn_train::survey() {
///     println!("{}: {:?}", kind.name, kind.presence);
/// }
/// ```
pub fn survey() -> Vec<DeviceKind> {
    let presence = |kind: Kind| {
        if !kind.is_compiled() {
            return Presence::NotCompiled;
        }
        match kind.found().len() {
            0 => Presence::Absent(kind.absence()),
            found => Presence::Found((0..found).map(|index| named(kind, index)).collect()),
        }
    };
    Kind::BY_PREFERENCE
        .into_iter()
        .map(|kind| DeviceKind {
            name: kind.name(),
            feature: kind.feature(),
            needs: kind.needs(),
            presence: presence(kind),
        })
        .collect()
}

/// The device called `name`. `auto` is the first of those [`available`]; any other name gives that
/// device or an error, never another one.
///
/// # Errors
///
/// If the name is unknown, its backend is not compiled in, or the machine lacks the device.
///
/// ```
/// let found = rnn_train::select("auto")?;
/// println!("training on {}", found.name);
/// assert!(rnn_train::select("abacus").is_err());
/// # Ok::<(), rnn_train::DeviceError>(())
/// ```
pub fn select(name: &str) -> Result<Selected, DeviceError> {
    if name == "auto" {
        return present().next().ok_or(DeviceError::None);
    }
    let (kind, index) = parse(name).ok_or_else(|| DeviceError::Unknown(name.to_owned()))?;
    if !kind.is_compiled() {
        return Err(DeviceError::NotCompiled {
            name: name.to_owned(),
            feature: kind.feature(),
            needs: kind.needs(),
        });
    }
    let mut found = kind.found();
    if index >= found.len() {
        let reason = match found.len() {
            0 => kind.absence().to_owned(),
            n => format!("there are {n}, counted from 0"),
        };
        return Err(DeviceError::Absent {
            name: name.to_owned(),
            reason,
        });
    }
    Ok(Selected {
        name: named(kind, index),
        device: found.swap_remove(index),
    })
}

/// `name` itself if it could select a device on some machine: for checking it before anything
/// else is done.
///
/// # Errors
///
/// If no device is called that.
pub fn check_device_name(name: &str) -> Result<String, DeviceError> {
    if name == "auto" || parse(name).is_some() {
        Ok(name.to_owned())
    } else {
        Err(DeviceError::Unknown(name.to_owned()))
    }
}

fn parse(name: &str) -> Option<(Kind, usize)> {
    Kind::BY_PREFERENCE.into_iter().find_map(|kind| {
        let rest = name.strip_prefix(kind.name())?;
        match rest.strip_prefix(':') {
            Some(index) if kind.has_index() => Some((kind, index.parse().ok()?)),
            None if rest.is_empty() => Some((kind, 0)),
            _ => None,
        }
    })
}

fn named(kind: Kind, index: usize) -> String {
    if kind.has_index() {
        format!("{}:{index}", kind.name())
    } else {
        kind.name().to_owned()
    }
}

/// Sets how many threads the CPU backends use (`ndarray` in its kernels alone) and returns the
/// number; without `threads`, as many as there are processors, or `RAYON_NUM_THREADS`. Call it
/// once, before the first tensor.
///
/// # Errors
///
/// If `threads` is 0 or the pool of threads is already running.
pub fn set_threads(threads: Option<usize>) -> Result<usize, DeviceError> {
    if let Some(threads) = threads {
        let fail = |reason: String| DeviceError::Threads { threads, reason };
        if threads == 0 {
            return Err(fail("at least 1 is needed".to_owned()));
        }
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|error| fail(error.to_string()))?;
    }
    let threads = rayon::current_num_threads();
    #[cfg(feature = "tch")]
    tch::set_num_threads(threads as i32);
    Ok(threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_whole() {
        let index = |name| parse(name).map(|(kind, index)| (kind.name(), index));
        assert_eq!(index("cuda"), Some(("cuda", 0)));
        assert_eq!(index("cuda:2"), Some(("cuda", 2)));
        assert_eq!(index("libtorch"), Some(("libtorch", 0)));
        assert_eq!(index("libtorch:cuda:1"), Some(("libtorch:cuda", 1)));
        for name in [
            "",
            "cuda:",
            "cuda:x",
            "cudax",
            "ndarray:0",
            "libtorch:",
            "flex:1",
        ] {
            assert_eq!(index(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_not_compiled_in_names_its_feature() {
        for kind in Kind::BY_PREFERENCE
            .into_iter()
            .filter(|kind| !kind.is_compiled())
        {
            let error = select(kind.name()).expect_err(kind.name()).to_string();
            assert!(
                error.contains(&format!("--features {}", kind.feature())),
                "{error}"
            );
        }
    }
}
