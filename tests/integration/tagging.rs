//! Tagging: padding does not affect losses, accuracies, gradients or predictions.

use burn::data::dataloader::batcher::Batcher;
use burn::tensor::Device;
use rnn_data::tagged::{Label, SentenceIds, WordEncoder, WordForm};
use rnn_data::{
    PaddedBatch, TaggedBatcher, TaggedCorpus, TaggedItem, Vocab, notebook_sentences, parse_tagged,
};
use rnn_model::{LstmConfig, LstmTagger, LstmTaggerConfig};
use rnn_train::data::{WordDropout, fingerprint_sentences};
use rnn_train::metrics::TaggingScore;
use rnn_train::objective::tag;
use rnn_train::{FitConfig, Objective, TaggedLoader, Trainer, evaluate};
use tests::{devices, gradients, relative_error};

const LENGTHS: [usize; 5] = [4, 1, 6, 2, 3];

fn tagger(device: &Device) -> LstmTagger {
    let lstm = LstmConfig::new(5, 4).with_bidirectional(true);
    LstmTaggerConfig::over(lstm, 7, 3).init(device)
}

fn items() -> Vec<TaggedItem> {
    let item = |(row, length): (usize, usize)| {
        let words: Vec<usize> = (0..length).map(|i| (3 * row + 2 * i) % 7).collect();
        TaggedItem {
            sentence: words.into(),
            tags: (0..length).map(|i| (row + i) % 3).collect(),
        }
    };
    LENGTHS.into_iter().enumerate().map(item).collect()
}

#[test]
fn the_loss_of_a_batch_is_the_mean_over_its_words() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let device = device.autodiff();
        let model = tagger(&device);
        let (together, ()) = model.score(TaggedBatcher.batch(items(), &device), None);
        let classes = together.classes.as_ref().expect("classes");
        assert_eq!(classes.logits.dims(), [16, 3], "{name}");

        let mut sum = 0.0;
        let mut weighted = None;
        for item in items() {
            let words = item.tags.len() as f64;
            let (alone, ()) = model.score(TaggedBatcher.batch(vec![item], &device), None);
            sum += words * alone.loss.clone().into_scalar::<f64>();
            let part = alone.loss * (words / 16.0);
            weighted = Some(weighted.map_or(part.clone(), |sum| sum + part));
        }
        let loss = together.loss.clone().into_scalar::<f64>();
        assert!((loss - sum / 16.0).abs() < 1e-6, "{name}: {loss}");

        let expected = weighted.expect("sentences").backward();
        let found = together.loss.backward();
        let pairs = gradients(&model, &found).into_iter();
        for ((parameter, found), (_, expected)) in pairs.zip(gradients(&model, &expected)) {
            let error = relative_error(&found, &expected);
            assert!(error < 1e-5, "{name}: {parameter} off by {error:e}");
        }
    }
}

#[test]
fn predictions_do_not_depend_on_what_else_is_in_the_batch() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let model = tagger(&device);
        let sentences: Vec<SentenceIds> = items().into_iter().map(|item| item.sentence).collect();
        let tags = |batch_size| -> Vec<Vec<usize>> {
            let tagged = tag(&model, &sentences, batch_size).expect("tags");
            tagged.into_iter().map(|tagging| tagging.tags).collect()
        };
        let alone = tags(1);
        let lengths: Vec<usize> = alone.iter().map(Vec::len).collect();
        assert_eq!(lengths, LENGTHS, "{name}");
        for batch_size in [2, 3, 100] {
            assert_eq!(tags(batch_size), alone, "{name}");
        }
        let evaluation = evaluate(&model, &TaggedLoader::sentences(items(), 2)).expect("a result");
        assert_eq!(evaluation.predictions, alone.concat(), "{name}");
        assert!(tag(&model, &[], 4).expect("no tags").is_empty());
    }
}

#[test]
fn the_notebook_s_sentences_are_learnt_on_every_device() {
    let _alone = tests::seeded();
    let sentences = notebook_sentences();
    let words = Vocab::words(sentences.iter().flat_map(|sentence| &sentence.words));
    let tags = Vocab::words(sentences.iter().flat_map(|sentence| &sentence.tags));
    let encoder = WordEncoder::new(words.clone(), WordForm::default());
    let items: Vec<TaggedItem> = sentences
        .iter()
        .map(|sentence| TaggedItem::encode(sentence, &encoder, &tags).expect("known words"))
        .collect();
    let ids: Vec<SentenceIds> = items.iter().map(|item| item.sentence.clone()).collect();
    for (name, device) in devices() {
        // Both sentences in one batch, so that one is padded.
        let loader = TaggedLoader::sentences(items.clone(), 2);
        let config = FitConfig {
            learning_rate: 0.1,
            ..FitConfig::new(60)
        };
        let model = LstmTaggerConfig::new(words.len(), 6, 3, tags.len()).init(&device);
        let fitted = Trainer::new(config).fit(model, loader).expect("trained");
        let last = fitted.history.last().expect("epochs");
        assert_eq!(last.train_metric("accuracy"), Some(1.0), "{name}");

        let predicted: Vec<Vec<&str>> = tag(&fitted.model, &ids, 2)
            .expect("tags")
            .iter()
            .map(|tagging| tags.decode(&tagging.tags).expect("known tags"))
            .collect();
        let score = TaggingScore::count(&sentences, &predicted, |word| words.contains(word));
        assert_eq!((score.words, score.correct), (9, 9), "{name}");
        assert_eq!((score.sentences, score.sentences_correct), (2, 2), "{name}");
        assert_eq!(
            (score.unknown, score.accuracy_unknown()),
            (0, None),
            "{name}"
        );
    }
}

