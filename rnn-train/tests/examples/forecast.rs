//! The example `forecast`: it stops early, and when it is killed and started again its result is, byte
//! by byte, that of a training that was not.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rnn_model::StateDict;
use rnn_train::checkpoint::Checkpoints;
use rnn_train::progress::{EpochReport, Observer, StepReport};
use rnn_train::{Fitted, StopReason, evaluate};

use super::{alone, device};

#[path = "../../examples/forecast.rs"]
#[allow(dead_code)] // its main function
mod example;

use example::{Forecaster, train, trainer, windows};

/// Names the folder in which the child process trains.
const FOLDER: &str = "RNN_TEST_FORECAST";
/// The step after which it waits to be killed: in the middle of an epoch of eight steps, after the
/// checkpoint of step 28.
const LAST_STEP: usize = 30;

fn fit(folder: Option<&Path>) -> Fitted<Forecaster> {
    let trainer = trainer(folder).expect("checkpoints");
    train(trainer, &device()).expect("a training")
}

fn weights(fitted: &Fitted<Forecaster>) -> Vec<u8> {
    let weights = StateDict::of(&fitted.model).to_safetensors();
    weights.expect("f32 weights")
}

fn untimed(fitted: &Fitted<Forecaster>) -> Vec<EpochReport> {
    let untimed = |report: &EpochReport| EpochReport {
        seconds: 0.0,
        step_seconds: 0.0,
        ..report.clone()
    };
    fitted.history.iter().map(untimed).collect()
}

#[test]
fn it_stops_early_with_the_best_weights() {
    let _alone = alone();
    let fitted = fit(None);
    assert_eq!(fitted.stop_reason, StopReason::OutOfPatience);
    let best = fitted.best_epoch.expect("a best epoch");
    assert_eq!(fitted.history.len(), best + 3);

    let error = |report: &EpochReport| report.valid_metric("mean_absolute_error").expect("it");
    let errors: Vec<f64> = fitted.history.iter().map(error).collect();
    let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(errors[best - 1], least);
    let result = evaluate(&fitted.model, &windows().1).expect("a result");
    let found = result.metric("mean_absolute_error").expect("it");
    assert!((found - least).abs() < 1e-6, "{found}, expected {least}");
    assert_eq!(result.count, 20 * 32);
    assert!(result.predictions.is_empty() && result.accuracy().is_nan());
    // The noise alone has 0.025; repeating the last value has 0.138.
    assert!(found < 0.075, "{found}");
}

#[test]
fn killed_and_resumed_it_is_the_same_training() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let checkpoints = Checkpoints::new(folder.path());
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "--exact",
            "forecast::a_training_that_waits_to_be_killed",
            "--ignored",
        ])
        .env(FOLDER, folder.path())
        .spawn()
        .expect("a child");
    let mut child = Killed(child);
    wait_for(&mut child.0, || {
        let names = checkpoints.names().expect("a folder");
        names.contains(&"step-00000028".to_owned())
    });
    child.0.kill().expect("SIGKILL");
    let status = child.0.wait().expect("its status");
    assert!(!status.success(), "{status}");
    let latest = checkpoints.latest().expect("a whole one").expect("one");
    assert_eq!(latest.steps_done(), 28);

    let (resumed, whole) = (fit(Some(folder.path())), fit(None));
    assert_eq!(untimed(&resumed), untimed(&whole));
    assert!(weights(&resumed) == weights(&whole), "the weights differ");
}

/// A child process that does not outlive its test, even one that fails.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until `is_there`, as long as the child lives.
fn wait_for(child: &mut Child, is_there: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_there() {
        if let Some(status) = child.try_wait().expect("a status") {
            panic!("the child ended: {status}");
        }
        assert!(start.elapsed() < Duration::from_secs(120), "too slow");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for ever after [`LAST_STEP`].
struct WaitAfter;

impl Observer for WaitAfter {
    fn step(&mut self, report: &StepReport) {
        if report.step == LAST_STEP {
            loop {
                std::thread::park();
            }
        }
    }
}

#[test]
#[ignore = "the child process of another test"]
fn a_training_that_waits_to_be_killed() {
    let folder = std::env::var_os(FOLDER).expect("set by the test that starts this one");
    let trainer = trainer(Some(Path::new(&folder))).expect("checkpoints");
    let fitted = train(trainer.with_observer(WaitAfter), &device()).expect("a training");
    panic!("it was not killed, but ended: {:?}", fitted.stop_reason);
}
