//! Helpers that the tests share.

use std::error::Error;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

/// Seeds every device, and locks the devices' random state, which all threads share, until the
/// guard is dropped. So a test that fails is reproducible.
pub fn seeded() -> MutexGuard<'static, ()> {
    static RANDOM_STATE: Mutex<()> = Mutex::new(());
    // A poisoned lock is harmless: the state is seeded anew.
    let guard = RANDOM_STATE.lock().unwrap_or_else(PoisonError::into_inner);
    for (_, device) in devices() {
        device.seed(1);
    }
    guard
}

/// What a program prints of an error: its text and those of its causes. Panics if one is said twice.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    if let Some(cause) = error.source() {
        let cause = chain(cause);
        assert!(!text.contains(&cause), "said twice: {text}: {cause}");
        text = format!("{text}: {cause}");
    }
    text
}

/// All devices that are compiled in and present, with their names, or only the one that the
/// environment variable `RNN_TEST_DEVICE` names. `wgpu:software` there means a driver that computes
/// on the CPU, such as Mesa's.
pub fn devices() -> Vec<(String, Device)> {
    static ONE_THREAD: Once = Once::new();
    // Tests run in parallel, so more threads would only compete for the processors.
    ONE_THREAD.call_once(|| {
        rnn_train::device::set_threads(Some(1)).expect("the first call");
    });
    // LibTorch's number of threads is set per calling thread, and each test has its own.
    rnn_train::device::set_threads(None).expect("the pool is there");
    let found = match std::env::var("RNN_TEST_DEVICE") {
        #[cfg(feature = "wgpu")]
        Ok(name) if name == "wgpu:software" => {
            return vec![(name, Device::wgpu(burn::tensor::DeviceKind::Cpu))];
        }
        Ok(name) => vec![rnn_train::select(&name).expect("RNN_TEST_DEVICE")],
        Err(_) => rnn_train::device::available(),
    };
    found
        .into_iter()
        .map(|selected| (selected.name, selected.device))
        .collect()
}

/// The largest difference between two tensors, relative to the largest entry of `expected`.
///
/// # Panics
///
/// If the shapes differ, or `found` holds NaN.
pub fn relative_error(found: &TensorData, expected: &TensorData) -> f64 {
    assert_eq!(found.shape(), expected.shape());
    let pairs = || found.iter::<f64>().zip(expected.iter::<f64>());
    let scale = pairs().fold(0.0f64, |max, (_, e)| max.max(e.abs()));
    pairs().fold(0.0, |max, (f, e)| {
        assert!(f.is_finite() && e.is_finite(), "found {f}, expected {e}");
        max.max((f - e).abs() / scale.max(1e-12))
    })
}

/// The largest difference between elements of two tensors, in proportion to what each may be off by:
/// `absolute + relative·|expected|`.
///
/// # Panics
///
/// If the shapes differ, or an element is NaN or infinite.
pub fn elementwise_error(
    found: &TensorData,
    expected: &TensorData,
    absolute: f64,
    relative: f64,
) -> f64 {
    assert_eq!(found.shape(), expected.shape());
    let pairs = found.iter::<f64>().zip(expected.iter::<f64>());
    pairs.fold(0.0, |max, (f, e)| {
        assert!(f.is_finite() && e.is_finite(), "found {f}, expected {e}");
        max.max((f - e).abs() / (absolute + relative * e.abs()))
    })
}

/// The gradients of `module`'s parameters, with their names.
pub fn gradients<M: Module>(module: &M, gradients: &Gradients) -> Vec<(String, TensorData)> {
    let mut visitor = Visitor {
        path: Vec::new(),
        gradients,
        found: Vec::new(),
    };
    module.visit(&mut visitor);
    visitor.found
}

struct Visitor<'a> {
    path: Vec<String>,
    gradients: &'a Gradients,
    found: Vec<(String, TensorData)>,
}

impl ModuleVisitor for Visitor<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.join(".");
        let gradient = param.val().grad(self.gradients);
        let gradient = gradient.unwrap_or_else(|| panic!("{name} has no gradient"));
        self.found.push((name, gradient.into_data()));
    }
}
