//! The table of a file's tensors.

use rnn_model::{TensorInfo, belongs_to_no_model};

use super::{count, grouped};
use crate::ui::{Output, plain};

/// So many tensors are listed.
const SHOWN: usize = 200;

/// Names longer than this are not padded for.
const WIDEST: usize = 72;

/// Shows names, shapes, types and sizes; unless `all` are to be shown, not those that belong to no model.
pub fn show(tensors: &[TensorInfo], all: bool, out: &mut Output) -> anyhow::Result<()> {
    let mut shown: Vec<&TensorInfo> = tensors.iter().collect();
    let mut left_out = 0;
    if !all {
        let before = shown.len();
        let is_model = |tensor: &&TensorInfo| !belongs_to_no_model(&tensor.name);
        if shown.iter().any(is_model) {
            shown.retain(is_model);
        }
        left_out = before - shown.len();
        shown.truncate(SHOWN);
    }
    let rows: Vec<[String; 4]> = shown.into_iter().map(row).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0).min(WIDEST)
    };
    let widths = [0, 1, 2, 3].map(width);
    if !rows.is_empty() {
        out.line("")?;
    }
    for [name, shape, dtype, bytes] in &rows {
        let [names, shapes, dtypes, sizes] = widths;
        out.line(format_args!(
            "   {name:<names$}  {shape:<shapes$}  {dtype:<dtypes$}  {bytes:>sizes$}"
        ))?;
    }
    let more = tensors.len() - rows.len() - left_out;
    if more > 0 {
        out.line(format_args!(
            "   and {} more, which --all lists too",
            count(more, "tensor")
        ))?;
    }
    if left_out > 0 {
        out.line(format_args!(
            "   and {} of no model (an optimiser's, counters, constants), which --all lists too",
            count(left_out, "tensor")
        ))?;
    }
    Ok(())
}

fn row(tensor: &TensorInfo) -> [String; 4] {
    [
        plain(&tensor.name),
        format!("{:?}", tensor.shape),
        tensor.dtype.clone(),
        format!("{} bytes", grouped(tensor.bytes)),
    ]
}
