//! A run's folder is complete, is never mixed with another run, and reports damage.

use rnn_data::Strokes;
use rnn_model::{ClassifierConfig, GruConfig, LstmConfig, StateDict};
use rnn_train::data::fingerprint;
use rnn_train::progress::EpochReport;
use rnn_train::{ImageLoader, RunDir, evaluate};
use tests::devices;

#[test]
fn a_model_saved_on_one_device_predicts_the_same_on_every_other() {
    let _alone = tests::seeded();
    let digits = Strokes::new(3).generate(60).expect("digits");
    let config = ClassifierConfig::new(LstmConfig::new(28, 12), 10);
    let devices = devices();
    for (from_name, from) in &devices {
        let folder = tempfile::tempdir().expect("a folder");
        let run = RunDir::create(folder.path()).expect("a run");
        let model = config.init(from);
        run.save_model(&model).expect("saved");
        let expected = evaluate(&model, &ImageLoader::images(&digits, 20)).expect("a result");
        for (to_name, to) in &devices {
            let model = run.load_model(config.init(to)).expect("loaded");
            let found = evaluate(&model, &ImageLoader::images(&digits, 20)).expect("a result");
            assert!(
                (found.loss - expected.loss).abs() < 1e-5,
                "{from_name} → {to_name}"
            );
            assert_eq!(
                found.predictions, expected.predictions,
                "{from_name} → {to_name}"
            );
        }
    }
}

#[test]
fn a_folder_with_anything_in_it_is_refused() {
    let _alone = tests::seeded();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("thesis.txt"), "precious").expect("a file");
    let error = RunDir::create(folder.path())
        .expect_err("not empty")
        .to_string();
    assert!(
        error.contains(&folder.path().display().to_string()),
        "{error}"
    );
    assert!(error.contains("not empty"), "{error}");
}

#[test]
fn runs_are_numbered() {
    let _alone = tests::seeded();
    let folder = tempfile::tempdir().expect("a folder");
    let names: Vec<String> = (0..3)
        .map(|_| RunDir::create_next(folder.path(), "mnist").expect("a run"))
        .map(|run| {
            run.path()
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(names, ["mnist-1", "mnist-2", "mnist-3"]);
}

#[test]
fn folders_that_are_no_runs_and_damaged_runs_are_errors() {
    let _alone = tests::seeded();
    let folder = tempfile::tempdir().expect("a folder");
    let missing = RunDir::open(folder.path()).expect_err("no run").to_string();
    assert!(
        missing.ends_with("neither config.json nor model.safetensors"),
        "{missing}"
    );

    let run = RunDir::create(folder.path().join("run")).expect("a run");
    std::fs::write(run.path().join("config.json"), "{\"epochs\": ").expect("a file");
    let error = tests::chain(&run.read_config::<EpochReport>().expect_err("cut"));
    assert!(
        error.contains("config.json") && error.contains("line 1"),
        "{error}"
    );

    let (_, device) = devices().swap_remove(0);
    let config = ClassifierConfig::new(GruConfig::new(28, 4), 10);
    run.save_model(&config.init(&device)).expect("saved");
    let other = ClassifierConfig::new(GruConfig::new(28, 5).with_num_layers(2), 10);
    let error = run.load_model(other.init(&device));
    let error = tests::chain(&error.expect_err("another model"));
    for part in [
        "model.safetensors",
        "missing: rnn.weight_ih_l1",
        "shape of rnn.weight_hh_l0: expected [15, 5], found [12, 4]",
    ] {
        assert!(error.contains(part), "no '{part}' in: {error}");
    }

    let weights = run.path().join("model.safetensors");
    let bytes = std::fs::read(&weights).expect("weights");
    for end in [0, 7, 8, 100, bytes.len() - 1] {
        std::fs::write(&weights, &bytes[..end]).expect("cut");
        let error = tests::chain(&run.load_model(config.init(&device)).expect_err("cut"));
        assert!(error.contains("model.safetensors"), "{error}");
    }
}

#[test]
fn a_run_of_weights_alone_is_opened() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let config = ClassifierConfig::new(GruConfig::new(28, 4), 10);
    let model = config.init(&device);
    let run = RunDir::create(folder.path()).expect("a run");
    run.save_model(&model).expect("saved");

    let opened = RunDir::open(folder.path()).expect("a run");
    assert_eq!(opened, run);
    let loaded = opened.load_model(config.init(&device)).expect("loaded");
    let bytes = |model| StateDict::of(model).to_safetensors().expect("f32 weights");
    assert_eq!(bytes(&loaded), bytes(&model));
    // Without settings there are checkpoints, of no identity.
    assert_eq!(opened.checkpoints().expect("a folder").identity(), "");

    // What a program has begun and not given settings is no run yet.
    let folder = tempfile::tempdir().expect("a folder");
    let run = RunDir::create(folder.path()).expect("a run");
    let lock = run.lock_new().expect("nobody else writes");
    run.save_model(&model).expect("saved");
    assert!(RunDir::open(folder.path()).is_err());
    run.write_config(&1).expect("saved");
    drop(lock);
    RunDir::open(folder.path()).expect("a run by now");
}

#[test]
fn a_fingerprint_tells_data_apart() {
    let _alone = tests::seeded();
    let digits = |seed| Strokes::new(seed).generate(30).expect("digits");
    assert_eq!(fingerprint(&digits(1)), fingerprint(&digits(1)));
    assert_ne!(fingerprint(&digits(1)), fingerprint(&digits(2)));
    assert_ne!(fingerprint(&digits(1)), fingerprint(&digits(1).take(29)));
    assert_eq!(fingerprint(&digits(1)).len(), 64);
}
