//! What recurrent layers a file holds, told from names and shapes.

mod names;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use names::{Form, Kind, Parameter, Place};

/// A recurrent cell, as the number of its gates tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellType {
    /// The simple recurrent network: one gate, whose nonlinearity no shape tells.
    Rnn,
    /// Long short-term memory: four gates.
    Lstm,
    /// The gated recurrent unit: three gates.
    Gru,
}

impl CellType {
    /// The name of the module in lower case, `lstm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rnn => "rnn",
            Self::Lstm => "lstm",
            Self::Gru => "gru",
        }
    }

    fn of_gates(gates: usize) -> Option<Self> {
        match gates {
            1 => Some(Self::Rnn),
            3 => Some(Self::Gru),
            4 => Some(Self::Lstm),
            _ => None,
        }
    }
}

/// One recurrent module among the weights of a file, as [`recurrent_layers`] finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecurrentShape {
    /// What its names begin with, `encoder.lstm.`; empty if they begin with nothing.
    pub prefix: String,
    /// Its cell, by the rows of its weights: never by what it is called.
    pub cell: CellType,
    /// Features of its input.
    pub input_size: usize,
    /// Features of its hidden state before a projection.
    pub hidden_size: usize,
    /// Features that an LSTM projects its hidden state to, if it does.
    pub proj_size: Option<usize>,
    /// Its layers.
    pub num_layers: usize,
    /// Whether it has layers that run backwards.
    pub bidirectional: bool,
    /// Whether it has biases.
    pub bias: bool,
    /// Whether it has layer normalisation, under the names of this crate's modules.
    pub layer_norm: bool,
    /// Whether it is a cell, `weight_ih` without `_l0`.
    pub is_cell: bool,
    /// The names that belong to it, whole and sorted.
    pub names: Vec<String>,
    /// What its names, without the prefix, are to become to be PyTorch's, where they are others:
    /// `w_ih` → `weight_ih_l0`.
    pub renames: Vec<(String, String)>,
}

impl RecurrentShape {
    /// Features of its output, of both directions together.
    pub fn output_size(&self) -> usize {
        let size = self.proj_size.unwrap_or(self.hidden_size);
        size.saturating_mul(1 + usize::from(self.bidirectional))
    }
}

/// The recurrent modules that names with these shapes belong to, sorted by their prefixes.
///
/// Names are those of PyTorch's `nn.RNN`, `nn.LSTM`, `nn.GRU` and of their cells, in either form of
/// `weight_norm`, and `w_ih`, `b_hh` and the like, as numpy programs have them. Names and shapes that
/// contradict each other give no module.
///
/// ```
/// use rnn_model::{CellType, recurrent_layers};
///
/// let weights: [(&str, &[usize]); 5] = [
///     ("encoder.rnn.weight_ih_l0", &[12, 40]),
///     ("encoder.rnn.weight_hh_l0", &[12, 3]),
///     ("encoder.rnn.bias_ih_l0", &[12]),
///     ("encoder.rnn.bias_hh_l0", &[12]),
///     ("fc.weight", &[10, 3]),
/// ];
/// let layers = recurrent_layers(weights);
/// assert_eq!(layers.len(), 1);
/// assert_eq!(layers[0].prefix, "encoder.rnn.");
/// assert_eq!(layers[0].cell, CellType::Lstm); // 12 rows are 4 gates of 3
/// assert_eq!((layers[0].input_size, layers[0].hidden_size), (40, 3));
/// ```
pub fn recurrent_layers<'a>(
    weights: impl IntoIterator<Item = (&'a str, &'a [usize])>,
) -> Vec<RecurrentShape> {
    let mut groups: BTreeMap<(&str, bool), Group> = BTreeMap::new();
    for (name, shape) in weights {
        if let Some(parameter) = Parameter::parse(name) {
            let group = (parameter.prefix, parameter.layer.is_none());
            groups
                .entry(group)
                .or_default()
                .add(name, shape, &parameter);
        }
    }
    let found = groups
        .into_iter()
        .filter_map(|((prefix, is_cell), group)| group.into_shape(prefix, is_cell));
    found.collect()
}

/// `name` as that of the parameter that it is loaded as: of a cell's `weight_ih`, and of either half of
/// a weight in a form of `weight_norm`, that of the layer's parameter; any other as it is.
pub(super) fn loaded_as(name: &str) -> Cow<'_, str> {
    let parameter = Parameter::parse(name).and_then(|parameter| parameter.in_layer());
    parameter.map_or(Cow::Borrowed(name), Cow::Owned)
}

