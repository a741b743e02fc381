//! Which of our models a file's names and shapes look like.

use std::collections::BTreeSet;

use rnn_model::{CellType, RecurrentShape};
use serde_json::{Map, Value, json};

use super::describe::{LeftOut, describe, recurrent_settings};
use super::parts::{
    Crf, Embedding, Linear, Renaming, Weights, crfs, embeddings, layer_renamings, linears,
    shared_path, tied_to,
};

/// At most so many candidates are given, of the first so many layers.
pub const MOST: usize = 12;

/// So many embeddings and linear layers are looked at.
const MOST_PARTS: usize = 256;

/// A model that a file may be of.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What the names of its recurrent layer begin with.
    pub layer: String,
    /// The description for `import`.
    pub description: Map<String, Value>,
    /// Files that it refers to, with the number of symbols that each must list.
    pub symbols: Vec<(&'static str, usize)>,
    /// Settings that names and shapes don't tell, and what the description assumes.
    pub untold: Vec<&'static str>,
    /// What is left out, with which it would be another network.
    pub left_out: LeftOut,
}

impl Candidate {
    /// The command of `rnn-apps` whose model it is.
    pub fn command(&self) -> &str {
        let command = self.description.get("command").and_then(Value::as_str);
        command.unwrap_or_default()
    }

    fn new(
        command: &str,
        layer: &RecurrentShape,
        settings: Map<String, Value>,
        renamings: &[Renaming],
        names: &[&str],
    ) -> Self {
        let (description, left_out) = describe(command, settings, renamings, names);
        Self {
            layer: layer.prefix.clone(),
            description,
            symbols: Vec::new(),
            untold: Vec::new(),
            left_out,
        }
    }
}

/// The models that these weights look like, the most likely first: whole networks, layers without what
/// is around them, parts of networks. `names` are all of the file's, those of other types too.
pub fn candidates(
    weights: &Weights<'_>,
    layers: &[RecurrentShape],
    names: &[&str],
) -> Vec<Candidate> {
    let in_layers: BTreeSet<&str> = (layers.iter())
        .flat_map(|layer| layer.names.iter().map(String::as_str))
        .collect();
    let others: Weights<'_> = weights
        .iter()
        .map(|(&name, &shape)| (name, shape))
        .filter(|(name, _)| !in_layers.contains(name))
        .collect();
    let layers = &layers[..layers.len().min(MOST)];
    let parts = Parts {
        names,
        layers,
        embeddings: embeddings(&others, MOST_PARTS),
        linears: linears(&others, MOST_PARTS),
        crfs: crfs(&others),
        others,
    };
    let (mut whole, mut alone, mut partial) = (Vec::new(), Vec::new(), Vec::new());
    let spelled: Vec<_> = layers.iter().map(|layer| parts.spelled(layer)).collect();
    let readers: BTreeSet<&str> = spelled
        .iter()
        .flatten()
        .map(|(_, found)| found.reader.prefix.as_str())
        .collect();
    for (layer, spelled) in layers.iter().zip(&spelled) {
        let models = parts.models(layer, spelled);
        // Whatever it looks like, it may be another network's.
        if !readers.contains(layer.prefix.as_str()) {
            alone.push(parts.alone(layer));
        }
        for model in models {
            let list = if model.left_out.names.is_empty() {
                &mut whole
            } else {
                &mut partial
            };
            list.push(model);
        }
    }
    whole.extend(alone);
    whole.extend(partial);
    whole.truncate(MOST);
    whole
}

/// What a file has.
struct Parts<'a> {
    names: &'a [&'a str],
    layers: &'a [RecurrentShape],
    /// Those that are in no recurrent layer.
    others: Weights<'a>,
    embeddings: Vec<Embedding<'a>>,
    linears: Vec<Linear<'a>>,
    crfs: Vec<Crf<'a>>,
}

