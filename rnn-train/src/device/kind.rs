use burn::tensor::Device;
#[cfg(any(feature = "cuda", feature = "tch", feature = "wgpu"))]
use burn::tensor::DeviceType;

/// The kinds of device, the preferred first.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Cuda,
    LibTorchCuda,
    Wgpu,
    LibTorch,
    Flex,
    NdArray,
}

/// Whether a device's tensors lie in the CPU's memory, so that reading them waits for nothing.
pub(crate) fn is_host(device: &Device) -> bool {
    // Whether it records a graph makes no difference to the comparison.
    [Kind::LibTorch, Kind::Flex, Kind::NdArray]
        .into_iter()
        .any(|kind| kind.found().contains(device))
}

impl Kind {
    pub const BY_PREFERENCE: [Self; 6] = [
        Self::Cuda,
        Self::LibTorchCuda,
        Self::Wgpu,
        Self::LibTorch,
        Self::Flex,
        Self::NdArray,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Cuda => "cuda",
            Self::LibTorchCuda => "libtorch:cuda",
            Self::Wgpu => "wgpu",
            Self::LibTorch => "libtorch",
            Self::Flex => "flex",
            Self::NdArray => "ndarray",
        }
    }

    pub fn feature(self) -> &'static str {
        match self {
            Self::LibTorch | Self::LibTorchCuda => "tch",
            other => other.name(),
        }
    }

    pub fn is_compiled(self) -> bool {
        match self {
            Self::Cuda => cfg!(feature = "cuda"),
            Self::LibTorch | Self::LibTorchCuda => cfg!(feature = "tch"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Flex => cfg!(feature = "flex"),
            Self::NdArray => cfg!(feature = "ndarray"),
        }
    }

    pub fn has_index(self) -> bool {
        matches!(self, Self::Cuda | Self::LibTorchCuda)
    }

    /// The devices of this kind, by index.
    // The deprecated constructors are the only way to the two backends that Burn keeps without
    // developing them further; both are asked for here.
    #[allow(deprecated)]
    pub fn found(self) -> Vec<Device> {
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
    pub fn needs(self) -> &'static str {
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
    pub fn absence(self) -> &'static str {
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

    /// The name that selects the device of this kind with the index `index`.
    pub fn device_name(self, index: usize) -> String {
        if self.has_index() {
            format!("{}:{index}", self.name())
        } else {
            self.name().to_owned()
        }
    }

    /// The kind and the index that a name means; none if it means no device.
    pub fn parse(name: &str) -> Option<(Self, usize)> {
        Self::BY_PREFERENCE.into_iter().find_map(|kind| {
            let rest = name.strip_prefix(kind.name())?;
            match rest.strip_prefix(':') {
                Some(index) if kind.has_index() => Some((kind, index.parse().ok()?)),
                None if rest.is_empty() => Some((kind, 0)),
                _ => None,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_name_is_read_to_its_end() {
        let index = |name| Kind::parse(name).map(|(kind, index)| (kind.name(), index));
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
}
