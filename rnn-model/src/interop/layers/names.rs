//! What the name of a recurrent module's parameter says.

/// The kinds of parameters of one layer in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    WeightIh,
    WeightHh,
    WeightHr,
    BiasIh,
    BiasHh,
    NormIhWeight,
    NormIhBias,
    NormHhWeight,
    NormHhBias,
    NormCWeight,
    NormCBias,
}

impl Kind {
    pub const ALL: [Self; 11] = [
        Self::WeightIh,
        Self::WeightHh,
        Self::WeightHr,
        Self::BiasIh,
        Self::BiasHh,
        Self::NormIhWeight,
        Self::NormIhBias,
        Self::NormHhWeight,
        Self::NormHhBias,
        Self::NormCWeight,
        Self::NormCBias,
    ];
}

/// Names of parameters without layer, and PyTorch's where they are others.
const WEIGHTS: [(&str, Kind, &str); 9] = [
    ("weight_ih", Kind::WeightIh, "weight_ih"),
    ("weight_hh", Kind::WeightHh, "weight_hh"),
    ("weight_hr", Kind::WeightHr, "weight_hr"),
    ("bias_ih", Kind::BiasIh, "bias_ih"),
    ("bias_hh", Kind::BiasHh, "bias_hh"),
    ("w_ih", Kind::WeightIh, "weight_ih"),
    ("w_hh", Kind::WeightHh, "weight_hh"),
    ("b_ih", Kind::BiasIh, "bias_ih"),
    ("b_hh", Kind::BiasHh, "bias_hh"),
];

/// The names of layer normalisations without layer, with the kinds of their weight and bias.
const NORMS: [(&str, [Kind; 2]); 3] = [
    ("norm_ih", [Kind::NormIhWeight, Kind::NormIhBias]),
    ("norm_hh", [Kind::NormHhWeight, Kind::NormHhBias]),
    ("norm_c", [Kind::NormCWeight, Kind::NormCBias]),
];

/// Whether an entry is a parameter, or one of the two that `weight_norm` makes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Whole,
    /// Of the parameter's shape.
    Direction,
    Magnitude,
}

/// Where in a module a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub layer: usize,
    pub reverse: bool,
    pub kind: Kind,
}

/// A name, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parameter<'a> {
    pub prefix: &'a str,
    /// None in a cell.
    pub layer: Option<usize>,
    pub form: Form,
    reverse: bool,
    kind: Kind,
    /// The name without the prefix, and PyTorch's without the layer.
    own: &'a str,
    pytorch: &'static str,
}

impl<'a> Parameter<'a> {
    pub fn parse(name: &'a str) -> Option<Self> {
        let (before, part) = name.rsplit_once('.').unwrap_or(("", name));
        let form = match part {
            "original0" => Form::Magnitude,
            "original1" => Form::Direction,
            "weight" | "bias" => return Self::norm(before, usize::from(part == "bias")),
            _ => {
                let split = |end| name.strip_suffix(end);
                return match (split("_g"), split("_v")) {
                    (Some(name), _) => Self::weight(name, Form::Magnitude),
                    (_, Some(name)) => Self::weight(name, Form::Direction),
                    _ => Self::weight(name, Form::Whole),
                };
            }
        };
        let (module, parameter) = before.rsplit_once('.')?;
        let prefix = module.strip_suffix("parametrizations")?;
        let found = Self::weight(parameter, form)?;
        let is_module = prefix.is_empty() || prefix.ends_with('.');
        (is_module && found.prefix.is_empty()).then_some(Self { prefix, ..found })
    }

    fn weight(name: &'a str, form: Form) -> Option<Self> {
        WEIGHTS.iter().find_map(|&(own, kind, pytorch)| {
            let (prefix, layer, reverse) = split(name, own)?;
            Some(Self {
                prefix,
                layer,
                form,
                reverse,
                kind,
                own: &name[prefix.len()..],
                pytorch,
            })
        })
    }

    /// `name` is that of a normalisation, `part` its weight or its bias.
    fn norm(name: &'a str, part: usize) -> Option<Self> {
        NORMS.iter().find_map(|&(own, kinds)| {
            let (prefix, layer, reverse) = split(name, own)?;
            Some(Self {
                prefix,
                layer,
                form: Form::Whole,
                reverse,
                kind: *kinds.get(part)?,
                own: &name[prefix.len()..],
                pytorch: own,
            })
        })
    }

    pub fn place(&self) -> Place {
        Place {
            layer: self.layer.unwrap_or(0),
            reverse: self.reverse,
            kind: self.kind,
        }
    }

    /// The name of the same parameter of a layer, unsplit: that of a cell, or of half a weight in a form
    /// of `weight_norm`, is loaded as it.
    pub fn in_layer(&self) -> Option<String> {
        use Kind::{BiasHh, BiasIh, WeightHh, WeightHr, WeightIh};
        let is_weight = matches!(self.kind, WeightIh | WeightHh | WeightHr | BiasIh | BiasHh);
        let is_pytorch = self.own.starts_with(self.pytorch);
        (is_weight && is_pytorch).then(|| format!("{}{}", self.prefix, self.layer_name()))
    }

    fn layer_name(&self) -> String {
        let reverse = if self.reverse { "_reverse" } else { "" };
        let layer = self.layer.unwrap_or(0);
        format!("{}_l{layer}{reverse}", self.pytorch)
    }

    /// The name without prefix, and what it is to become, if it is not PyTorch's.
    pub fn rename(&self) -> Option<(&'a str, String)> {
        if self.own.starts_with(self.pytorch) {
            return None;
        }
        Some((self.own, self.layer_name()))
    }
}

/// Splits a name that ends in `own`, or in `own` and a layer, into what is before, the layer and
/// whether it runs backwards.
fn split<'a>(name: &'a str, own: &str) -> Option<(&'a str, Option<usize>, bool)> {
    let at = name.rfind(own)?;
    let (prefix, rest) = (&name[..at], &name[at + own.len()..]);
    if !(prefix.is_empty() || prefix.ends_with(['.', '_', '/'])) {
        return None;
    }
    if rest.is_empty() {
        return Some((prefix, None, false));
    }
    let rest = rest.strip_prefix("_l")?;
    let (digits, reverse) = match rest.strip_suffix("_reverse") {
        Some(digits) => (digits, true),
        None => (rest, false),
    };
    // Digits alone, and one name for each number: `parse` would take `+1` and `01`.
    let layer: usize = digits.parse().ok()?;
    (layer.to_string() == digits).then_some((prefix, Some(layer), reverse))
}
