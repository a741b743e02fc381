//! The tour: the notebook in a minute.

use clap::Parser;

use super::{Context, hihello, mnist, shapes};
use crate::cli::{Cli, Command, MnistCommand};
use crate::output::Output;

pub fn run(context: &Context, out: &mut Output) -> anyhow::Result<()> {
    // A tour's result is what it shows; the commands it runs leave their JSON lines out.
    let mut show = out.without_results();
    show.line("Recurrent networks: the same weights at every step, and a state that remembers.")?;
    show.line("This tour shows their shapes, teaches one a word, and one to read digits.")?;
    shapes::run(context, &mut show)?;

    show.heading("hihell → ihello: learning what comes next")?;
    let Some(Command::Hihello(args)) = parse("hihello --epochs 40") else {
        unreachable!("a fixed command line")
    };
    hihello::run(context, &args, &mut show)?;
    show.line("\nThe letter h must become i at first and e later: only the state can tell which.")?;

    show.heading("Digits, read row by row")?;
    show.line("An LSTM reads 28 rows of 28 pixels, one a step, and names the digit at the end.")?;
    show.line("The program draws the digits itself, from pen strokes of random slant and size:\n")?;
    mnist::show_digits(&mut show)?;
    let line = "mnist train --hidden-size 64 --num-layers 1 --batch-size 50 --epochs 4 --learning-rate 0.01";
    let Some(Command::Mnist(MnistCommand::Train(args))) = parse(line) else {
        unreachable!("a fixed command line")
    };
    let results = mnist::train(context, args, &mut show)?;

    show.heading("What to try next")?;
    show.line("Each with `cargo run -p rnn-apps --` before it:\n")?;
    for (command, does) in [
        (
            format!("mnist eval --run {}", results.run),
            "the accuracy again, from the saved weights",
        ),
        (
            "mnist train --cell rnn".to_owned(),
            "a plain RNN on the same digits",
        ),
        (
            "mnist train --data FOLDER".to_owned(),
            "real MNIST, from its four files",
        ),
        (
            "mnist train --recipe notebook".to_owned(),
            "without orthogonal weights and clipping",
        ),
        (
            "hihello --hidden-size 8 --seed 7".to_owned(),
            "another network, another start",
        ),
        ("help".to_owned(), "all commands and flags"),
    ] {
        show.line(format_args!("   {command}\n      {does}"))?;
    }
    out.results(&mnist::Results {
        command: "tour",
        ..results
    })
}

/// The tour's commands go through the command line's own parser, so its defaults hold for them.
fn parse(line: &str) -> Option<Command> {
    Cli::try_parse_from(std::iter::once("rnn-apps").chain(line.split(' ')))
        .ok()
        .and_then(|cli| cli.command)
}
