use burn::module::{Initializer, Module};
use burn::nn::{Linear, LinearConfig, LinearLayout};
use burn::tensor::{Device, Tensor};

/// A linear layer stored as PyTorch stores it (`weight` is `[out, in]`) and drawn as PyTorch
/// draws it, from `U(-k, k)` with `k = 1/√in`.
pub(crate) fn linear(d_input: usize, d_output: usize, device: &Device) -> Linear {
    let k = 1.0 / (d_input as f64).sqrt();
    LinearConfig::new(d_input, d_output)
        .with_layout(LinearLayout::Col)
        .with_initializer(Initializer::Uniform { min: -k, max: k })
        .init(device)
        .materialize()
}

/// The layer over every step, `[batch, time, in]` → `[batch, time, out]`.
pub(crate) fn over_steps(layer: &Linear, input: Tensor<3>) -> Tensor<3> {
    #[cfg(feature = "cpu-kernel")]
    if let Some(output) = crate::kernel::linear(&input, layer) {
        return output;
    }
    layer.forward(input)
}
