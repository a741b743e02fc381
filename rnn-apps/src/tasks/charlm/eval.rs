use std::time::Instant;

use burn::module::Module;
use serde::Serialize;

use super::args::CharLmEvalArgs;
use super::data;
use super::judge::{self, Score};
use super::model::TrainedCharLm;
use crate::context::Context;
use crate::tasks::results::{CommonResults, EvaluationResults};
use crate::ui::Output;

/// The window after which the state is reset, of a model that was imported.
const RESET_WINDOW: usize = 100;

#[derive(Serialize)]
struct EvalScore {
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
    let text = match &args.file {
        Some(path) => data::open(path, args.replace_invalid)?,
        None => {
            let flags = "--file";
            let training = settings.evaluated_on(None, Clone::clone, run, flags)?;
            training.part(&training.open(args.data.as_deref())?, args.part)?
        }
    };
    out.field("run", run.path().display())?;
    out.field("text", text.path().display())?;
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
        data_as_trained: None,
        score: EvalScore {
            score,
            valid_nats_per_char_dynamic: dynamic,
        },
    })
}
