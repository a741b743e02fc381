//! Three trained networks of Python packages, as their packages have them: a voice's embedding, a word's
//! pronunciation, and whether somebody speaks.
//!
//! ```text
//! known_networks voice  WEIGHTS INPUT OUTPUT
//! known_networks word   WEIGHTS INPUT OUTPUT WORD…
//! known_networks speech WEIGHTS INPUT OUTPUT
//! ```
//!
//! INPUT and OUTPUT are .safetensors files. `tests/known/networks.py` fetches the packages, calls this, and
//! compares with the originals. The milliseconds for 200 steps of each recurrent part, on one thread, are
//! printed.

use std::env::args;
use std::error::Error;
use std::num::NonZeroUsize;
use std::time::Instant;

use burn::module::Module;
use burn::nn::conv::{Conv1d, Conv1dConfig};
use burn::nn::{Embedding, EmbeddingConfig, Linear};
use burn::tensor::activation::{relu, sigmoid};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rnn_model::{Gru, GruConfig, Lstm, LstmConfig, StateDict, StateDictError, burn, linear};

/// Resemblyzer 0.1.4: the final state of three layers as a point on the unit sphere, near which other
/// utterances of the same voice are.
#[derive(Module, Debug)]
struct VoiceEncoder {
    lstm: Lstm,
    linear: Linear,
}

impl VoiceEncoder {
    /// From a checkpoint with an optimiser and two parameters of the loss, which are left out.
    fn read(path: &str, device: &Device) -> Result<Self, StateDictError> {
        let blank = Self {
            lstm: LstmConfig::new(40, 256).with_num_layers(3).init(device),
            linear: linear(256, 256, device),
        };
        let weights = StateDict::read(path)?.strip_prefix("model_state.");
        weights.keep(&["lstm.", "linear."]).load_into(blank)
    }

    /// The embedding of a mel spectrogram, `[1, frames, 40]`.
    fn embed(&self, mels: Tensor<3>) -> Tensor<2> {
        let (_, state) = self.lstm.forward(mels, None);
        let embedding = relu(self.linear.forward(state.h.slice(2..3).squeeze_dim::<2>(0)));
        let length = embedding.clone().square().sum_dim(1).sqrt();
        embedding / length
    }
}

/// g2p_en 2.1.0: one GRU reads a word, another spells how it is pronounced.
#[derive(Module, Debug)]
struct Pronunciation {
    letters: Embedding,
    encoder: Gru,
    sounds: Embedding,
    decoder: Gru,
    fc: Linear,
}

impl Pronunciation {
    /// Ids of letters and sounds.
    const UNKNOWN: i32 = 1;
    const END_OF_WORD: i32 = 2;
    const A: i32 = 3;
    const START: i32 = 2;
    const END: i32 = 3;
    const LONGEST: usize = 20;

    /// From arrays, whose names are not PyTorch's. `weight_ih` of a cell fits a layer.
    fn read(path: &str, device: &Device) -> Result<Self, StateDictError> {
        let gru = || GruConfig::new(256, 256).init(device);
        let blank = Self {
            letters: EmbeddingConfig::new(29, 256).init(device),
            encoder: gru(),
            sounds: EmbeddingConfig::new(74, 256).init(device),
            decoder: gru(),
            fc: linear(256, 74, device),
        };
        let names = [
            ("enc_emb", "letters.weight"),
            ("enc_w_", "encoder.weight_"),
            ("enc_b_", "encoder.bias_"),
            ("dec_emb", "sounds.weight"),
            ("dec_w_", "decoder.weight_"),
            ("dec_b_", "decoder.bias_"),
            ("fc_w", "fc.weight"),
            ("fc_b", "fc.bias"),
        ];
        StateDict::read(path)?.rename(names)?.load_into(blank)
    }

    /// The ids of the sounds of a word in lower case.
    fn pronounce(&self, word: &str, device: &Device) -> Vec<i32> {
        let id = |letter| match letter {
            'a'..='z' => letter as i32 - 'a' as i32 + Self::A,
            _ => Self::UNKNOWN,
        };
        let letters: Vec<i32> = word.chars().map(id).chain([Self::END_OF_WORD]).collect();
        let letters = Tensor::<1, Int>::from_ints(&letters[..], device).unsqueeze();
        let (_, mut state) = self.encoder.forward(self.letters.forward(letters), None);
        let (mut sounds, mut sound) = (Vec::new(), Self::START);
        for _ in 0..Self::LONGEST {
            let id = Tensor::<2, Int>::from_ints([[sound]], device);
            let input = self.sounds.forward(id).squeeze_dim(1);
            let (output, next) = self.decoder.step(input, Some(state));
            state = next;
            sound = self.fc.forward(output).argmax(1).into_scalar();
            if sound == Self::END {
                break;
            }
            sounds.push(sound);
        }
        sounds
    }
}

