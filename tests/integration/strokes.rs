//! An LSTM classifies the drawn digits, which are hard for a linear classifier (see rnn-data's own
//! test).

use rnn_data::Strokes;
use rnn_model::{ClassifierConfig, LstmConfig, RecurrentInit};
use rnn_train::optim::Schedule;
use rnn_train::{FitConfig, ImageLoader, Trainer, evaluate};

#[test]
fn an_lstm_reads_more_than_95_percent_of_the_drawn_digits() {
    let _alone = tests::seeded();
    let device = rnn_train::select("auto").expect("a device").device;
    let digits = Strokes::new(42).mnist(8_000, 2_000).expect("digits");
    let rnn = LstmConfig::new(28, 64)
        .with_recurrent_init(RecurrentInit::Orthogonal)
        .with_forget_bias(1.0);
    let model = ClassifierConfig::new(rnn, 10).init(&device);
    let config = FitConfig {
        learning_rate: 0.01,
        schedule: Schedule::OneCycle,
        clip_norm: Some(1.0),
        ..FitConfig::new(3)
    };
    let train = ImageLoader::images(&digits.train, 50).shuffled(0);
    let fitted = Trainer::new(config).fit(model, train).expect("a training");
    let result =
        evaluate(&fitted.model, &ImageLoader::images(&digits.test, 500)).expect("a result");
    assert_eq!(result.predictions.len(), 2_000);
    assert!(result.accuracy() >= 0.95, "{}", result.accuracy());
}
