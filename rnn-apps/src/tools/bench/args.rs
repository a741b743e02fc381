use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::values::items;

#[derive(Args, Debug)]
pub struct BenchArgs {
    /// What to time
    #[arg(long, value_enum)]
    pub workload: Workload,
    /// Measured iterations, after a tenth as many (at least 5) that are not
    #[arg(long, default_value_t = 60, value_name = "N", value_parser = items)]
    pub iters: usize,
    /// A folder with WORKLOAD.safetensors: the starting weights under PyTorch's names, and the batch
    /// as x, y and lengths
    #[arg(long, value_name = "DIR")]
    pub inputs: PathBuf,
}

/// A model and a batch: an optimiser's step (`-train`), a forward pass (`-infer`, `-read`) or a character with
/// its sampling (`-generate`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    /// LSTM(28, 128) × 2 over 64 images of 28 rows
    MnistLstmTrain,
    MnistLstmInfer,
    /// The same with a simple RNN
    MnistRnnTrain,
    MnistRnnInfer,
    /// The same with a GRU
    MnistGruTrain,
    MnistGruInfer,
    /// Embedding(65, 128), LSTM(128, 512) × 2, 32 sequences of 64 characters
    CharlmTrain,
    /// The same model over one sequence of 64 characters
    CharlmRead,
    /// The same model, a character at a time
    CharlmGenerate,
    /// Embedding(10000, 100), LSTM(100, 128) in both directions, 32 sentences of 5 to 40 words
    TaggerTrain,
    /// RNN(5, 3) over one sequence of 6
    HihelloTrain,
}

impl Workload {
    /// As on the command line.
    pub fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }
}