/// silero-vad 6.2.3 behind its convolutions: an LSTM that goes on from chunk to chunk.
#[derive(Module, Debug)]
struct Speech {
    rnn: Lstm,
    output: Conv1d,
}

impl Speech {
    /// From a TorchScript archive with two networks, for two sampling rates.
    fn read(path: &str, device: &Device) -> Result<Self, StateDictError> {
        let blank = Self {
            rnn: LstmConfig::new(128, 128).init(device),
            output: Conv1dConfig::new(128, 1, 1).init(device),
        };
        let weights = StateDict::read(path)?.strip_prefix("_model.decoder.");
        weights
            .rename([("decoder.2.", "output.")])?
            .load_into(blank)
    }

    /// The probability of speech for each hidden state of `[1, chunks, 128]`.
    fn probability(&self, hidden: Tensor<3>) -> Tensor<3> {
        sigmoid(self.output.forward(relu(hidden.swap_dims(1, 2))))
    }
}

#[allow(deprecated)] // Burn 0.22 develops its ndarray backend no further
fn main() -> Result<(), Box<dyn Error>> {
    rnn_model::set_threads(NonZeroUsize::MIN);
    let device = Device::ndarray();
    let args: Vec<String> = args().skip(1).collect();
    let [network, weights, input, output, words @ ..] = &args[..] else {
        return Err("expected NETWORK WEIGHTS INPUT OUTPUT [WORD…]".into());
    };
    let arrays = StateDict::read(input)?;
    let input = |name: &str| match arrays.get(name) {
        Some(data) => Ok(Tensor::<3>::from_data(data.clone(), &device)),
        None => Err(format!("{input}: expected an array {name}")),
    };
    let mut outputs = StateDict::default();
    match &network[..] {
        "voice" => {
            let (network, mels) = (VoiceEncoder::read(weights, &device)?, input("mels")?);
            let forward = || network.lstm.forward(mels.clone(), None).0;
            outputs.insert("hidden", timed("hidden", forward).into_data());
            outputs.insert("embedding", network.embed(mels).into_data());
        }
        "word" => {
            let network = Pronunciation::read(weights, &device)?;
            let (letters, sounds) = (input("letters")?, input("sounds")?);
            let forward = || network.encoder.forward(letters.clone(), None).0;
            outputs.insert("encoder", timed("encoder", forward).into_data());
            let sounds = steps(sounds);
            let decode = || each_step(&sounds, |sound, state| network.decoder.step(sound, state));
            let hidden = timed("decoder", decode);
            outputs.insert("decoder", hidden.clone().into_data());
            outputs.insert("logits", network.fc.forward(hidden).into_data());
            for word in words {
                let sounds = network.pronounce(word, &device);
                let length = [sounds.len()];
                outputs.insert(&format!("word {word}"), TensorData::new(sounds, length));
            }
        }
        "speech" => {
            let network = Speech::read(weights, &device)?;
            let chunks = steps(input("features")?);
            let listen = || each_step(&chunks, |chunk, state| network.rnn.step(chunk, state));
            let hidden = timed("hidden", listen);
            outputs.insert("hidden", hidden.clone().into_data());
            outputs.insert("probability", network.probability(hidden).into_data());
        }
        other => return Err(format!("expected voice, word or speech, found {other}").into()),
    }
    Ok(outputs.write(output)?)
}

/// The steps of one sequence, `[1, time, features]`, each `[1, features]`.
fn steps(sequence: Tensor<3>) -> Vec<Tensor<2>> {
    let steps = sequence.iter_dim(1);
    steps.map(|step| step.squeeze_dim(1)).collect()
}

/// The outputs of `step`, which gets the state after the step before.
fn each_step<S>(
    inputs: &[Tensor<2>],
    step: impl Fn(Tensor<2>, Option<S>) -> (Tensor<2>, S),
) -> Tensor<3> {
    let mut state = None;
    let outputs = inputs.iter().map(|input| {
        let (output, next) = step(input.clone(), state.take());
        state = Some(next);
        output
    });
    Tensor::stack(outputs.collect(), 1)
}

/// What `compute` gives. Prints `name` and the median of its times in milliseconds.
fn timed<T>(name: &str, compute: impl Fn() -> T) -> T {
    const WARM_UP: usize = 5;
    let time = |_| {
        let start = Instant::now();
        compute();
        start.elapsed().as_secs_f64() * 1000.0
    };
    let mut times: Vec<f64> = (0..36).map(time).skip(WARM_UP).collect();
    times.sort_by(f64::total_cmp);
    println!("{name} {:.4}", times[times.len() / 2]);
    compute()
}
