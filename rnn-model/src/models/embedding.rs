use burn::nn::Embedding;
use burn::tensor::{Int, Tensor};

/// Looks the words up in the embedding, `[batch, time]` → `[batch, time, features]`.
pub(crate) fn embed(layer: &Embedding, words: Tensor<2, Int>) -> Tensor<3> {
    #[cfg(feature = "cpu-kernel")]
    if let Some(output) = crate::kernel::embedding(layer.weight.val(), &words) {
        return output;
    }
    layer.forward(words)
}