#[test]
fn words_without_an_id_are_refused_or_become_unknown() {
    let sentence = &parse_tagged("the/DET cat/NN", Label::Auto).expect("a sentence")[0];
    let tags = Vocab::words(["DET", "NN"]);
    let encoder = |words| WordEncoder::new(words, WordForm::default());
    let known = encoder(Vocab::words(["the"]));
    let error = TaggedItem::encode(sentence, &known, &tags).expect_err("no cat");
    assert!(error.to_string().contains("\"cat\""), "{error}");

    let words = encoder(Vocab::builder().with_unk("?").words(["the"]));
    let item = TaggedItem::encode(sentence, &words, &tags).expect("ids");
    assert_eq!((item.sentence.words, item.tags), (vec![1, 0], vec![0, 1]));
}

#[test]
fn positions_leave_the_padding_out() {
    for (name, device) in devices() {
        let batch = PaddedBatch::new(&[&[1], &[2, 3, 4], &[5, 6]], &device);
        let ids: Vec<i64> = batch.ids().to_data().iter().collect();
        assert_eq!(ids, [1, 0, 0, 2, 3, 4, 5, 6, 0], "{name}");
        let ids = batch.ids().clone().flatten::<1>(0, 1);
        let picked = ids.select(0, batch.positions());
        let picked: Vec<i64> = picked.into_data().iter().collect();
        assert_eq!(picked, [1, 2, 3, 4, 5, 6], "{name}");
    }
}

#[test]
fn a_fingerprint_tells_corpora_apart() {
    let prints: Vec<String> = ["a/X b/Y", "a/X\nb/Y", "a/XbY b/Y", "a/Y b/X", "ab/XY c/Z"]
        .iter()
        .map(|text| fingerprint_sentences(&parse_tagged(text, Label::Auto).expect("sentences")))
        .collect();
    for (i, print) in prints.iter().enumerate() {
        assert_eq!(print.len(), 64);
        assert!(!prints[..i].contains(print), "{i}");
    }
    let again = TaggedCorpus::default().with_dev_share(0.5);
    assert_eq!(again, TaggedCorpus::default());
}

#[test]
fn an_epoch_of_batches_by_length_has_every_sentence_once_and_the_same_noise() {
    let device = Device::default();
    // Words with ids of their own, so that sentences can be told apart; word 0 is the unknown one.
    let lengths: Vec<usize> = (0..50).map(|row| 1 + row * 7 % 11).collect();
    let item = |(row, &length): (usize, &usize)| TaggedItem {
        sentence: vec![row + 1; length].into(),
        tags: vec![0; length],
    };
    let items: Vec<TaggedItem> = lengths.iter().enumerate().map(item).collect();
    let sentences = |loader: &TaggedLoader, epoch: usize| -> Vec<Vec<Vec<i64>>> {
        let batches = loader.batches(&device, epoch).map(|batch| {
            let words = batch.expect("a batch").words;
            let [_, time] = words.ids().dims();
            let ids: Vec<i64> = words.ids().clone().into_data().iter().collect();
            let rows = ids.chunks(time).zip(words.lengths());
            rows.map(|(row, &length)| row[..length].to_vec()).collect()
        });
        batches.collect()
    };
    let plain = TaggedLoader::sentences(items.clone(), 4)
        .bucketed(lengths.clone())
        .shuffled(3);
    let epochs = [0, 1].map(|epoch| sentences(&plain, epoch));
    assert!(epochs[0] != epochs[1]);
    for batches in &epochs {
        assert_eq!(batches.len(), plain.num_batches());
        let mut rows: Vec<i64> = batches.iter().flatten().map(|row| row[0]).collect();
        rows.sort_unstable();
        assert_eq!(rows, (1..=50).collect::<Vec<i64>>());
        // Four sentences of mean length have 23 words.
        for batch in batches {
            let words: usize = batch.iter().map(Vec::len).sum();
            assert!(words <= 23 && (batch.len() == 1 || words > 8), "{batch:?}");
        }
    }
    let noisy = || {
        let dropout = WordDropout::new(5.0, 0, &[5; 51]);
        TaggedLoader::with_word_dropout(items.clone(), 4, dropout, 3)
            .bucketed(lengths.clone())
            .shuffled(3)
    };
    let [first, again, next] =
        [(noisy(), 0), (noisy(), 0), (noisy(), 1)].map(|(loader, epoch)| sentences(&loader, epoch));
    assert_eq!(first, again);
    assert!(first != next);
    // Half of the words are unknown, and the others where they are without noise.
    let both = first
        .iter()
        .flatten()
        .flatten()
        .zip(epochs[0].iter().flatten().flatten());
    let unknown = both.clone().filter(|&(&word, _)| word == 0).count();
    assert!((100..200).contains(&unknown), "{unknown}");
    assert!(
        both.into_iter()
            .all(|(&word, &plain)| word == 0 || word == plain)
    );
}