impl<'a> Parts<'a> {
    /// The models with a head that `layer` may be the recurrent part of.
    fn models(
        &self,
        layer: &RecurrentShape,
        spelled: &[(&Embedding<'_>, Characters<'_>)],
    ) -> Vec<Candidate> {
        let fitting = |embedding: &&Embedding<'_>| embedding.size == layer.input_size;
        let embeddings = nearest(layer, self.embeddings.iter().filter(fitting), |part| {
            part.name
        });
        let heads = || {
            let fitting = |head: &&Linear<'_>| head.inputs == layer.output_size();
            nearest(layer, self.linears.iter().filter(fitting), |part| part.bias)
        };
        let mut models = Vec::new();
        for embedding in &embeddings {
            for head in heads() {
                if models.len() >= MOST {
                    return models;
                }
                if head.outputs == embedding.symbols && !layer.bidirectional {
                    models.push(self.charlm(layer, Some(embedding), head, false));
                } else if layer.cell == CellType::Lstm {
                    models.push(self.tagger(layer, embedding, None, head));
                }
            }
            if embedding.size == layer.output_size() && !layer.bidirectional {
                let heads = tied_to(embedding, &self.others);
                for head in nearest(layer, heads.iter(), |part| part.bias) {
                    if models.len() >= MOST {
                        return models;
                    }
                    models.push(self.charlm(layer, Some(embedding), head, true));
                }
            }
        }
        if !embeddings.is_empty() {
            return models;
        }
        for head in heads() {
            let room = MOST.saturating_sub(models.len());
            if room == 0 {
                break;
            }
            if !spelled.is_empty() {
                models.extend(spelled.iter().take(room).map(|&(embedding, characters)| {
                    self.tagger(layer, embedding, Some(characters), head)
                }));
            } else {
                // Of one-hot vectors; or of as many values as it forecasts.
                if head.outputs == layer.input_size && head.outputs > 1 && !layer.bidirectional {
                    models.push(self.charlm(layer, None, head, false));
                }
                models.push(self.classifier(layer, head));
            }
        }
        models
    }

