//! The batches that trainings, validations and evaluations get, recorded where they are made.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::tensor::Device;
use rnn_data::{CharBatch, CharBatcher};
use rnn_model::{CharRnn, CharRnnConfig};
use rnn_train::checkpoint::Checkpoints;
use rnn_train::progress::{Observer, StepReport};
use rnn_train::{CharLoader, FitConfig, Loader, StopReason, Trainer, evaluate};
use tests::devices;

/// The items of batches, in the order in which the batches were made.
type Batches = Vec<Vec<usize>>;

/// Makes batches of numbers, and records which.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<Batches>>);

impl Record {
    /// What was recorded since the last call.
    fn take(&self) -> Batches {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }
}

impl Batcher<usize, CharBatch> for Record {
    fn batch(&self, items: Vec<usize>, device: &Device) -> CharBatch {
        let pairs = items.iter().map(|item| (vec![item % 3], vec![item % 3]));
        let batch = CharBatcher { characters: 3 }.batch(pairs.collect(), device);
        self.0.lock().expect("no panic").push(items);
        batch
    }
}

/// A loader of the numbers below `count`, and the record of its batches.
fn numbers(count: usize, batch_size: usize) -> (CharLoader, Record) {
    let record = Record::default();
    let dataset = InMemDataset::new((0..count).collect());
    let loader = Loader::new(Arc::new(dataset), Arc::new(record.clone()), batch_size);
    (loader, record)
}

fn model() -> CharRnn {
    let (_, device) = devices().swap_remove(0);
    CharRnnConfig::new(3, 2, 3).init(&device)
}

/// The batches that a training of two epochs gets, by epoch.
fn two_epochs(count: usize, batch_size: usize, seed: Option<u64>) -> [Batches; 2] {
    let (mut loader, record) = numbers(count, batch_size);
    if let Some(seed) = seed {
        loader = loader.shuffled(seed);
    }
    let num_batches = loader.num_batches();
    let trainer = Trainer::new(FitConfig::new(2));
    trainer.fit(model(), loader).expect("a training");
    let mut first = record.take();
    let second = first.split_off(num_batches);
    [first, second]
}

#[test]
fn an_epoch_has_every_item_once_and_a_short_last_batch() {
    let _alone = tests::seeded();
    let expected = [vec![0, 1, 2], vec![3, 4, 5], vec![6]];
    assert_eq!(two_epochs(7, 3, None), [&expected, &expected]);
    assert_eq!(numbers(7, 3).0.num_batches(), 3);

    for epoch in two_epochs(50, 7, Some(3)) {
        let sizes: Vec<usize> = epoch.iter().map(Vec::len).collect();
        assert_eq!(sizes, [7, 7, 7, 7, 7, 7, 7, 1]);
        let mut items = epoch.concat();
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}

#[test]
fn an_epoch_s_order_depends_on_seed_and_epoch_alone() {
    let _alone = tests::seeded();
    let [first, second] = two_epochs(50, 7, Some(3));
    assert_ne!(first, second);
    assert_ne!(first.concat(), (0..50).collect::<Vec<_>>());
    assert_eq!(two_epochs(50, 7, Some(3)), [first.clone(), second]);
    assert_ne!(two_epochs(50, 7, Some(4))[0], first);
    // However the items are put into batches.
    assert_eq!(two_epochs(50, 10, Some(3))[0].concat(), first.concat());
}

#[test]
fn a_resumed_training_gets_the_rest_of_the_epoch() {
    let _alone = tests::seeded();
    struct StopAfter(usize, Arc<AtomicBool>);
    impl Observer for StopAfter {
        fn step(&mut self, report: &StepReport) {
            if report.step == self.0 {
                self.1.store(true, Ordering::Relaxed);
            }
        }
    }
    for accumulate in [1, 3] {
        let config = FitConfig {
            accumulate,
            ..FitConfig::new(2)
        };
        let whole = two_epochs(50, 7, Some(3)).concat();
        let steps = 8usize.div_ceil(accumulate);
        for steps_done in 1..2 * steps {
            let folder = tempfile::tempdir().expect("a folder");
            let checkpoints = Checkpoints::new(folder.path());
            let trainer = || Trainer::new(config.clone()).with_checkpoints(checkpoints.clone());
            let (loader, record) = numbers(50, 7);
            let loader = loader.shuffled(3);
            let stop = Arc::new(AtomicBool::new(false));
            let stopped = trainer()
                .with_stop(stop.clone())
                .with_observer(StopAfter(steps_done, stop))
                .fit(model(), loader.clone())
                .expect("a training");
            assert_eq!(stopped.stop_reason, StopReason::Interrupted);
            record.take();

            let checkpoint = checkpoints.latest().expect("a folder").expect("one");
            let rest = trainer().resume(checkpoint).fit(model(), loader);
            rest.expect("a training");
            // An epoch's last step may have fewer batches than the others.
            let (epochs, steps_of_it) = (steps_done / steps, steps_done % steps);
            let done = epochs * 8 + steps_of_it * accumulate;
            assert_eq!(record.take(), whole[done..], "after {steps_done} steps");
        }
    }
}

#[test]
fn validation_and_evaluation_are_in_order() {
    let _alone = tests::seeded();
    let in_order = [vec![0, 1, 2], vec![3, 4, 5], vec![6]];
    let (valid, record) = numbers(7, 3);
    Trainer::new(FitConfig::new(2))
        .with_validation(valid)
        .fit(model(), numbers(4, 2).0)
        .expect("a training");
    assert_eq!(record.take(), [in_order.clone(), in_order.clone()].concat());

    let (loader, record) = numbers(7, 3);
    evaluate(&model(), &loader.shuffled(3)).expect("a result");
    assert_eq!(record.take(), in_order);
}
