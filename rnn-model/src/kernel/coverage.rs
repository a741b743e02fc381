//! Which tensors there are kernels for.

use burn::backend::{DispatchDevice, DispatchTensor, TensorMetadata};
use burn::tensor::DType;
#[cfg(any(feature = "cpu-kernel", feature = "optim"))]
use burn::tensor::Tensor;

/// The kernels that compute a tensor: ours or LibTorch's, and for which dtype.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kernels {
    /// Ours, for 32-bit floats.
    #[cfg(feature = "cpu-kernel")]
    Cpu,
    #[cfg(feature = "tch")]
    LibTorch(DType),
}

/// The kernels that there are for a tensor.
#[cfg(any(feature = "cpu-kernel", feature = "optim"))]
pub fn kernels<const D: usize>(tensor: &Tensor<D>) -> Option<Kernels> {
    kernels_on(tensor.device().as_dispatch().clone(), tensor.dtype())
}

/// The same for a tensor without its number of axes.
pub fn dispatch_kernels(tensor: &DispatchTensor) -> Option<Kernels> {
    kernels_on(tensor.device(), tensor.dtype())
}

fn kernels_on(device: DispatchDevice, dtype: DType) -> Option<Kernels> {
    let device = match device {
        DispatchDevice::Autodiff(device) => device.inner(),
        device => device,
    };
    #[cfg(feature = "cpu-kernel")]
    let on_cpu = (dtype == DType::F32).then_some(Kernels::Cpu);
    match device {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => on_cpu,
        #[cfg(feature = "ndarray")]
        DispatchDevice::NdArray(_) => on_cpu,
        #[cfg(feature = "tch")]
        DispatchDevice::LibTorch(_) => Some(Kernels::LibTorch(dtype)),
        #[allow(unreachable_patterns, reason = "there may be no other backend")]
        _ => None,
    }
}

/// Whether our own kernels take this tensor.
#[cfg(feature = "cpu-kernel")]
pub fn covers<const D: usize>(tensor: &Tensor<D>) -> bool {
    kernels(tensor) == Some(Kernels::Cpu)
}