    /// Embeddings of words with what reads their characters, which together are the input of `layer`.
    fn spelled(&self, layer: &RecurrentShape) -> Vec<(&Embedding<'a>, Characters<'_>)> {
        if layer.cell != CellType::Lstm {
            return Vec::new();
        }
        let readers = self.layers.iter().filter(|reader| {
            reader.cell == CellType::Lstm
                && reader.prefix != layer.prefix
                && (reader.num_layers, reader.bidirectional) == (1, true)
                && (reader.bias, reader.layer_norm) == (true, false)
                && reader.proj_size.is_none()
        });
        let mut found = Vec::new();
        for reader in readers {
            if found.len() >= MOST {
                break;
            }
            let of_reader = |part: &&Embedding<'_>| part.size == reader.input_size;
            let candidates = self.embeddings.iter().filter(of_reader);
            for symbols in nearest(reader, candidates, |part| part.name) {
                let of_words = |part: &&Embedding<'_>| {
                    part.name != symbols.name
                        && part.size.checked_add(reader.output_size()) == Some(layer.input_size)
                };
                let words = nearest(layer, self.embeddings.iter().filter(of_words), |part| {
                    part.name
                });
                found.extend(
                    words
                        .into_iter()
                        .map(|words| (words, Characters { reader, symbols })),
                );
            }
        }
        found
    }

    fn tagger(
        &self,
        layer: &RecurrentShape,
        words: &Embedding<'_>,
        characters: Option<Characters<'_>>,
        head: &Linear<'_>,
    ) -> Candidate {
        let mut settings = object(json!({ "embedding_size": words.size }));
        settings.extend(recurrent_settings(layer));
        settings.insert("words".to_owned(), "words.json".into());
        settings.insert("tags".to_owned(), "tags.json".into());
        let mut symbols = vec![("words.json", words.symbols), ("tags.json", head.outputs)];
        let mut renamings = vec![words.renaming("emb.")];
        renamings.extend(layer_renamings(layer, "rnn."));
        renamings.extend(head.renamings());
        if let Some(Characters {
            reader,
            symbols: spelling,
        }) = characters
        {
            settings.insert(
                "characters".to_owned(),
                json!({
                    "embedding_size": spelling.size,
                    "hidden_size": reader.hidden_size,
                    "symbols": "characters.json",
                }),
            );
            symbols.push(("characters.json", spelling.symbols));
            renamings.push(spelling.renaming("chars.emb."));
            renamings.extend(layer_renamings(reader, "chars.rnn."));
        }
        if let Some(crf) = self.crfs.iter().find(|crf| crf.tags == head.outputs) {
            settings.insert("crf".to_owned(), true.into());
            renamings.push(crf.renaming());
        }
        Candidate {
            symbols,
            untold: vec![
                "whether it scores every word, as here, or the whole sentence",
                "unk (the symbol for unknown words)",
                "word_form (lower case, digits)",
            ],
            ..Candidate::new("tagger", layer, settings, &renamings, self.names)
        }
    }

    fn charlm(
        &self,
        layer: &RecurrentShape,
        embedding: Option<&Embedding<'_>>,
        head: &Linear<'_>,
        tied: bool,
    ) -> Candidate {
        let mut settings = object(json!({ "cell": layer.cell.name() }));
        let mut renamings = layer_renamings(layer, "rnn.");
        renamings.extend(head.renamings());
        if let Some(embedding) = embedding {
            settings.insert("embedding_size".to_owned(), embedding.size.into());
            renamings.push(embedding.renaming("emb."));
        }
        if tied {
            settings.insert("tied_weights".to_owned(), true.into());
        }
        settings.extend(recurrent_settings(layer));
        settings.insert("vocab".to_owned(), "vocab.json".into());
        let mut untold = vec!["unk (the symbol for unknown characters)"];
        untold.extend(nonlinearity(layer));
        Candidate {
            symbols: vec![("vocab.json", head.outputs)],
            untold,
            ..Candidate::new("charlm", layer, settings, &renamings, self.names)
        }
    }

    fn classifier(&self, layer: &RecurrentShape, head: &Linear<'_>) -> Candidate {
        let mut settings = object(json!({
            "cell": layer.cell.name(),
            "input_size": layer.input_size,
            "num_classes": head.outputs,
        }));
        settings.extend(recurrent_settings(layer));
        let mut untold = vec!["normalize (mean and standard deviation of the images)"];
        if layer.input_size == 1 {
            settings.insert("pixels".to_owned(), true.into());
        }
        if layer.bidirectional {
            // Said by nobody, it is asked for or found by a comparison; a guess would be silent.
            untold.push("head (add \"head\": \"final_state\" or \"last_output\")");
        }
        untold.extend(nonlinearity(layer));
        let mut renamings = layer_renamings(layer, "rnn.");
        renamings.extend(head.renamings());
        Candidate {
            untold,
            ..Candidate::new("mnist", layer, settings, &renamings, self.names)
        }
    }

    /// The layer without what is around it.
    fn alone(&self, layer: &RecurrentShape) -> Candidate {
        let mut settings = object(json!({
            "cell": layer.cell.name(),
            "input_size": layer.input_size,
        }));
        settings.extend(recurrent_settings(layer));
        let renamings = layer_renamings(layer, "");
        let mut untold = vec!["batch_first"];
        untold.extend(nonlinearity(layer));
        Candidate {
            untold,
            // It is no whole network, whatever is left out.
            left_out: LeftOut::default(),
            ..Candidate::new("recurrent", layer, settings, &renamings, self.names)
        }
    }
}

/// What reads the characters of words.
#[derive(Clone, Copy)]
struct Characters<'p> {
    reader: &'p RecurrentShape,
    symbols: &'p Embedding<'p>,
}

fn nonlinearity(layer: &RecurrentShape) -> Option<&'static str> {
    (layer.cell == CellType::Rnn).then_some("nonlinearity (tanh here, or relu)")
}

/// Of `parts` those whose names share most of their path with the layer's.
fn nearest<'p, P>(
    layer: &RecurrentShape,
    parts: impl Iterator<Item = &'p P> + Clone,
    name: impl Fn(&'p P) -> &'p str,
) -> Vec<&'p P> {
    let shared = |part: &'p P| shared_path(&layer.prefix, name(part));
    let most = parts.clone().map(shared).max();
    parts
        .filter(|part| Some(shared(part)) == most)
        .take(MOST)
        .collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests;
