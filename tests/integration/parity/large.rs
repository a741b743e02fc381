//! Modules of more units than a vector holds, in one layer and in stacked ones, and work that several
//! threads share.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use burn::tensor::TensorData;
use rnn_model::{GruStep, LstmStep, RnnStep, StateDict};
use tests::devices;

use super::modules::{Options, Sizes, check_module};
use super::{Case, cases, is, option};

fn sizes(case: &str) -> Sizes {
    let hidden = option(case, "hidden").and_then(|size| size.parse().ok());
    let (batch, time) = if is(case, "threads") {
        (24, 12)
    } else {
        (7, 4)
    };
    Sizes {
        batch,
        time,
        input: 19,
        hidden: hidden.expect("a size"),
    }
}

/// Lengths from 1 to the number of steps, not in order.
pub fn spread_lengths(batch: usize, time: usize) -> Vec<usize> {
    let length = |sequence| 1 + (5 * sequence + 2) % time;
    (0..batch).map(length).collect()
}

fn cases_of(kind: &str, threads: bool) -> Vec<(String, StateDict)> {
    let mut cases = cases("large.safetensors");
    cases.retain(|(name, _)| is(name, kind) && is(name, "threads") == threads);
    cases
}

/// Outputs and gradients by name.
type Found = Vec<(String, TensorData)>;

fn check<C: Options>((name, golden): &(String, StateDict)) -> Vec<(String, Found)> {
    let check = |(device_name, device): (String, burn::tensor::Device)| {
        let case = Case {
            name,
            golden,
            device: &device.autodiff(),
            device_name: &device_name,
            shapes: BTreeMap::new(),
        };
        let found = check_module::<C>(case, sizes(name));
        (device_name, found)
    };
    devices().into_iter().map(check).collect()
}

fn check_sizes<C: Options>(kind: &str) {
    let _alone = tests::seeded();
    let cases = cases_of(kind, false);
    // Three sizes, each in one layer and in two.
    assert_eq!(cases.len(), 6, "{kind}");
    for case in &cases {
        check::<C>(case);
    }
}

#[test]
fn rnn_above_a_vectors_size() {
    check_sizes::<RnnStep>("RNN");
}

#[test]
fn lstm_above_a_vectors_size() {
    check_sizes::<LstmStep>("LSTM");
}

#[test]
fn gru_above_a_vectors_size() {
    check_sizes::<GruStep>("GRU");
}

/// Gives the other tests their one thread back.
struct Threads;

impl Threads {
    fn set(&self, threads: usize) {
        rnn_model::set_threads(NonZeroUsize::new(threads).expect("not zero"));
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        rnn_model::set_threads(NonZeroUsize::MIN);
    }
}

/// The kernels' threads in this process besides those that call them.
#[cfg(target_os = "linux")]
fn helpers() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the process's threads");
    let names = tasks.filter_map(|task| std::fs::read(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.starts_with(b"rnn-kernel")).count()
}

/// With any number of threads the results are PyTorch's; with the same number they have the same bits.
#[test]
fn several_threads_give_pytorchs_numbers() {
    fn check_threads<C: Options>(threads: &Threads, kind: &str) {
        let cases = cases_of(kind, true);
        assert_eq!(cases.len(), 1, "{kind}");
        let mut before = BTreeMap::new();
        for count in [1, 2, 3, 5, 3, 2, 1] {
            threads.set(count);
            for (device, found) in check::<C>(&cases[0]) {
                // Fewer, if the work was too little to be shared.
                #[cfg(target_os = "linux")]
                if ["ndarray", "flex"].contains(&device.as_str()) {
                    let helpers = helpers();
                    assert!(helpers + 1 >= count, "{helpers} helpers of {count} threads");
                }
                let what = format!("{kind}, {device}, {count} threads");
                match before.get(&(count, device.clone())) {
                    None => {
                        before.insert((count, device), found);
                    }
                    // GPUs may add in another order each time.
                    Some(before) if is_repeatable(&device) => {
                        assert!(*before == found, "{what}: other bits than before");
                    }
                    Some(_) => {}
                }
            }
        }
    }
    let _alone = tests::seeded();
    let threads = Threads;
    check_threads::<RnnStep>(&threads, "RNN");
    check_threads::<LstmStep>(&threads, "LSTM");
    check_threads::<GruStep>(&threads, "GRU");
}

fn is_repeatable(device: &str) -> bool {
    ["ndarray", "flex", "libtorch"].contains(&device)
}
