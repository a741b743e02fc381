//! Several threads that call the kernels of one network at the same time.

use std::sync::Barrier;
use std::thread;

use burn::tensor::{Device, Tensor, TensorData};

use super::{ours, random};
use crate::{Lstm, LstmConfig};

const CALLERS: usize = 4;

/// A stream of single steps, and then a batch of sequences from the state after them. Both are enough
/// work to be shared among threads.
fn run(lstm: &Lstm, stream: &Tensor<3>) -> Vec<TensorData> {
    let [steps, _, _] = stream.dims();
    let mut state = None;
    let mut found = Vec::new();
    for t in 0..steps {
        let step = stream.clone().narrow(0, t, 1).squeeze_dim::<2>(0);
        let (output, next) = lstm.step(step, state);
        found.push(output.into_data());
        state = Some(next);
    }
    let batch = stream.clone().swap_dims(0, 1).expand([8, steps, 32]);
    let (output, state) = lstm.forward(batch, None);
    found.extend([output, state.h, state.c].map(Tensor::into_data));
    found
}

fn streams(device: &Device) -> Vec<Tensor<3>> {
    (0..CALLERS).map(|_| random([30, 1, 32], device)).collect()
}

#[test]
fn callers_at_the_same_time_get_the_same_bits_as_alone() {
    for device in ours() {
        let lstm = LstmConfig::new(32, 256).init(&device);
        let streams = streams(&device);
        let alone: Vec<_> = streams.iter().map(|stream| run(&lstm, stream)).collect();
        for _ in 0..3 {
            let start = Barrier::new(CALLERS);
            thread::scope(|scope| {
                for (stream, alone) in streams.iter().zip(&alone) {
                    let (lstm, start) = (&lstm, &start);
                    scope.spawn(move || {
                        start.wait();
                        assert!(run(lstm, stream) == *alone, "other bits than alone");
                    });
                }
            });
        }
    }
}
