//! A network that goes step by step takes memory for its results and for little else.

use burn::tensor::{Device, Tensor};
use rnn_model::{
    Cell, Gru, GruConfig, Lstm, LstmCellConfig, LstmConfig, Recurrent, Rnn, RnnConfig,
};

use crate::allocations::taken;

/// The most for a layer: a result is memory and what counts its owners, and a layer of an LSTM has three.
const MOST: usize = 20;

/// The backend whose tensors these numbers are about; the others take memory in ways of their own.
fn ndarray() -> Option<Device> {
    let found = tests::devices()
        .into_iter()
        .find(|(name, _)| *name == "ndarray");
    found.map(|(_, device)| device)
}

/// How often a step takes memory, and how often a sequence does, each from the state before.
fn counts<C: Cell>(module: &Recurrent<C>, device: &Device) -> [usize; 2] {
    let step = Tensor::ones([1, module.input_size()], device);
    let (_, state) = module.step(step.clone(), None);
    let ((_, state), of_step) = taken(|| module.step(step, Some(state)));
    // Twice: the first time the weights are packed, and scratch memory is taken that is used again.
    let sequence = || Tensor::ones([1, 12, module.input_size()], device);
    let (_, state) = module.forward(sequence(), Some(state));
    let sequence = sequence();
    let (_, of_sequence) = taken(|| module.forward(sequence, Some(state)));
    [of_step, of_sequence]
}

fn assert_few<C: Cell>(module: &Recurrent<C>, device: &Device) {
    let found = counts(module, device);
    let most = MOST * module.num_layers();
    assert!(
        found.iter().all(|&count| count <= most),
        "{found:?} of {most}: {module}"
    );
    // The results at least.
    assert!(found.iter().all(|&count| count >= 4), "{found:?}: {module}");
}

#[test]
fn a_step_and_a_sequence_take_memory_for_their_results() {
    let _alone = tests::seeded();
    let Some(device) = &ndarray() else { return };
    for layers in 1..=3 {
        let rnn: Rnn = RnnConfig::new(8, 16).with_num_layers(layers).init(device);
        let lstm: Lstm = LstmConfig::new(8, 16).with_num_layers(layers).init(device);
        let gru: Gru = GruConfig::new(8, 16).with_num_layers(layers).init(device);
        assert_few(&rnn, device);
        assert_few(&lstm, device);
        assert_few(&gru, device);
    }
}

#[test]
fn both_directions_and_a_cell_take_as_little() {
    let _alone = tests::seeded();
    let Some(device) = &ndarray() else { return };
    let lstm = LstmConfig::new(8, 16)
        .with_bidirectional(true)
        .with_num_layers(2)
        .init(device);
    let sequence = || Tensor::ones([1, 12, 8], device);
    let (_, state) = lstm.forward(sequence(), None);
    let sequence = sequence();
    let (_, found) = taken(|| lstm.forward(sequence, Some(state)));
    assert!(found <= 2 * MOST, "{found}");

    let cell = LstmCellConfig::new(8, 16).init(device);
    let input = || Tensor::ones([1, 8], device);
    let state = cell.forward(input(), None);
    let input = input();
    let (_, found) = taken(|| cell.forward(input, Some(state)));
    assert!(found <= MOST, "{found}");
}
