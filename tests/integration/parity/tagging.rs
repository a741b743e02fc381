//! Taggers that read characters, with a conditional random field and without: logits, loss, gradients and
//! tags.

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::data::dataloader::batcher::Batcher;
use burn::tensor::{Device, Tensor};
use rnn_data::tagged::SentenceIds;
use rnn_data::{TaggedBatcher, TaggedItem};
use rnn_model::{CharacterEncoderConfig, LstmConfig, LstmTagger, LstmTaggerConfig, StateDict};
use rnn_train::Objective;
use rnn_train::objective::tag;
use tests::{devices, gradients};

use super::formula::formula;
use super::{Case, cases, is};

/// The ids of the characters of each word.
const WORDS: [&[usize]; 5] = [
    &[1],
    &[2, 3, 1, 4],
    &[5, 0, 2],
    &[3, 3, 3, 3, 3, 3, 6],
    &[4, 1],
];

/// The words of each sentence, and their tags.
const SENTENCES: [(&[usize], &[usize]); 3] = [
    (&[0, 1, 2, 1, 3], &[2, 0, 1, 1, 3]),
    (&[4], &[0]),
    (&[3, 0, 2], &[1, 2, 2]),
];

fn items(with_characters: bool) -> Vec<TaggedItem> {
    let item = |(words, tags): (&[usize], &[usize])| TaggedItem {
        sentence: SentenceIds {
            words: words.to_vec(),
            characters: match with_characters {
                true => words.iter().map(|&word| Arc::from(WORDS[word])).collect(),
                false => Vec::new(),
            },
        },
        tags: tags.to_vec(),
    };
    SENTENCES.into_iter().map(item).collect()
}

/// The model whose weights follow from their names.
fn model(case: &str, device: &Device) -> LstmTagger {
    let has_characters = is(case, "characters");
    let input_size = if has_characters { 9 } else { 3 };
    let layers = if is(case, "crf") { 1 } else { 2 };
    let lstm = LstmConfig::new(input_size, 4)
        .with_num_layers(layers)
        .with_bidirectional(true);
    let mut config = LstmTaggerConfig::over(lstm, 5, 4).with_crf(is(case, "crf"));
    if has_characters {
        let characters = LstmConfig::new(2, 3).with_bidirectional(true);
        config = config.with_characters(CharacterEncoderConfig::new(characters, 7));
    }
    let model = config.init(device);
    let mut weights = StateDict::of(&model);
    let names: Vec<String> = weights.names().map(str::to_owned).collect();
    let mut numbers = 0;
    for name in names {
        let shape = weights.get(&name).expect("a parameter").shape().clone();
        numbers += shape.num_elements();
        let scale = if name.contains("bias") { 0.25 } else { 2.5 };
        let data = formula(&format!("{case}/weight/{name}"), &shape, scale);
        weights.insert(&name, data);
    }
    assert_eq!(numbers, config.num_params(), "{case}");
    weights.load_into(model).expect("the same names")
}

#[test]
fn taggers() {
    let _alone = tests::seeded();
    let cases = cases("tagging.safetensors");
    assert_eq!(cases.len(), 3);
    for (name, golden) in &cases {
        for (device_name, device) in devices() {
            let device = device.autodiff();
            let case = Case {
                name,
                golden,
                device: &device,
                device_name: &device_name,
                shapes: BTreeMap::new(),
            };
            let model = model(name, &device);
            let items = items(is(name, "characters"));
            let (loss, ()) = model.score(TaggedBatcher.batch(items.clone(), &device), None);
            case.check_output("loss", &loss.loss.to_data());
            if !is(name, "crf") {
                let classes = loss.classes.as_ref().expect("classes");
                case.check_output("logits", &classes.logits.to_data());
            }
            let found = gradients(&model, &loss.loss.backward());
            let expected = golden.names().filter(|name| name.starts_with("grad/"));
            assert_eq!(found.len(), expected.count(), "{name}");
            for (parameter, gradient) in found {
                let gradient = match &*parameter {
                    // A linear layer of Burn's has its weight as [in, out].
                    "fc.weight" => Tensor::<2>::from_data(gradient, &device)
                        .transpose()
                        .into_data(),
                    _ => gradient,
                };
                case.check_gradient(&parameter, &gradient);
            }

            let expected: Vec<usize> = case
                .value("tags")
                .iter::<i64>()
                .map(|t| t as usize)
                .collect();
            let sentences: Vec<SentenceIds> = items.into_iter().map(|item| item.sentence).collect();
            for batch_size in [1, 2, 3] {
                let tagged = tag(&model, &sentences, batch_size).expect("tags");
                let tags: Vec<usize> = tagged.iter().flat_map(|t| t.tags.clone()).collect();
                assert_eq!(tags, expected, "{name} on {device_name}");
                for tagging in tagged {
                    for word in tagging.probabilities.chunks(4) {
                        let sum: f32 = word.iter().sum();
                        assert!((sum - 1.0).abs() < 1e-5, "{name}: {sum}");
                    }
                }
            }
        }
    }
}
