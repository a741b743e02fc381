//! Character models that are opened from runs, and write.

use burn::tensor::Device;
use rnn_data::Vocab;
use rnn_model::{
    AnyConfig, AnyRecurrent, GruConfig, LanguageModel, LanguageModelConfig, LstmConfig, Sampling,
    StateDict,
};
use rnn_train::RunDir;
use rnn_train::language::{CharModel, CharModelConfig};
use tests::{chain, devices};

/// Characters of one byte to four.
const CHARACTERS: &str = "\n abcdé中👩";

fn vocab() -> Vocab {
    Vocab::builder().with_unk("<unk>").chars(CHARACTERS)
}

fn config(rnn: impl Into<AnyConfig>) -> LanguageModelConfig<AnyConfig> {
    LanguageModelConfig::new(rnn.into(), vocab().len())
}

/// What a run has in its `model.json`.
fn described(rnn: impl Into<AnyConfig>) -> CharModelConfig {
    CharModelConfig {
        language_model: config(rnn),
    }
}

fn init(device: &Device) -> LanguageModel<AnyRecurrent> {
    config(LstmConfig::new(8, 16).with_num_layers(2)).init(device)
}

fn written(model: &CharModel, prompt: &str, sampling: Sampling) -> String {
    let characters = model.sample(prompt, sampling).expect("a prompt");
    let text: Result<String, _> = characters.take(60).collect();
    text.expect("finite scores")
}

#[test]
fn a_run_writes_the_same_on_all_devices() {
    let _alone = tests::seeded();
    let devices = devices();
    let folder = tempfile::tempdir().expect("a folder");
    let run = RunDir::create(folder.path().join("run")).expect("a run");
    let rnn = LstmConfig::new(8, 16).with_num_layers(2);
    run.write_model_config(&described(rnn)).expect("written");
    run.write_vocab(&vocab()).expect("written");
    run.save_model(&init(&devices[0].1)).expect("saved");

    let sampling = |seed| Sampling {
        temperature: 0.8,
        top_k: Some(7),
        top_p: Some(0.9),
        ..Sampling::new(seed)
    };
    let mut texts: Vec<(String, [String; 3])> = Vec::new();
    for (name, device) in devices {
        // In three lines, as a program would.
        let model = CharModel::open(folder.path().join("run"), &device).expect("a run");
        let characters = model.sample("abc", sampling(1)).expect("a prompt");
        let text: String = characters.take(60).map(|c| c.expect("finite")).collect();

        assert_eq!(text.chars().count(), 60, "{name}");
        assert!(
            text.chars().all(|c| CHARACTERS.contains(c)),
            "{name}: {text}"
        );
        assert_eq!(
            written(&model, "abc", sampling(1)),
            text,
            "{name}: the same seed"
        );
        let other = written(&model, "abc", sampling(2));
        assert_ne!(other, text, "{name}: another seed");
        let greedy = Sampling {
            temperature: 0.0,
            ..Sampling::new(1)
        };
        let greedy = written(&model, "中", greedy);
        texts.push((name, [text, other, greedy]));
    }
    let (first_name, first) = &texts[0];
    for (name, found) in &texts {
        assert_eq!(found, first, "{name} and {first_name}");
    }
}

#[test]
fn unknown_characters_are_read_and_never_written() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let model = init(&device);
    // The symbol for unknown ones is by far the most probable.
    let mut weights = StateDict::of(&model);
    let unk = vocab().unk_id().expect("there is one");
    let mut bias = vec![0.0f32; vocab().len()];
    bias[unk] = 50.0;
    let shape = [bias.len()];
    weights.insert("fc.bias", burn::tensor::TensorData::new(bias, shape));
    let model = weights.load_into(model).expect("the same names");

    let model = CharModel::new(model, vocab()).expect("it fits");
    assert_eq!(model.unknown("abcd\n中"), []);
    assert_eq!(model.unknown("xaxbXé!x"), ['x', 'X', '!']);
    for temperature in [0.0, 1.0] {
        let sampling = Sampling {
            temperature,
            ..Sampling::new(3)
        };
        let text = written(&model, "x!", sampling.clone());
        assert!(text.chars().all(|c| CHARACTERS.contains(c)), "{text}");
        // All unknown ones are one, and read as the symbol for them.
        assert_eq!(written(&model, "yz", sampling.clone()), text);
        let sampling = Sampling {
            never: vec![unk],
            ..sampling
        };
        let ids = model
            .model()
            .generate(&[unk, unk], sampling)
            .expect("a prompt");
        let ids: Result<Vec<usize>, _> = ids.take(60).collect();
        let symbols = model.vocab().decode(&ids.expect("finite scores"));
        assert_eq!(symbols.expect("ids of the vocabulary").concat(), text);
    }
}

#[test]
fn what_does_not_fit_is_said() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let of = |vocab: Vocab| {
        let config = LanguageModelConfig::new(AnyConfig::from(GruConfig::new(4, 5)), vocab.len());
        CharModel::new(config.init(&device), vocab)
    };
    let error = CharModel::new(init(&device), Vocab::chars("ab")).expect_err("two symbols");
    assert_eq!(
        error.to_string(),
        format!(
            "expected a vocabulary of {} symbols, as the model has, found 2",
            vocab().len()
        )
    );
    let error = of(Vocab::words(["a", "word"])).expect_err("words");
    assert_eq!(
        error.to_string(),
        "expected a vocabulary of characters, found \"word\" under id 1"
    );
    let model = of(Vocab::chars("ab")).expect("characters");
    let error = model.sample("axb", Sampling::new(1)).expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "the model does not know these characters of the prompt: ['x']"
    );
    model.sample("", Sampling::new(1)).expect_err("no prompt");

    // A damaged run.
    let folder = tempfile::tempdir().expect("a folder");
    let error = CharModel::open(folder.path().join("none"), &device).expect_err("no run");
    let text = chain(&error);
    assert!(text.contains("none"), "{text}");
    let path = folder.path().join("run");
    let run = RunDir::create(&path).expect("a run");
    run.write_model_config(&described(LstmConfig::new(8, 16).with_num_layers(2)))
        .expect("written");
    run.save_model(&init(&device)).expect("saved");
    let text = chain(&CharModel::open(&path, &device).expect_err("no vocabulary"));
    assert!(text.contains("vocab.json"), "{text}");
    run.write_vocab(&Vocab::chars("ab")).expect("written");
    let text = chain(&CharModel::open(&path, &device).expect_err("two symbols"));
    assert!(text.contains("vocab.json"), "{text}");
    run.write_model_config(&described(LstmConfig::new(8, 17)))
        .expect("written");
    let text = chain(&CharModel::open(&path, &device).expect_err("another size"));
    assert!(text.contains("model.safetensors"), "{text}");
}
