//! Batches of ids, and the language models that read them.

use burn::data::dataloader::batcher::Batcher;
use burn::tensor::{Device, Int, Tensor};
use rnn_data::{IdBatcher, PaddedVectors, StreamRow, StreamWindow, Streams};
use rnn_model::{CharRnnConfig, LanguageModelConfig, Lengths, LstmConfig, RnnConfig, StateDict};
use rnn_train::data::IdLoader;
use rnn_train::metrics::{evaluate, evaluate_carrying};
use rnn_train::{CharLoader, FitConfig, Trainer};
use tests::devices;

fn documents() -> Vec<Vec<usize>> {
    [23, 2, 31, 7]
        .into_iter()
        .map(|len| (0..len).map(|i: usize| (i * i / 3 + len) % 5).collect())
        .collect()
}

fn streams(rows: usize, window: usize) -> Streams {
    Streams::new(documents(), rows, window).expect("documents")
}

fn ints<const D: usize>(tensor: &Tensor<D, Int>) -> Vec<i64> {
    tensor.to_data().iter::<i64>().collect()
}

#[test]
fn a_batch_of_ids_is_padded_and_knows_where() {
    for (name, device) in devices() {
        let pairs = vec![(vec![3, 1, 2], vec![1, 2, 0]), (vec![4], vec![2])];
        let batch = IdBatcher { vocab_size: 5 }.batch(pairs, &device);
        assert_eq!(batch.ids.dims(), [2, 3], "{name}");
        assert_eq!(ints(&batch.ids), [3, 1, 2, 4, 0, 0], "{name}");
        assert_eq!(ints(&batch.targets), [1, 2, 0, 2], "{name}");
        assert_eq!(batch.lengths, [3, 1], "{name}");
        assert_eq!(batch.starts, [false, false], "{name}");
        let positions = batch.positions().expect("padding");
        assert_eq!(ints(&positions), [0, 1, 2, 3], "{name}");

        // A row whose stream has ended.
        let row = |ids: &[usize], starts| StreamRow {
            inputs: ids.to_vec(),
            targets: ids.to_vec(),
            starts,
        };
        let rows = vec![row(&[1, 2], false), row(&[], false), row(&[3, 4], true)];
        let window = StreamWindow { rows };
        let batch = IdBatcher { vocab_size: 5 }.batch(vec![window], &device);
        assert_eq!(ints(&batch.ids), [1, 2, 0, 0, 3, 4], "{name}");
        assert_eq!(batch.lengths, [2, 0, 2], "{name}");
        assert_eq!(batch.starts, [false, false, true], "{name}");
        let positions = batch.positions().expect("padding");
        assert_eq!(ints(&positions), [0, 1, 4, 5], "{name}");

        let even = vec![(vec![3, 1], vec![1, 2]), (vec![4, 0], vec![2, 2])];
        let batch = IdBatcher { vocab_size: 5 }.batch(even, &device);
        assert!(batch.positions().is_none(), "{name}");
    }
}

#[test]
fn wrong_ids_and_lengths_are_said() {
    let device: Device = devices().swap_remove(0).1;
    let says = |pairs: Vec<(Vec<usize>, Vec<usize>)>| {
        let device = device.clone();
        let batch = move || IdBatcher { vocab_size: 5 }.batch(pairs, &device);
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(batch));
        let panic = panic.expect_err("a panic");
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
    };
    for (pairs, expected) in [
        (vec![(vec![5], vec![0])], "expected an id below 5, found 5"),
        (vec![(vec![0], vec![7])], "expected an id below 5, found 7"),
        (
            vec![(vec![0, 1], vec![0])],
            "expected as many targets as inputs, 2, found 1",
        ),
        (Vec::new(), "expected at least one sequence"),
    ] {
        assert_eq!(says(pairs).as_deref(), Some(expected));
    }
}

#[test]
fn a_language_model_over_one_hot_vectors_is_a_character_model() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let characters = CharRnnConfig::new(5, 6, 5).init(&device);
        let tokens = LanguageModelConfig::new(RnnConfig::new(5, 6), 5).with_one_hot(true);
        let tokens = StateDict::of(&characters)
            .load_into(tokens.init(&device))
            .expect("the same names");
        for (rows, window) in [(1, 100), (3, 4)] {
            let by_vector = CharLoader::streams(streams(rows, window), 5);
            let by_vector = evaluate_carrying(&characters, &by_vector).expect("a result");
            let by_id = IdLoader::streams(streams(rows, window), 5);
            let by_id = evaluate_carrying(&tokens, &by_id).expect("a result");
            assert!((by_id.loss - by_vector.loss).abs() < 1e-6, "{name}");
            assert_eq!(by_id.predictions, by_vector.predictions, "{name}");
            let perplexity = by_id.metric("perplexity").expect("a metric");
            assert!((perplexity - by_id.loss.exp()).abs() < 1e-9, "{name}");
        }
    }
}

#[test]
fn windows_of_ids_give_the_losses_of_whole_documents() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let lstm = LstmConfig::new(3, 6).with_num_layers(2);
        let model = LanguageModelConfig::new(lstm, 5).init(&device);
        let whole = IdLoader::sequences(
            documents()
                .iter()
                .map(|ids| (ids[..ids.len() - 1].to_vec(), ids[1..].to_vec()))
                .collect(),
            5,
            2,
        );
        let whole = evaluate(&model, &whole).expect("a result");
        let windows = IdLoader::streams(streams(1, 4), 5);
        let windows = evaluate_carrying(&model, &windows).expect("a result");
        assert!((whole.loss - windows.loss).abs() < 1e-6, "{name}");
        assert_eq!(whole.count, windows.count, "{name}");

        let config = FitConfig {
            carry_state: true,
            learning_rate: 0.05,
            ..FitConfig::new(20)
        };
        let fitted = Trainer::new(config)
            .fit(model, IdLoader::streams(streams(2, 4), 5))
            .expect("a training");
        let losses: Vec<f64> = fitted
            .history
            .iter()
            .map(|report| report.train_loss)
            .collect();
        assert!(losses[19] < 0.9 * losses[0], "{name}: {losses:?}");
    }
}

#[test]
fn padded_vectors_give_each_sequence_its_own_result() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let long: Vec<f32> = (0..10).map(|i| i as f32 / 10.0).collect();
        let short = [0.3, -0.2, 0.1, 0.4];
        let batch = PaddedVectors::new(&[&short, &long], 2, &device);
        let [_, time, _] = batch.vectors().dims();
        assert_eq!((batch.lengths(), time), (&[2, 5][..], 5), "{name}");
        assert_eq!(ints(&batch.positions()), [0, 1, 5, 6, 7, 8, 9], "{name}");
        let lstm = LstmConfig::new(2, 3).init(&device);
        let lengths = Lengths::new(batch.lengths(), time).expect("lengths");
        let (_, state) = lstm.forward_with_lengths(batch.vectors().clone(), &lengths, None);
        let alone = PaddedVectors::new(&[&short], 2, &device);
        let (_, alone) = lstm.forward(alone.vectors().clone(), None);
        let difference = state.h.narrow(1, 0, 1) - alone.h;
        let difference: f32 = difference.abs().max().into_scalar();
        assert!(difference < 1e-6, "{name}: {difference}");
    }
}
