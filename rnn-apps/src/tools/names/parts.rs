//! The parts of a network beside its recurrent layers: embeddings, linear layers, random fields.

use std::collections::BTreeMap;

use rnn_model::RecurrentShape;

/// The names and shapes of a file's weights.
pub type Weights<'a> = BTreeMap<&'a str, &'a [usize]>;

/// Names of the file that become a part of a model: what begins with `from` begins with `to` then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renaming {
    pub from: String,
    pub to: String,
    /// All names that the part has.
    pub names: Vec<String>,
}

impl Renaming {
    fn new(from: &str, to: &str, names: &[&str]) -> Self {
        Self {
            from: from.to_owned(),
            to: to.to_owned(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
        }
    }
}

/// A matrix of vectors, one for each symbol.
#[derive(Clone, Debug)]
pub struct Embedding<'a> {
    pub name: &'a str,
    pub symbols: usize,
    pub size: usize,
}

impl Embedding<'_> {
    /// Its names as those of the part that a model calls `to`, `emb.`.
    pub fn renaming(&self, to: &str) -> Renaming {
        match self.name.strip_suffix("weight") {
            Some(module) if module.ends_with('.') => Renaming::new(module, to, &[self.name]),
            _ => Renaming::new(self.name, &format!("{to}weight"), &[self.name]),
        }
    }
}

/// A linear layer with a bias, or the bias alone of one whose weight is an embedding's.
#[derive(Clone, Debug)]
pub struct Linear<'a> {
    pub weight: Option<&'a str>,
    pub bias: &'a str,
    pub inputs: usize,
    pub outputs: usize,
}

impl Linear<'_> {
    /// Its names as those of the part that models call `fc.`.
    pub fn renamings(&self) -> Vec<Renaming> {
        let names: Vec<&str> = self.weight.into_iter().chain([self.bias]).collect();
        if let Some(module) = self.bias.strip_suffix("bias")
            && module.ends_with('.')
        {
            return vec![Renaming::new(module, "fc.", &names)];
        }
        let weight = self.weight.into_iter();
        weight
            .map(|name| Renaming::new(name, "fc.weight", &[name]))
            .chain([Renaming::new(self.bias, "fc.bias", &[self.bias])])
            .collect()
    }
}

/// A conditional random field under the names of pytorch-crf.
#[derive(Clone, Debug)]
pub struct Crf<'a> {
    pub prefix: &'a str,
    pub tags: usize,
}

impl Crf<'_> {
    const PARTS: [&'static str; 3] = ["end_transitions", "start_transitions", "transitions"];

    pub fn renaming(&self) -> Renaming {
        let names = Self::PARTS.map(|part| format!("{}{part}", self.prefix));
        Renaming::new(self.prefix, "crf.", &names.each_ref().map(String::as_str))
    }
}

/// A recurrent layer's names as those of the part that a model calls `to`, `rnn.`.
pub fn layer_renamings(layer: &RecurrentShape, to: &str) -> Vec<Renaming> {
    let prefix = &layer.prefix;
    if layer.renames.is_empty() {
        return vec![Renaming {
            from: prefix.clone(),
            to: to.to_owned(),
            names: layer.names.clone(),
        }];
    }
    let renamings = layer.renames.iter().map(|(own, renamed)| {
        let from = format!("{prefix}{own}");
        let to = format!("{to}{renamed}");
        let names = layer.names.iter().filter(|name| name.starts_with(&from));
        let names = names.cloned().collect();
        Renaming { from, to, names }
    });
    renamings.collect()
}

/// How linear layers call their weight and their bias.
const LINEAR: [(&str, &str); 4] = [
    (".weight", ".bias"),
    ("_weight", "_bias"),
    ("_w", "_b"),
    ("_W", "_b"),
];

/// The first `most` matrices that may be embeddings: those without a bias.
pub fn embeddings<'a>(weights: &Weights<'a>, most: usize) -> Vec<Embedding<'a>> {
    let found = weights.iter().filter_map(|(&name, &shape)| {
        let &[symbols, size] = shape else {
            return None;
        };
        let has_bias = LINEAR.iter().any(|(weight, bias)| {
            let stem = name.strip_suffix(weight);
            stem.is_some_and(|stem| weights.contains_key(&format!("{stem}{bias}")[..]))
        });
        let is_named = name.ends_with(".weight") || name.to_lowercase().contains("emb");
        (is_named && !has_bias).then_some(Embedding {
            name,
            symbols,
            size,
        })
    });
    found.take(most).collect()
}

/// The first `most` linear layers with a bias.
pub fn linears<'a>(weights: &Weights<'a>, most: usize) -> Vec<Linear<'a>> {
    let found = weights.iter().filter_map(|(&name, &shape)| {
        let &[outputs, inputs] = shape else {
            return None;
        };
        LINEAR.iter().find_map(|(weight, bias)| {
            let stem = name.strip_suffix(weight)?;
            let (&bias, &found) = weights.get_key_value(&format!("{stem}{bias}")[..])?;
            (found == [outputs]).then_some(Linear {
                weight: Some(name),
                bias,
                inputs,
                outputs,
            })
        })
    });
    found.take(most).collect()
}

/// The biases of linear layers whose weight is that of `embedding`, which the file has only once.
pub fn tied_to<'a>(embedding: &Embedding<'_>, weights: &Weights<'a>) -> Vec<Linear<'a>> {
    let found = weights.iter().filter_map(|(&bias, &shape)| {
        let module = bias.strip_suffix("bias")?;
        let fits = module.ends_with('.')
            && shape == [embedding.symbols]
            && !weights.contains_key(&format!("{module}weight")[..]);
        fits.then_some(Linear {
            weight: None,
            bias,
            inputs: embedding.size,
            outputs: embedding.symbols,
        })
    });
    found.collect()
}

/// The conditional random fields.
pub fn crfs<'a>(weights: &Weights<'a>) -> Vec<Crf<'a>> {
    let found = weights.iter().filter_map(|(&name, &shape)| {
        let prefix = name.strip_suffix("start_transitions")?;
        let &[tags] = shape else {
            return None;
        };
        let shape_of = |part: &str| weights.get(&format!("{prefix}{part}")[..]).copied();
        let fits = shape_of("end_transitions")? == [tags]
            && shape_of("transitions")? == [tags, tags]
            && prefix.ends_with('.');
        fits.then_some(Crf { prefix, tags })
    });
    found.collect()
}

/// How much of their path two names share: up to the last separator.
pub fn shared_path(a: &str, b: &str) -> usize {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let is_separator = |byte: &u8| matches!(byte, b'.' | b'_' | b'/');
    let shared = &a.as_bytes()[..same];
    shared.iter().rposition(is_separator).map_or(0, |at| at + 1)
}
