//! Lists what a file of weights holds, and which of our models it looks like.

mod describe;
mod guess;
mod parts;
mod remarks;
mod table;

use std::path::PathBuf;

use clap::Args;
use rnn_model::{Listing, RecurrentShape, TensorInfo, recurrent_layers};
use serde_json::{Value, json};

use crate::ui::{Grouped, Output, plain, quoted};
use guess::{Candidate, MOST, candidates};
use parts::Weights;

#[derive(Args, Debug)]
pub struct NamesArgs {
    /// What torch.save or torch.jit.save wrote (.pt, .pth, .bin), .safetensors, .npz or .npy
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// List all tensors, however many there are
    #[arg(long)]
    pub all: bool,
}

/// The types of elements that a recurrent layer's weights are of.
const FLOATS: [&str; 4] = ["F64", "F32", "F16", "BF16"];

pub fn run(args: &NamesArgs, out: &mut Output) -> anyhow::Result<()> {
    let listing = Listing::read(&args.file)?;
    let is_float = |tensor: &&TensorInfo| FLOATS.contains(&&tensor.dtype[..]);
    let floats = listing.tensors.iter().filter(is_float);
    let weights: Weights<'_> = floats
        .map(|tensor| (&tensor.name[..], &tensor.shape[..]))
        .collect();
    let layers = recurrent_layers(weights.iter().map(|(&name, &shape)| (name, shape)));
    let names: Vec<&str> = listing
        .tensors
        .iter()
        .map(|tensor| &tensor.name[..])
        .collect();
    let candidates = candidates(&weights, &layers, &names);

    let file = args.file.display();
    out.line(format_args!(
        "{file}: {}, {}, {} numbers, {} bytes",
        listing.format,
        count(listing.tensors.len(), "tensor"),
        grouped(listing.num_elements()),
        grouped(listing.num_bytes())
    ))?;
    table::show(&listing.tensors, args.all, out)?;
    if !layers.is_empty() {
        out.line("\nRecurrent layers\n")?;
    }
    for layer in &layers {
        out.line(format_args!("   {}", describe_layer(layer)))?;
    }
    for (i, candidate) in candidates.iter().enumerate() {
        show(candidate, i, &quoted(&args.file), out)?;
    }
    if layers.len() > MOST {
        out.line(format_args!(
            "\nThe descriptions are those of the first {MOST} layers."
        ))?;
    }
    for line in remarks::remarks(&listing.tensors, &layers) {
        out.line(format_args!("\n{line}"))?;
    }
    out.results(&json!({
        "command": "names",
        "file": file.to_string(),
        "format": listing.format.to_string(),
        "numbers": listing.num_elements(),
        "bytes": listing.num_bytes(),
        "tensors": listing.tensors.iter().map(tensor_json).collect::<Vec<_>>(),
        "layers": layers.iter().map(layer_json).collect::<Vec<_>>(),
        "candidates": candidates.iter().map(candidate_json).collect::<Vec<_>>(),
    }))
}

