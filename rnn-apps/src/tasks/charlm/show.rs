use std::path::{Path, PathBuf};

use anyhow::Context as _;
use burn::module::Module;
use clap::Args;
use rnn_data::fs::write_file;
use rnn_data::text::{HARBOUR, Text};
use rnn_train::language::CharModel;
use serde::Serialize;

use super::activity::Unit;
use super::model::TrainedCharLm;
use super::reader::Reader;
use super::{data, sample};
use crate::cli::values::{drawn_chars, drawn_rows, items_or_none, svg};
use crate::cli::{TrainedRun, WrongUsage};
use crate::context::Context;
use crate::report::{ActivityPicture, ActivityRow};
use crate::tasks::input;
use crate::tasks::recurrent::CellKind;
use crate::tasks::results::{CommonResults, PredictionResults};
use crate::ui::{Grouped, Output};

#[derive(Args, Debug)]
pub struct CharLmShowArgs {
    #[command(flatten)]
    pub run: TrainedRun,
    /// The text to read: a file, or a folder of .txt files; - for standard input [default: the play that
    /// the program holds]
    #[arg(long, value_name = "FILE")]
    pub text: Option<PathBuf>,
    /// The .svg file to write
    #[arg(long, value_name = "FILE", value_parser = svg)]
    pub out: PathBuf,
    /// The layer, from 0, as in the names of its weights [default: the last]
    #[arg(long, value_name = "N", value_parser = items_or_none)]
    pub layer: Option<usize>,
    /// How many units to draw: those that vary most along the text
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = drawn_rows)]
    pub units: usize,
    /// Draw this unit, from 0 (can be repeated)
    #[arg(long, value_name = "I", value_parser = items_or_none, conflicts_with = "units")]
    pub unit: Vec<usize>,
    /// The most characters to draw
    #[arg(long, default_value_t = 300, value_name = "N", value_parser = drawn_chars)]
    pub length: usize,
    /// Characters before those to draw, which are read first
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = items_or_none)]
    pub start: usize,
    /// Put U+FFFD in the place of bytes of a file that are not UTF-8
    #[arg(long)]
    pub replace_invalid: bool,
}

/// The results in JSON.
#[derive(Serialize)]
struct Shown {
    file: String,
    text: String,
    /// How many were read before those that are drawn.
    start: usize,
    characters: usize,
    layer: usize,
    /// What was drawn of a unit.
    quantity: &'static str,
    units: Vec<Unit>,
}

pub fn run(context: &Context, args: &CharLmShowArgs, out: &mut Output) -> anyhow::Result<()> {
    let TrainedCharLm {
        run,
        settings,
        vocab,
        model,
    } = TrainedCharLm::open(&args.run.run, &context.device, out)?;
    let parameters = model.num_params();
    let model = CharModel::new(model, vocab).with_context(|| run.path().display().to_string())?;
    let recurrent = &settings.model.recurrent;
    let (num_layers, num_units) = (recurrent.num_layers, recurrent.hidden_size);
    let layer = args.layer.unwrap_or(num_layers.saturating_sub(1));
    check("layer", layer, num_layers, run.path())?;
    for &unit in &args.unit {
        check("unit", unit, num_units, run.path())?;
    }
    let quantity = match settings.model.own.cell {
        CellKind::Lstm => "tanh of the cell state",
        CellKind::Rnn | CellKind::Gru => "hidden state",
    };

    let text = open(args)?;
    let name = text.path().display();
    out.field("run", run.path().display())?;
    out.field("text", &name)?;
    out.field(
        "layer",
        format_args!("{layer} of 0 to {}, its {quantity}", num_layers - 1),
    )?;
    let mut reader = Reader::new(&model, layer, &context.device);
    let (shown, activity) = reader.read_text(&text, args.start, args.length, num_units)?;
    sample::warn_of_unknown(&model, &shown, "text", out);
    let units = match args.unit.is_empty() {
        true => activity.most_varying(args.units),
        false => activity.units(&args.unit),
    };

    let run_name = run.path().file_name().unwrap_or(run.path().as_os_str());
    let picture = ActivityPicture {
        title: format!("{}: units of layer {layer}", run_name.display()),
        quantity: quantity.to_owned(),
        first: args.start as u64 + 1,
        text: shown.chars().collect(),
        rows: units.iter().map(row).collect(),
    };
    let svg = picture.svg()?;
    let file = args.out.display();
    write_file(&args.out, svg.as_bytes()).with_context(|| file.to_string())?;
    let characters = picture.text.len();
    out.line(format_args!(
        "\n{file}: {} units along {} characters",
        Grouped(units.len()),
        Grouped(characters)
    ))?;
    out.results(&PredictionResults {
        common: CommonResults::new(context, "show", &run, &settings, parameters),
        predictions: Shown {
            file: file.to_string(),
            text: name.to_string(),
            start: args.start,
            characters,
            layer,
            quantity,
            units,
        },
    })
}

/// Refuses a number of `--layer` or `--unit` that the model has not.
fn check(flag: &str, number: usize, count: usize, run: &Path) -> Result<(), WrongUsage> {
    match number < count {
        true => Ok(()),
        false => Err(WrongUsage(format!(
            "--{flag}: expected a number below {count}, since the model of {} has so many {flag}s, found \
             {number}",
            run.display()
        ))),
    }
}

fn open(args: &CharLmShowArgs) -> anyhow::Result<Text> {
    match &args.text {
        None => Ok(Text::from_string("the embedded play", HARBOUR)),
        Some(path) if path == Path::new("-") => {
            Ok(Text::from_string("standard input", input::read(path)?))
        }
        Some(path) => data::open(path, args.replace_invalid),
    }
}

fn row(unit: &Unit) -> ActivityRow {
    ActivityRow {
        name: format!("unit {}", unit.index),
        values: unit.values.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_or_unit_that_there_is_not_is_refused() {
        let run = Path::new("runs/charlm-1");
        assert!(check("unit", 4, 5, run).is_ok());
        let error = check("layer", 2, 2, run).expect_err("no such layer");
        assert_eq!(
            error.to_string(),
            "--layer: expected a number below 2, since the model of runs/charlm-1 has so many layers, \
             found 2"
        );
    }
}
