//! PyTorch's layers beside the recurrent ones, in Burn's modules: what the table in rnn-model's README
//! says of their names and layouts.

use burn::module::Module;
use burn::nn::attention::{MhaInput, MultiHeadAttention, MultiHeadAttentionConfig};
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Embedding, EmbeddingConfig, GroupNorm, GroupNormConfig, LayerNorm,
    LayerNormConfig, Linear, LinearConfig, LinearLayout, PaddingConfig1d,
};
use burn::tensor::{Device, Int, Tensor};
use rnn_model::{StateDict, StateDictError, linear};
use tests::{devices, relative_error};

use super::golden;

#[derive(Module, Debug)]
struct Layers {
    emb: Embedding,
    conv: Conv1d,
    norm: BatchNorm,
    attention: MultiHeadAttention,
    after: LayerNorm,
    groups: GroupNorm,
    fc: Linear,
}

impl Layers {
    fn new(fc: Linear, device: &Device) -> Self {
        Self {
            emb: EmbeddingConfig::new(7, 3).init(device),
            conv: Conv1dConfig::new(3, 4, 3)
                .with_padding(PaddingConfig1d::Explicit(1, 1))
                .init(device),
            norm: BatchNormConfig::new(4).init(device),
            attention: MultiHeadAttentionConfig::new(4, 2).init(device),
            after: LayerNormConfig::new(4).init(device),
            groups: GroupNormConfig::new(2, 4).init(device),
            fc,
        }
    }

    fn forward(&self, words: Tensor<2, Int>) -> Tensor<3> {
        let x = self.emb.forward(words).swap_dims(1, 2);
        let x = self.norm.forward(self.conv.forward(x)).swap_dims(1, 2);
        let attended = self.attention.forward(MhaInput::self_attn(x.clone()));
        let x = self.after.forward(x + attended.context);
        let x = self.groups.forward(x.swap_dims(1, 2)).swap_dims(1, 2);
        self.fc.forward(x)
    }
}

fn from_pytorch(weights: StateDict) -> Result<StateDict, StateDictError> {
    weights
        .without(&["num_batches_tracked"])
        .split(
            "attention.in_proj_weight",
            &[
                "attention.query.weight",
                "attention.key.weight",
                "attention.value.weight",
            ],
            0,
        )?
        .split(
            "attention.in_proj_bias",
            &[
                "attention.query.bias",
                "attention.key.bias",
                "attention.value.bias",
            ],
            0,
        )?
        .rename([
            ("attention.out_proj.", "attention.output."),
            ("norm.weight", "norm.gamma"),
            ("norm.bias", "norm.beta"),
            ("after.weight", "after.gamma"),
            ("after.bias", "after.beta"),
            ("groups.weight", "groups.gamma"),
            ("groups.bias", "groups.beta"),
        ])
}

#[test]
fn layers_compute_what_those_of_pytorch_do() {
    let golden = golden("layers.safetensors");
    for (name, device) in devices() {
        let config = LinearConfig::new(4, 4);
        let by_layout = |layout| config.clone().with_layout(layout).init(&device);
        for fc in [
            linear(4, 4, &device),
            by_layout(LinearLayout::Row),
            by_layout(LinearLayout::Col),
        ] {
            let weights = from_pytorch(golden.strip_prefix("weight/")).expect("PyTorch's names");
            let layers = weights
                .clone()
                .load_into(Layers::new(fc, &device))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let words = golden.get("in/words").expect("the input").clone();
            let found = layers.forward(Tensor::from_data(words, &device));
            let expected = golden.get("out/output").expect("the output");
            let error = relative_error(&found.into_data(), expected);
            assert!(error < 1e-5, "{name}: off by {error:e}");

            // And back: the weights are in PyTorch's layout again.
            let again = StateDict::of(&layers);
            assert!(again.names().eq(weights.names()), "{name}");
            for (entry, data) in again.iter() {
                assert_eq!(Some(data), weights.get(entry), "{name}: {entry}");
            }
        }
    }
}
