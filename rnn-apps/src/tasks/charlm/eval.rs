use std::time::Instant;

use burn::module::Module;
use serde::Serialize;

use super::args::CharLmEvalArgs;
use super::data;
use super::judge::{self, Score};
use super::model::TrainedCharLm;
use crate::context::Context;
use crate::tasks::dataset;
use crate::tasks::results::{CommonResults, EvaluationResults};
use crate::ui::Output;

/// The window after which the state is reset, of a model that was imported.
const RESET_WINDOW: usize = 100;

#[derive(Serialize)]
struct EvalScore {
    text: String,
    /// Of the text that the run was trained on; none for another text.
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<&'static str>,
    #[serde(flatten)]
    score: Score,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_nats_per_char_dynamic: Option<f64>,
}

pub fn run(context: &Context, args: &CharLmEvalArgs, out: &mut Output) -> anyhow::Result<()> {
    let trained = TrainedCharLm::open(&args.run.run, &context.device, out)?;
    let TrainedCharLm {
        run,
        settings,
        vocab,
        model,
    } = &trained;
    let training = settings.training.as_ref();
    let (text, part, data_as_trained) = match &args.file {
        Some(path) => (data::open(path, args.replace_invalid)?, None, None),
        None => {
            let mut training = settings.evaluated_on(None, Clone::clone, run, "--file")?;
            training.replace_invalid |= args.replace_invalid;
            let of_name = match args.data {
                Some(_) => None,
                None => training.downloaded(),
            };
            let folder = dataset::folder(of_name, context, out)?;
            let whole = training.open(args.data.as_deref().or(folder.as_deref()))?;
            let as_trained = training.is_of(&whole)?;
            let part = Some(args.part.name());
            (training.part(&whole, args.part)?, part, Some(as_trained))
        }
    };
    if data_as_trained == Some(false) {
        out.warn(format_args!(
            "{}: not the text that the run was trained on",
            text.path().display()
        ));
    }
    out.field("run", run.path().display())?;
    let name = text.path().display();
    match part {
        Some(part) => out.field("text", format_args!("{name}, part: {part}"))?,
        None => out.field("text", &name)?,
    }
    out.line("")?;
    let start = Instant::now();
    let window = training.map_or(RESET_WINDOW, |training| training.window);
    let score = judge::score(model, &text, vocab, args.window.unwrap_or(window), out)?;
    let dynamic = match args.dynamic {
        true => Some(judge::dynamic(model, &text, vocab, args.dynamic_rate, out)?),
        false => None,
    };
    out.results(&EvaluationResults {
        common: CommonResults::new(context, "eval", run, settings, model.num_params()),
        epochs: None,
        seconds: start.elapsed().as_secs_f64(),
        data_as_trained,
        score: EvalScore {
            text: name.to_string(),
            part,
            score,
            valid_nats_per_char_dynamic: dynamic,
        },
    })
}
