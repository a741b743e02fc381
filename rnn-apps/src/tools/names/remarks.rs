//! What is to be said of a file that is not, or not as it is, of a model.

use rnn_model::{RecurrentShape, TensorInfo, belongs_to_no_model, recurrent_layers};

use super::count;

/// The types of elements that are read.
const READ: [&str; 13] = [
    "F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL",
];

/// Lines about the tensors of a file in which `layers` were found.
pub fn remarks(tensors: &[TensorInfo], layers: &[RecurrentShape]) -> Vec<String> {
    let mut lines = Vec::new();
    let is_read = |tensor: &&TensorInfo| READ.contains(&&tensor.dtype[..]);
    let unread: Vec<&TensorInfo> = tensors.iter().filter(|tensor| !is_read(tensor)).collect();
    if let Some(first) = unread.first() {
        let quantised = match first.dtype.to_lowercase().starts_with('q') {
            true => " It is a quantised network: save the weights from before it was quantised.",
            false => "",
        };
        lines.push(format!(
            "{} of a type whose numbers are not read ({}): `import` refuses them unless they are left \
             out.{quantised}",
            match unread.len() {
                1 => "One tensor is".to_owned(),
                n => format!("{n} tensors are"),
            },
            first.dtype,
        ));
    }
    if !layers.is_empty() {
        return lines;
    }
    let shapes = tensors
        .iter()
        .map(|tensor| (&tensor.name[..], &tensor.shape[..]));
    let whatever_type = recurrent_layers(shapes);
    let ends = |end: &str| tensors.iter().any(|tensor| tensor.name.ends_with(end));
    let all = |test: fn(&str) -> bool| tensors.iter().all(|tensor| test(&tensor.name));
    lines.push(if let Some(layer) = whatever_type.first() {
        format!(
            "It has the names and shapes of an {}, but not floating-point numbers of 16 to 64 bits.",
            layer.cell.name()
        )
    } else if all(|name| name.starts_with("constants.")) {
        "A frozen TorchScript module has lost the names of its weights: save it, or its state_dict, before \
         torch.jit.freeze."
            .to_owned()
    } else if all(belongs_to_no_model) {
        format!(
            "It holds {} of an optimiser or another part of a training, and no model's weights.",
            count(tensors.len(), "tensor")
        )
    } else if ends("_orig") {
        "Its weights are pruned or under spectral normalisation (_orig): in Python, make that permanent before \
         saving (torch.nn.utils.prune.remove, remove_spectral_norm)."
            .to_owned()
    } else if ends("_raw") {
        "Its weights are dropped in training (_raw, as in an AWD-LSTM): rename them, \
         weight_hh_l0_raw=weight_hh_l0."
            .to_owned()
    } else {
        "It looks like none of the models here: no names with the shapes of an RNN, LSTM or GRU."
            .to_owned()
    });
    lines
}
