//! Many streams through one network, step by step, on several threads.
//!
//! ```text
//! cargo run -p rnn-model --example streams
//! ```
//!
//! A server of this kind holds one network and, for each client, the state after what that one has sent
//! so far. `step` takes `&self` and remembers nothing: all threads share the network by reference, and a
//! stream's state goes into each call and comes out of it.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Instant;

use rnn_model::burn::tensor::{Device, Tensor};
use rnn_model::{Lstm, LstmConfig, LstmState};

const FEATURES: usize = 8;
const STREAMS: usize = 16;

/// What one client sends, and what the network remembers of it.
pub struct Stream {
    phase: f32,
    time: usize,
    /// None before the first step, which starts from zeros.
    state: Option<LstmState<3>>,
}

impl Stream {
    /// Streams that differ in phase.
    pub fn all() -> Vec<Self> {
        let stream = |i| Self {
            phase: i as f32,
            time: 0,
            state: None,
        };
        (0..STREAMS).map(stream).collect()
    }

    /// The next values, as a batch of one: `[1, FEATURES]`.
    fn receive(&mut self, device: &Device) -> Tensor<2> {
        self.time += 1;
        let value = |feature| (self.time as f32 / (feature + 2) as f32 + self.phase).sin();
        Tensor::from_floats([std::array::from_fn::<f32, FEATURES, _>(value)], device)
    }

    /// Goes on by one step.
    fn step(&mut self, lstm: &Lstm, device: &Device) {
        let input = self.receive(device);
        let (_output, state) = lstm.step(input, self.state.take());
        self.state = Some(state);
    }

    /// The hidden state, which is also the last output.
    pub fn hidden(&self) -> Option<Vec<f32>> {
        let state = self.state.clone()?;
        state.h.into_data().try_to_vec().ok()
    }
}

/// A network with the same weights each time.
pub fn network(device: &Device) -> Lstm {
    device.seed(1);
    LstmConfig::new(FEATURES, 64).init(device)
}

/// Lets the threads share the streams, each of which goes on by so many steps.
pub fn run(lstm: &Lstm, streams: &mut [Stream], threads: usize, steps: usize, device: &Device) {
    let share = streams.len().div_ceil(threads);
    thread::scope(|scope| {
        for mine in streams.chunks_mut(share) {
            scope.spawn(move || {
                for _ in 0..steps {
                    mine.iter_mut().for_each(|stream| stream.step(lstm, device));
                }
            });
        }
    });
}

#[allow(deprecated)] // Burn 0.22 develops its ndarray backend no further
fn main() {
    let device = Device::ndarray();
    let lstm = network(&device);
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let doubled = std::iter::successors(Some(1), |threads| Some(threads * 2));
    for threads in doubled.take_while(|&threads| threads <= processors.min(STREAMS)) {
        let (steps, start) = (2000, Instant::now());
        run(&lstm, &mut Stream::all(), threads, steps, &device);
        let rate = (STREAMS * steps) as f64 / start.elapsed().as_secs_f64();
        println!("{threads:>2} threads: {rate:>8.0} steps per second");
    }
}
