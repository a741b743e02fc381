//! The tour: the notebook's sections in order.

use clap::{Args, Command};
use rnn_data::decode_digit;

use super::hihello::{self, HihelloArgs};
use super::shapes;
use super::two_sentences::{self, TwoSentencesArgs};
use crate::context::Context;
use crate::tasks::mnist::{self, Mnist, MnistArgs};
use crate::tasks::results::{CommonResults, TrainingResults};
use crate::tasks::train::{TrainArgs, train};
use crate::ui::Output;

/// A two drawn with a mouse, dark on light and not of MNIST's size.
const PICTURE: &[u8] = include_bytes!("../../pictures/two.png");
const PICTURE_NAME: &str = "two.png";

pub fn run(context: &Context, out: &mut Output) -> anyhow::Result<()> {
    // Only the tour itself prints a JSON line, not the commands that it runs.
    let mut show = out.without_results();
    show.line("Recurrent networks: the same weights at every step, and a state that remembers.")?;
    show.line("This tour shows what goes in and out, then teaches three of them: to spell, to")?;
    show.line("tag words and to read digits.")?;

    context.device.seed(context.seed);
    let (output, _) = shapes::rnn(context, &mut show)?;
    shapes::flatten_and_sample(context, output, &mut show)?;

    show.heading("hihell → ihello: learning what comes next")?;
    let args = parse::<HihelloArgs>("hihello --sample --temperature 0.85,2")?;
    hihello::run(context, &args, &mut show)?;
    show.line("\nThe letter h must become i at first and e later: only the state can tell which.")?;

    shapes::lstm(context, &mut show)?;

    show.heading("Words and tags: an LSTM that knows articles, nouns and verbs")?;
    let args = parse::<TwoSentencesArgs>("tagger")?;
    two_sentences::run(context, &args, &mut show)?;
    show.line("\nAn embedding turns a word's number into a vector, the LSTM reads the vectors in")?;
    show.line("order, and a linear layer scores the tags at every word.")?;

    show.heading("Digits, read row by row")?;
    show.line("An LSTM reads 28 rows of 28 pixels, one a step, and names the digit at the end.")?;
    show.line("The program draws the digits itself, from pen strokes of random slant and size:\n")?;
    mnist::show_digits(&mut show)?;
    let line =
        "train --hidden-size 64 --num-layers 1 --batch-size 50 --epochs 4 --learning-rate 0.01";
    let args = parse::<TrainArgs<MnistArgs>>(line)?;
    let results = train::<Mnist>(context, &args, &mut show)?;
    let run = &results.common.run;
    show.line("\nAnd a digit that it has never seen the like of, drawn with a mouse.")?;
    let digit = decode_digit(PICTURE)?;
    mnist::show_digit(context, run, (PICTURE_NAME, digit), &mut show)?;

    show.heading("What to try next")?;
    show.line("Each with `cargo run -p rnn-apps --` before it:\n")?;
    for (command, does) in [
        (
            format!("mnist predict --run {run} PICTURE"),
            "a digit that you have drawn, as PNG or JPEG",
        ),
        (
            format!("info {run}"),
            "what this run holds: settings, weights under PyTorch's names, results",
        ),
        (
            "mnist train --data FOLDER --cell rnn".to_owned(),
            "real MNIST from its four files, with a plain RNN",
        ),
        (
            "tagger train --data FOLDER --bidirectional".to_owned(),
            "a treebank of Universal Dependencies in place of two sentences",
        ),
        (
            "charlm train --data FILE".to_owned(),
            "a network that learns to write like a text of yours",
        ),
        (
            "hihello --hidden-size 8 --seed 7 --sample".to_owned(),
            "another speller, another start",
        ),
        ("devices".to_owned(), "where else this program can compute"),
        ("help".to_owned(), "all commands and flags"),
    ] {
        show.line(format_args!("   {command}\n      {does}"))?;
    }
    out.results(&TrainingResults {
        common: CommonResults {
            command: "tour".to_owned(),
            ..results.common
        },
        ..results
    })
}

/// Parses the flags of a command with clap, so that its defaults apply.
fn parse<A: Args>(line: &str) -> Result<A, clap::Error> {
    let command = A::augment_args(Command::new("tour"));
    let matches = command.try_get_matches_from(line.split(' '))?;
    A::from_arg_matches(&matches)
}
