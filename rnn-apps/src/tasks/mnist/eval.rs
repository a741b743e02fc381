use std::time::Instant;

use burn::module::Module;
use rnn_train::data::fingerprint;

use super::args::MnistEvalArgs;
use super::model::{load, open};
use super::{data, judge};
use crate::context::Context;
use crate::tasks::results::{CommonResults, EvaluationResults, epochs_of};
use crate::ui::progress::with_spinner;
use crate::ui::{Grouped, Output};

pub fn run(context: &Context, args: &MnistEvalArgs, out: &mut Output) -> anyhow::Result<()> {
    let (run, settings) = open(&args.run.run)?;
    let training = settings.training.as_ref();
    let given = args.source.is_given().then(|| args.source.clone());
    let source = settings.evaluated_on(given, |t| t.source(), &run, "--data or --dataset")?;
    let images = with_spinner(out, "reading the images".to_owned(), || data::open(&source))?;
    out.field("run", run.path().display())?;
    let data_as_trained = training.map(|t| fingerprint(&images.test) == t.test_fingerprint);
    let count = Grouped(images.test.len());
    out.field(
        "images",
        match data_as_trained {
            Some(false) => format!("{count}, not those that the training was tested on\n"),
            _ => format!("{count}\n"),
        },
    )?;
    settings.model.check_columns(&images.test, &run)?;

    let start = Instant::now();
    let model = load(&run, &settings, &context.device, out)?;
    let (score, _) = judge::test(&model, &images.test, None, out)?;
    out.results(&EvaluationResults {
        common: CommonResults::new(context, "eval", &run, &settings, model.num_params()),
        epochs: training.map(|t| epochs_of(&t.fit, &run)).transpose()?,
        seconds: start.elapsed().as_secs_f64(),
        data_as_trained,
        score,
    })
}
