use burn::module::{Initializer, Module};
use burn::nn::{Linear, LinearConfig, LinearLayout};
use burn::tensor::Device;

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
