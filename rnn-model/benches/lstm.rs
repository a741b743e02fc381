//! How an LSTM's time grows with the sequence and with the batch, and what the processor could do at
//! most: `cargo bench --workspace --bench lstm`.
//!
//! Throughput counts floating-point operations of the matrix products, two per multiplication: the
//! same per second down a table is time that grows linearly.

use burn::module::Module as _;
use burn::tensor::{Device, Distribution, Tensor};
use divan::Bencher;
use divan::counter::ItemsCount;
use pulp::{Arch, Simd, WithSimd};
use rnn_model::{Lstm, LstmConfig};

const SIZES: [usize; 4] = [16, 64, 256, 1024];
const INPUT_SIZE: usize = 128;
const HIDDEN_SIZE: usize = 128;

fn main() {
    divan::main();
}

/// The default backend.
fn device() -> Device {
    #[allow(
        deprecated,
        reason = "burn-ndarray is deprecated as a whole; it is the default here"
    )]
    Device::ndarray()
}

/// An LSTM and an input, `[batch, time, 128]`; floating-point operations of a pass forward.
fn layer(device: &Device, time: usize, batch: usize) -> (Lstm, Tensor<3>, usize) {
    let lstm = LstmConfig::new(INPUT_SIZE, HIDDEN_SIZE).init(device);
    let shape = [batch, time, INPUT_SIZE];
    let input = Tensor::random(shape, Distribution::Normal(0.0, 1.0), device);
    let products = time * batch * 4 * HIDDEN_SIZE * (INPUT_SIZE + HIDDEN_SIZE);
    (lstm, input, 2 * products)
}

fn forward(bencher: Bencher<'_, '_>, time: usize, batch: usize) {
    let (lstm, input, operations) = layer(&device(), time, batch);
    let bencher = bencher.counter(ItemsCount::new(operations));
    bencher.bench_local(|| lstm.forward(input.clone(), None));
}

/// Forward and back, with the gradients of the input and of all weights.
fn train(bencher: Bencher<'_, '_>, time: usize, batch: usize) {
    let (lstm, input, operations) = layer(&device().autodiff(), time, batch);
    let input = input.require_grad();
    let bencher = bencher.counter(ItemsCount::new(3 * operations));
    bencher.bench_local(|| {
        let (output, _) = lstm.forward(input.clone(), None);
        output.sum().backward()
    });
}

#[divan::bench(args = SIZES)]
fn forward_by_time_64_sequences(bencher: Bencher<'_, '_>, time: usize) {
    forward(bencher, time, 64);
}

#[divan::bench(args = SIZES)]
fn forward_by_batch_64_steps(bencher: Bencher<'_, '_>, batch: usize) {
    forward(bencher, 64, batch);
}

#[divan::bench(args = SIZES)]
fn train_by_time_64_sequences(bencher: Bencher<'_, '_>, time: usize) {
    train(bencher, time, 64);
}

#[divan::bench(args = SIZES)]
fn train_by_batch_64_steps(bencher: Bencher<'_, '_>, batch: usize) {
    train(bencher, 64, batch);
}

/// A step of a stream, one sequence: bound by reading the weights.
#[divan::bench(args = [128, 512, 1024])]
fn step_by_hidden_size(bencher: Bencher<'_, '_>, hidden_size: usize) {
    let device = device();
    let lstm = LstmConfig::new(INPUT_SIZE, hidden_size).init(&device);
    let input = Tensor::<2>::ones([1, INPUT_SIZE], &device);
    let (_, state) = lstm.step(input.clone(), None);
    let bencher = bencher.counter(ItemsCount::new(2 * lstm.num_params()));
    bencher.bench_local(|| lstm.step(input.clone(), Some(state.clone())));
}

/// Multiplications and additions on numbers that never leave the registers, on all threads at once:
/// what nothing can be faster than.
#[divan::bench]
fn peak_of_all_threads(bencher: Bencher<'_, '_>) {
    let arch = Arch::new();
    let per_thread = arch.dispatch(Peak);
    let threads = rnn_model::threads().get();
    bencher
        .counter(ItemsCount::new(per_thread * threads))
        .bench_local(|| {
            std::thread::scope(|scope| {
                for _ in 1..threads {
                    scope.spawn(|| arch.dispatch(Peak));
                }
                arch.dispatch(Peak)
            })
        });
}

struct Peak;

impl WithSimd for Peak {
    type Output = usize;

    /// Returns how many operations it did.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        const SUMS: usize = 12;
        const ROUNDS: usize = 1 << 20;
        let (x, y) = (simd.splat_f32s(0.999), simd.splat_f32s(1e-3));
        let mut sums = [y; SUMS];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f32s(*sum, x, y);
            }
        }
        divan::black_box(sums);
        2 * SUMS * ROUNDS * S::F32_LANES
    }
}
