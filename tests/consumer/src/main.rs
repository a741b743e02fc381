//! A minimal service: the program contains weights that PyTorch trained, and processes a sequence
//! step by step. It checks the outputs, and prints the time per step.

use std::error::Error;
use std::time::{Duration, Instant};

use rnn_model::burn::tensor::{Device, Tensor, TensorData};
use rnn_model::{LstmConfig, StateDict};

/// Weights of `nn.LSTM(8, 16, num_layers=2)`, a sequence of 50 steps, and PyTorch's outputs.
const LSTM: &[u8] = include_bytes!("../lstm.safetensors");

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::flex();
    let file = StateDict::from_safetensors(LSTM)?;
    let lstm = LstmConfig::new(8, 16).with_num_layers(2).init(&device);
    let lstm = file.strip_prefix("lstm.").load_into(lstm)?;
    let rows = |name: &str| -> Vec<f32> {
        file.get(name)
            .map(|data| data.iter().collect())
            .unwrap_or_default()
    };
    let (inputs, outputs) = (rows("x"), rows("output"));

    let mut state = None;
    let mut worst = 0.0f32;
    let mut times = Vec::new();
    for (x, expected) in inputs.chunks(8).zip(outputs.chunks(16)) {
        let start = Instant::now();
        let input = Tensor::from_data(TensorData::new(x.to_vec(), [1, 8]), &device);
        let (output, next) = lstm.step(input, state);
        let found: Vec<f32> = output.into_data().iter().collect();
        times.push(start.elapsed());
        state = Some(next);
        for (found, expected) in found.iter().zip(expected) {
            worst = worst.max((found - expected).abs());
        }
    }
    println!("50 steps, at most {worst:.1e} from PyTorch's outputs");
    if times.len() != 50 || worst > 1e-5 {
        return Err("these are not PyTorch's outputs".into());
    }

    // Repeats the steps, as a service would.
    for _ in 0..1000 {
        let start = Instant::now();
        let input = Tensor::zeros([1, 8], &device);
        let (output, next) = lstm.step(input, state);
        output.into_data();
        times.push(start.elapsed());
        state = Some(next);
    }
    times.sort();
    let at = |share: f64| micros(times[(share * (times.len() - 1) as f64) as usize]);
    println!("p50 {:.1} µs, p99 {:.1} µs per step", at(0.50), at(0.99));
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
