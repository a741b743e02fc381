use burn::module::{Initializer, Module};
use burn::nn::{Linear, LinearConfig, LinearLayout};
use burn::tensor::{Device, Tensor};

/// Makes PyTorch's `nn.Linear`: a layer stored as PyTorch stores it (`weight` is `[out, in]`, so that
/// its weights fit) and drawn as PyTorch draws it, weight and bias from `U(-k, k)` with `k = 1/√in`.
///
/// Burn's own `LinearConfig` stores `[in, out]`, and with `LinearLayout::Col`, which stores `[out, in]`,
/// draws from `k = 1/√out`.
///
/// ```
/// use burn::tensor::Tensor;
/// # let device = Default::default();
/// let layer = rnn_model::linear(128, 17, &device);
/// assert_eq!(layer.forward(Tensor::<2>::ones([4, 128], &device)).dims(), [4, 17]);
/// let largest: f32 = layer.weight.val().abs().max().into_scalar();
/// assert!(largest <= 1.0 / 128f32.sqrt());
/// ```
///
/// # Panics
///
/// If a size is 0.
pub fn linear(d_input: usize, d_output: usize, device: &Device) -> Linear {
    assert!(
        d_input > 0 && d_output > 0,
        "linear: expected sizes of at least 1, found {d_input} features in and {d_output} out"
    );
    let k = 1.0 / (d_input as f64).sqrt();
    LinearConfig::new(d_input, d_output)
        .with_layout(LinearLayout::Col)
        .with_initializer(Initializer::Uniform { min: -k, max: k })
        .init(device)
        .materialize()
}

/// Applies the layer at every step, `[batch, time, in]` → `[batch, time, out]`.
pub(crate) fn over_steps(layer: &Linear, input: Tensor<3>) -> Tensor<3> {
    match &layer.bias {
        Some(bias) => apply(input, layer.weight.val(), bias.val()),
        None => layer.forward(input),
    }
}

/// A linear layer's equation at every step, `[batch, time, in]` → `[batch, time, out]`.
///
/// - `weight`: `[in, out]`
/// - `bias`: `[out]`
pub(crate) fn apply(input: Tensor<3>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<3> {
    #[cfg(feature = "cpu-kernel")]
    if let Some(output) = crate::kernel::linear(&input, weight.clone(), bias.clone()) {
        return output;
    }
    burn::tensor::module::linear(input, weight, Some(bias))
}