/// The parameters under one prefix.
#[derive(Default)]
struct Group<'a> {
    shapes: BTreeMap<Place, &'a [usize]>,
    /// Those that `weight_norm` split: by their directions, and by their magnitudes.
    directions: BTreeSet<Place>,
    magnitudes: BTreeSet<Place>,
    names: BTreeSet<&'a str>,
    renames: BTreeMap<&'a str, String>,
    /// Whether two names mean one parameter.
    is_ambiguous: bool,
}

impl<'a> Group<'a> {
    fn add(&mut self, name: &'a str, shape: &'a [usize], parameter: &Parameter<'a>) {
        self.names.insert(name);
        let place = parameter.place();
        let is_new = match parameter.form {
            Form::Magnitude => self.magnitudes.insert(place),
            Form::Direction => {
                self.directions.insert(place) && self.shapes.insert(place, shape).is_none()
            }
            Form::Whole => self.shapes.insert(place, shape).is_none(),
        };
        self.is_ambiguous |= !is_new;
        if let Some((from, to)) = parameter.rename() {
            self.renames.insert(from, to);
        }
    }

    /// The module, if there is one that has exactly these parameters.
    fn into_shape(self, prefix: &str, is_cell: bool) -> Option<RecurrentShape> {
        if self.is_ambiguous || self.directions != self.magnitudes {
            return None;
        }
        let first = |kind| {
            let place = Place {
                layer: 0,
                reverse: false,
                kind,
            };
            self.shapes.get(&place).copied()
        };
        let (&[rows, input_size], &[_, output]) = (first(Kind::WeightIh)?, first(Kind::WeightHh)?)
        else {
            return None;
        };
        let (hidden_size, proj_size) = match first(Kind::WeightHr) {
            None => (output, None),
            Some(&[_, hidden_size]) => (hidden_size, Some(output)),
            Some(_) => return None,
        };
        if rows == 0 || input_size == 0 || output == 0 || rows.checked_rem(hidden_size)? != 0 {
            return None;
        }
        let cell = CellType::of_gates(rows / hidden_size)?;
        let last = self.shapes.keys().map(|place| place.layer).max()?;
        let shape = RecurrentShape {
            prefix: prefix.to_owned(),
            cell,
            input_size,
            hidden_size,
            proj_size: proj_size.filter(|_| cell == CellType::Lstm),
            num_layers: last.checked_add(1)?,
            bidirectional: self.shapes.keys().any(|place| place.reverse),
            bias: first(Kind::BiasIh).is_some(),
            layer_norm: first(Kind::NormIhWeight).is_some(),
            is_cell,
            names: self.names.iter().map(|&name| name.to_owned()).collect(),
            renames: (self.renames.iter())
                .map(|(&from, to)| (from.to_owned(), to.clone()))
                .collect(),
        };
        (self.is_all_of(&shape, rows)).then_some(shape)
    }

    /// Whether these are the parameters of such a module, which has `rows` rows of gates, and no others.
    fn is_all_of(&self, module: &RecurrentShape, rows: usize) -> bool {
        let hidden = module.hidden_size;
        let output = module.proj_size.unwrap_or(hidden);
        let directions = 1 + usize::from(module.bidirectional);
        // The layers' number comes from a name, so it is checked before anything is that long.
        let kinds = Kind::ALL.iter().filter(|kind| kind.is_in(module)).count();
        let expected = (module.num_layers)
            .checked_mul(directions)
            .and_then(|n| n.checked_mul(kinds));
        if expected != Some(self.shapes.len()) {
            return false;
        }
        self.shapes.iter().all(|(place, &shape)| {
            let inputs = match place.layer {
                0 => Some(module.input_size),
                _ => output.checked_mul(directions),
            };
            place.kind.is_in(module)
                && match place.kind {
                    Kind::WeightIh => inputs.is_some_and(|inputs| shape == [rows, inputs]),
                    Kind::WeightHh => shape == [rows, output],
                    Kind::WeightHr => shape == [output, hidden],
                    Kind::NormCWeight | Kind::NormCBias => shape == [hidden],
                    _ => shape == [rows],
                }
        })
    }
}

impl Kind {
    /// Whether such a module has a parameter of this kind in each layer and direction.
    fn is_in(self, module: &RecurrentShape) -> bool {
        match self {
            Self::WeightIh | Self::WeightHh => true,
            Self::WeightHr => module.proj_size.is_some(),
            Self::BiasIh | Self::BiasHh => module.bias,
            Self::NormIhWeight | Self::NormIhBias | Self::NormHhWeight | Self::NormHhBias => {
                module.layer_norm
            }
            Self::NormCWeight | Self::NormCBias => {
                module.layer_norm && module.cell == CellType::Lstm
            }
        }
    }
}

#[cfg(test)]
mod tests;
