//! The notebook's first section: the inputs and outputs of `nn.RNN` and `nn.LSTM` and their shapes.

use burn::tensor::{Distribution, Tensor};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rnn_model::{LstmConfig, LstmState, RnnConfig, multinomial};

use crate::context::Context;
use crate::ui::Output;

pub fn run(context: &Context, out: &mut Output) -> anyhow::Result<()> {
    context.device.seed(context.seed);
    let (output, h_n) = rnn(context, out)?;
    let samples = flatten_and_sample(context, output.clone(), out)?;
    lstm(context, out)?;
    out.results(&serde_json::json!({
        "command": "shapes",
        "device": context.device_name,
        "threads": context.threads,
        "seed": context.seed,
        "output": output.dims(),
        "h_n": h_n.dims(),
        "samples": samples,
    }))
}

/// Shows the shapes and values of `nn.RNN`, batch first and time first; gives the first output and
/// final state.
pub fn rnn(context: &Context, out: &mut Output) -> anyhow::Result<(Tensor<3>, Tensor<3>)> {
    let device = &context.device;
    let random = |shape: [usize; 3]| Tensor::<3>::random(shape, Distribution::Default, device);
    out.heading("An RNN: one sequence in, one output per step")?;
    let rnn = RnnConfig::new(5, 3).init(device);
    out.line("let rnn = RnnConfig::new(5, 3).init(&device);   // input_size 5, hidden_size 3")?;
    out.line("let (output, h_n) = rnn.forward(input, Some(h_0));\n")?;
    let (output, h_n) = rnn.forward(random([1, 6, 5]), Some(random([1, 1, 3])));
    shape(out, "input", [1, 6, 5], "[batch, time, input_size]")?;
    shape(
        out,
        "h_0",
        [1, 1, 3],
        "[layers·directions, batch, hidden_size]",
    )?;
    shape(
        out,
        "output",
        output.dims(),
        "[batch, time, directions·hidden_size]",
    )?;
    shape(
        out,
        "h_n",
        h_n.dims(),
        "[layers·directions, batch, hidden_size]",
    )?;

    let values: Vec<f32> = output.to_data().iter().collect();
    out.line("\nThe output, a row per step, and h_n: the state is the last output.\n")?;
    for row in values.chunks(3) {
        out.line(format_args!("   {}", numbers(row)))?;
    }
    let last: Vec<f32> = h_n.to_data().iter().collect();
    out.line(format_args!("\n   {}   h_n", numbers(&last)))?;

    out.heading("Time first, depth and both directions")?;
    let deep = RnnConfig::new(5, 3)
        .with_batch_first(false)
        .with_num_layers(2)
        .with_bidirectional(true)
        .init(device);
    let (deep_output, deep_h_n) = deep.forward(random([6, 1, 5]), None);
    out.line("RnnConfig::new(5, 3)\n    .with_batch_first(false).with_num_layers(2).with_bidirectional(true)\n")?;
    shape(out, "input", [6, 1, 5], "[time, batch, input_size]")?;
    shape(
        out,
        "output",
        deep_output.dims(),
        "forwards and backwards side by side",
    )?;
    shape(
        out,
        "h_n",
        deep_h_n.dims(),
        "2 layers × 2 directions; zeros were h_0",
    )?;
    Ok((output, h_n))
}

/// Flattens an output, makes weights of it, and draws from them, as the notebook does; gives the
/// drawn indices.
pub fn flatten_and_sample(
    context: &Context,
    output: Tensor<3>,
    out: &mut Output,
) -> anyhow::Result<Vec<usize>> {
    out.heading("The first output again: flattened, and sampled from")?;
    let flat: Tensor<1> = output.reshape([-1]);
    shape(
        out,
        "flattened",
        flat.dims(),
        "the 6 × 3 numbers of the output in one row",
    )?;
    let weights: Vec<f32> = flat.div_scalar(0.85).exp().to_data().iter().collect();
    out.line("\nexp(output / 0.85), as weights for a draw; 0.85 is the temperature:\n")?;
    for row in weights.chunks(6) {
        out.line(format_args!("   {}", numbers(row)))?;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(context.seed);
    let drawn: Vec<usize> = (0..8)
        .map(|_| multinomial(&weights, 1, &mut rng).map(|drawn| drawn[0]))
        .collect::<Result<_, _>>()?;
    out.line(format_args!(
        "\nEight draws of a place from 0 to 17 by these weights (multinomial):\n\n   {drawn:?}"
    ))?;
    Ok(drawn)
}

/// Shows the shapes of `nn.LSTM` with its two states, time first as in the notebook.
pub fn lstm(context: &Context, out: &mut Output) -> anyhow::Result<()> {
    let device = &context.device;
    let random = |shape: [usize; 3]| Tensor::<3>::random(shape, Distribution::Default, device);
    out.heading("An LSTM: two states instead of one")?;
    let lstm = LstmConfig::new(5, 3).with_batch_first(false).init(device);
    let state = LstmState {
        h: random([1, 1, 3]),
        c: random([1, 1, 3]),
    };
    let (lstm_output, lstm_state) = lstm.forward(random([6, 1, 5]), Some(state));
    out.line("let lstm = LstmConfig::new(5, 3).with_batch_first(false).init(&device);")?;
    out.line("let (output, state) = lstm.forward(input, Some(LstmState { h, c }));\n")?;
    shape(out, "input", [6, 1, 5], "[time, batch, input_size]")?;
    shape(
        out,
        "output",
        lstm_output.dims(),
        "[time, batch, hidden_size]",
    )?;
    shape(
        out,
        "state.h",
        lstm_state.h.dims(),
        "what is put out: short memory",
    )?;
    shape(
        out,
        "state.c",
        lstm_state.c.dims(),
        "what is kept: long memory",
    )?;
    Ok(())
}

fn shape<const D: usize>(
    out: &mut Output,
    name: &str,
    dims: [usize; D],
    meaning: &str,
) -> std::io::Result<()> {
    let dims = format!("{dims:?}");
    out.line(format_args!("   {name:<10} {dims:<12} {meaning}"))
}

fn numbers(row: &[f32]) -> String {
    row.iter().map(|x| format!("{x:8.4}")).collect()
}
