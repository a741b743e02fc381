//! `hihell` → `ihello`, on every device.

use rnn_data::{Vocab, one_hot};
use rnn_model::CharRnnConfig;
use rnn_train::progress::{EpochReport, Observer};
use rnn_train::{CharLoader, FitConfig, Trainer};
use std::sync::{Arc, Mutex};
use tests::devices;

// h, i, e, l, o
const HIHELL: [usize; 6] = [0, 1, 0, 2, 3, 3];
const IHELLO: [usize; 6] = [1, 0, 2, 3, 3, 4];

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<EpochReport>>>);

impl Observer for Seen {
    fn epoch(&mut self, report: &EpochReport) {
        self.0.lock().expect("one thread").push(report.clone());
    }
}

#[test]
fn an_rnn_learns_ihello_on_every_device() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        // More hidden units than the notebook's 3, so that training succeeds from any initial
        // weights.
        let model = CharRnnConfig::new(5, 16, 5).init(&device);
        let loader = CharLoader::sequences(vec![(HIHELL.to_vec(), IHELLO.to_vec())], 5, 1);
        let config = FitConfig {
            learning_rate: 0.05,
            carry_state: true,
            keep_predictions: true,
            ..FitConfig::new(80)
        };
        let seen = Seen::default();
        let fitted = Trainer::new(config)
            .with_observer(seen.clone())
            .fit(model, loader)
            .unwrap_or_else(|error| panic!("{name}: {error}"));

        let reports = seen.0.lock().expect("one thread");
        assert_eq!(reports.len(), 80, "{name}");
        assert_eq!(*reports, fitted.history, "{name}");
        let (first, last) = (&reports[0], &reports[79]);
        assert!(
            last.train_loss < 0.1 * first.train_loss,
            "{name}: {} → {}",
            first.train_loss,
            last.train_loss
        );
        assert_eq!(last.predictions, IHELLO, "{name}");
        assert_eq!(last.train_metric("accuracy"), Some(1.0), "{name}");

        let state = fitted.state.expect("a carried state").without_autodiff();
        let input = one_hot(&[&HIHELL], 5, &device);
        let (logits, _) = fitted.model.forward(input, Some(state));
        let found: Vec<i64> = logits.argmax(2).into_data().iter().collect();
        assert_eq!(found, IHELLO.map(|class| class as i64), "{name}");
    }
}

#[test]
fn one_hot_vectors_are_those_of_the_notebook() {
    let vocab = Vocab::in_order(["h", "i", "e", "l", "o"]);
    let ids = vocab.encode_chars("hihell").expect("known characters");
    assert_eq!(ids, HIHELL);
    for (name, device) in devices() {
        let vectors = one_hot(&[&ids], vocab.len(), &device);
        assert_eq!(vectors.dims(), [1, 6, 5], "{name}");
        let found: Vec<f32> = vectors.into_data().iter().collect();
        let expected = [
            [1, 0, 0, 0, 0],
            [0, 1, 0, 0, 0],
            [1, 0, 0, 0, 0],
            [0, 0, 1, 0, 0],
            [0, 0, 0, 1, 0],
            [0, 0, 0, 1, 0],
        ];
        assert_eq!(
            found,
            expected
                .concat()
                .iter()
                .map(|&x| x as f32)
                .collect::<Vec<_>>()
        );
    }
}
