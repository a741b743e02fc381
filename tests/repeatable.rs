//! The same seed gives the same weights and the same history, to the last bit, on every CPU
//! backend.

use rnn_data::Strokes;
use rnn_model::{ClassifierConfig, LstmConfig, StateDict};
use rnn_train::optim::Schedule;
use rnn_train::progress::EpochReport;
use rnn_train::{FitConfig, ImageLoader, Trainer};

#[test]
fn the_same_seed_gives_the_same_run() {
    let digits = Strokes::new(9).generate(300).expect("digits");
    for (name, device) in tests::devices() {
        let train = |seed: u64| {
            device.seed(seed);
            let rnn = LstmConfig::new(28, 16).with_num_layers(2).with_dropout(0.3);
            let model = ClassifierConfig::new(rnn, 10).init(&device);
            let config = FitConfig {
                learning_rate: 0.01,
                schedule: Schedule::OneCycle,
                clip_norm: Some(1.0),
                seed,
                ..FitConfig::new(2)
            };
            let loader = ImageLoader::images(&digits, 32).shuffled(seed);
            let fitted = Trainer::new(config).fit(model, loader).expect("a training");
            let untimed = |report: EpochReport| EpochReport {
                seconds: 0.0,
                step_seconds: 0.0,
                ..report
            };
            let history: Vec<_> = fitted.history.into_iter().map(untimed).collect();
            let weights = StateDict::of(&fitted.model)
                .to_safetensors()
                .expect("f32 weights");
            (history, weights)
        };
        let (first, second, other) = (train(1), train(1), train(2));
        assert_eq!(first.0, second.0, "{name}");
        assert!(first.1 == second.1, "{name}: the weights differ");
        assert!(first.1 != other.1, "{name}: another seed, the same weights");
    }
}