/// Shows a candidate's description and what to do with it.
fn show(candidate: &Candidate, i: usize, file: &str, out: &mut Output) -> anyhow::Result<()> {
    let command = candidate.command();
    let layer = match &candidate.layer[..] {
        "" => String::new(),
        prefix => format!(" ({})", plain(prefix)),
    };
    let or = if i == 0 { "It looks like" } else { "Or like" };
    let what = match command {
        "recurrent" => format!("a recurrent layer alone{layer}"),
        _ => format!("a network of {command}{layer}"),
    };
    out.line(format_args!("\n{or} {what}, with this description:\n"))?;
    let text = serde_json::to_string_pretty(&candidate.description)?;
    for line in text.lines() {
        out.line(format_args!("   {line}"))?;
    }
    out.line("")?;
    if !candidate.symbols.is_empty() {
        let lists: Vec<String> = (candidate.symbols.iter())
            .map(|(file, symbols)| match candidate.command() {
                "charlm" => format!("{file} must list {}", count(*symbols, "character")),
                _ => format!("{file} must list {}", count(*symbols, "symbol")),
            })
            .collect();
        out.line(format_args!(
            "{}, in the order of their ids, which names don't tell.",
            lists.join(", ")
        ))?;
    }
    let left_out = &candidate.left_out;
    if left_out.outside > 0 && command != "recurrent" {
        out.line(format_args!(
            "It takes nothing of the {} outside {:?}.",
            count(left_out.outside, "tensor"),
            left_out.prefix
        ))?;
    }
    if !left_out.names.is_empty() {
        const SHOWN: usize = 3;
        let names = &left_out.names;
        let more = if names.len() > SHOWN { ", …" } else { "" };
        let shown: Vec<String> = names.iter().take(SHOWN).map(|name| plain(name)).collect();
        out.line(format_args!(
            "It leaves out {} ({}{more}): if the network computes with those, its outputs are others.",
            count(names.len(), "tensor"),
            shown.join(", ")
        ))?;
    }
    out.line(format_args!(
        "Names don't tell: {}. `import --check FILE` compares with outputs of the original.",
        candidate.untold.join(", ")
    ))?;
    out.line(format_args!(
        "With it in model.json: import --weights {file} --model model.json"
    ))?;
    Ok(())
}

/// A recurrent layer in words: `encoder.lstm.: lstm, 40 → 256, 3 layers, …`.
fn describe_layer(layer: &RecurrentShape) -> String {
    let RecurrentShape {
        cell,
        input_size,
        hidden_size,
        ..
    } = layer;
    let mut parts = vec![
        format!("{}, {input_size} → {hidden_size}", cell.name()),
        match layer.is_cell {
            true => "a cell".to_owned(),
            false => count(layer.num_layers, "layer"),
        },
    ];
    if let Some(size) = layer.proj_size {
        parts.push(format!("projected to {size}"));
    }
    if layer.bidirectional {
        parts.push("in both directions".to_owned());
    }
    if !layer.bias {
        parts.push("without biases".to_owned());
    }
    if layer.layer_norm {
        parts.push("with layer normalisation".to_owned());
    }
    let prefix = match &layer.prefix[..] {
        "" => "(no prefix)".to_owned(),
        prefix => plain(prefix),
    };
    format!("{prefix}  {}", parts.join(", "))
}

fn tensor_json(tensor: &TensorInfo) -> Value {
    json!({
        "name": tensor.name,
        "shape": tensor.shape,
        "type": tensor.dtype,
        "bytes": tensor.bytes,
    })
}

fn layer_json(layer: &RecurrentShape) -> Value {
    json!({
        "prefix": layer.prefix,
        "cell": layer.cell.name(),
        "input_size": layer.input_size,
        "hidden_size": layer.hidden_size,
        "proj_size": layer.proj_size,
        "num_layers": layer.num_layers,
        "bidirectional": layer.bidirectional,
        "bias": layer.bias,
        "layer_norm": layer.layer_norm,
        "is_cell": layer.is_cell,
        "names": layer.names,
    })
}

fn candidate_json(candidate: &Candidate) -> Value {
    let files = candidate.symbols.iter();
    let files = files.map(|(file, symbols)| ((*file).to_owned(), Value::from(*symbols)));
    json!({
        "command": candidate.command(),
        "layer": candidate.layer,
        "description": candidate.description,
        "symbols": Value::Object(files.collect()),
        "untold": candidate.untold,
        "left_out": candidate.left_out.names,
        "outside": candidate.left_out.outside,
    })
}

/// `1 layer`, `3 layers`.
fn count(n: usize, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {what}{plural}", Grouped(n))
}

fn grouped(n: u64) -> Grouped {
    Grouped(usize::try_from(n).unwrap_or(usize::MAX))
}
