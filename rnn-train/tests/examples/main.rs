//! The examples, run as a reader would, in one program.

mod forecast;

use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::Device;
use rnn_train::select;

#[path = "../../examples/encoder_decoder.rs"]
#[allow(dead_code)] // its main function
mod encoder_decoder;
#[path = "../../examples/language_model.rs"]
#[allow(dead_code)] // its main function
mod language_model;
#[path = "../../examples/waveforms.rs"]
#[allow(dead_code)] // its main function
mod waveforms;

/// Keeps other tests from the device's random state.
fn alone() -> MutexGuard<'static, ()> {
    static RANDOM_STATE: Mutex<()> = Mutex::new(());
    RANDOM_STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `ndarray` where it is compiled in: LibTorch's sums repeat bit for bit only on one thread.
fn device() -> Device {
    let selected = select("ndarray").or_else(|_| select("auto"));
    selected.expect("a device").device
}

#[test]
fn waveforms_are_told_apart() {
    let _alone = alone();
    let result = waveforms::run(&device()).expect("a training");
    assert_eq!(result.count, 500);
    // Chance level is 1/3.
    assert!(result.accuracy() > 0.95, "{}", result.accuracy());
}

#[test]
fn numbers_are_written_backwards() {
    let _alone = alone();
    let (right, written) = encoder_decoder::run(&device()).expect("a training");
    // Chance level is 0.1.
    assert!(right > 0.99, "{right}");
    assert_eq!(written, [5, 4, 3, 2, 1, 1, 7, 0, 0, 8]);
}

#[test]
fn the_readme_is_learnt() {
    let _alone = alone();
    let loss = language_model::run(&device(), 4).expect("a training");
    // Chance level is ln 90 = 4.5; by the frequency of characters alone it would be about 3.2.
    assert!(loss < 2.3, "{loss}");
}
