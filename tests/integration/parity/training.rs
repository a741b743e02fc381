use burn::tensor::TensorData;
use rnn_model::{CharRnnConfig, StateDict};
use rnn_train::optim::Schedule;
use rnn_train::{CharLoader, FitConfig, Trainer};
use tests::{devices, relative_error};

use super::golden;

#[test]
fn five_steps_of_training() {
    let _alone = tests::seeded();
    // The weights depend on the carried state, cross entropy, clipping, Adam, the one-cycle
    // schedule, and on their order.
    let golden = golden("training.safetensors");
    for (name, device) in devices() {
        let model = CharRnnConfig::new(5, 3, 5).init(&device);
        let model = golden.strip_prefix("before/").load_into(model);
        let model = model.expect("PyTorch's names and shapes are ours");
        let pairs = vec![(vec![0, 1, 0, 2, 3, 3], vec![1, 0, 2, 3, 3, 4])];
        let config = FitConfig {
            learning_rate: 0.1,
            schedule: Schedule::OneCycle,
            clip_norm: Some(0.5),
            carry_state: true,
            ..FitConfig::new(5)
        };
        let loader = CharLoader::sequences(pairs, 5, 1);
        let fitted = Trainer::new(config).fit(model, loader).expect("a training");

        let losses = fitted.history.iter().map(|report| report.train_loss as f32);
        let losses = TensorData::new(losses.collect::<Vec<_>>(), [5]);
        let error = relative_error(&losses, golden.get("losses").expect("losses"));
        assert!(error < 1e-5, "{name}: the losses are off by {error:e}");
        let expected = golden.strip_prefix("after/");
        let found = StateDict::of(&fitted.model);
        for parameter in expected.names() {
            let (found, expected) = (found.get(parameter), expected.get(parameter));
            let error = relative_error(found.expect(parameter), expected.expect(parameter));
            assert!(error < 1e-4, "{name}: {parameter} is off by {error:e}");
        }
    }
}
