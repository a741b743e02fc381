//! What is not saved, and checkpoints that are refused.

use super::*;

#[test]
fn non_finite_weights_are_not_saved() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let config = FitConfig {
        // The first step has a finite loss, but makes the weights infinite.
        learning_rate: 1e39,
        ..FitConfig::new(1)
    };
    let folder = tempfile::tempdir().expect("a folder");
    let checkpoints = Checkpoints::new(folder.path()).every(SaveInterval::Steps(1));
    let result = trainer(&config, folder.path())
        .with_checkpoints(checkpoints.clone())
        .fit(model(&device), loader());
    let error = result.expect_err("an error");
    assert!(
        matches!(error, TrainError::Diverged { step: 1, .. }),
        "{error}"
    );
    assert_eq!(
        checkpoints.names().expect("no folder"),
        Vec::<String>::new()
    );
}

fn saved(folder: &Path) -> Checkpoint {
    let (_, device) = devices().swap_remove(0);
    let checkpoints = Checkpoints::new(folder).with_identity("this one");
    trainer(&FitConfig::new(1), folder)
        .with_checkpoints(checkpoints.clone())
        .fit(model(&device), loader())
        .expect("a training");
    checkpoints.latest().expect("a whole one").expect("one")
}

#[test]
fn damage_anywhere_in_a_checkpoint_is_detected() {
    let _alone = tests::seeded();
    let folder = tempfile::tempdir().expect("a folder");
    let path = saved(folder.path()).path().to_owned();
    let whole = std::fs::read(&path).expect("a file");
    let refused = |bytes: &[u8], what: &str| {
        std::fs::write(&path, bytes).expect("written");
        let error = Checkpoint::read(&path).expect_err(what);
        assert!(
            matches!(error, CheckpointError::Damaged { .. }),
            "{what}: {error}"
        );
        let message = error.to_string();
        assert!(message.contains("step-00000005.safetensors"), "{message}");
    };
    for step in 0..100 {
        let end = whole.len() * step / 100;
        refused(&whole[..end], &format!("cut at {end}"));
    }
    refused(&[&whole[..], b"more"].concat(), "longer");
    for step in 0..100 {
        let mut bytes = whole.clone();
        let place = whole.len() * step / 100;
        bytes[place] ^= 1;
        refused(&bytes, &format!("a flipped bit at {place}"));
    }
    std::fs::write(&path, &whole).expect("written");
    Checkpoint::read(&path).expect("whole again");
}

#[test]
fn a_checkpoint_of_another_training_is_refused() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let checkpoint = saved(folder.path());
    let fit = |identity: &str, config: FitConfig, hidden_size: usize, batch_size: usize| {
        let (train, valid) = digits();
        let gru = GruConfig::new(28, hidden_size).with_num_layers(2);
        let model = ClassifierConfig::new(gru.with_dropout(0.2), 10).init(&device);
        let checkpoints = Checkpoints::new(folder.path()).with_identity(identity);
        Trainer::new(config)
            .with_checkpoints(checkpoints)
            .with_validation(ImageLoader::images(&valid, 8))
            .resume(checkpoint.clone())
            .fit(model, ImageLoader::images(&train, batch_size).shuffled(7))
    };
    let other = FitConfig {
        learning_rate: 0.5,
        ..FitConfig::new(1)
    };
    for (result, says) in [
        (
            fit("another", FitConfig::new(1), 6, 10),
            "expected identity another",
        ),
        (
            fit("this one", other, 6, 10),
            "expected settings learning_rate 0.5, found learning_rate 0.001",
        ),
        (
            fit("this one", FitConfig::new(1), 6, 11),
            "expected training data batch_size 11, found batch_size 10",
        ),
        (
            fit("this one", FitConfig::new(1), 7, 10),
            "rnn.weight_hh_l0",
        ),
    ] {
        let error = result.expect_err("an error");
        let is_foreign = matches!(
            error,
            TrainError::Checkpoint(CheckpointError::Foreign { .. } | CheckpointError::Model { .. })
        );
        assert!(is_foreign, "{error}");
        let message = tests::chain(&error);
        assert!(message.contains(says), "no '{says}' in: {message}");
        assert!(message.contains("step-00000005.safetensors"), "{message}");
    }
    // The checkpoints were kept.
    let whole = fit("this one", FitConfig::new(1), 6, 10).expect("nothing left to do");
    assert_eq!(whole.stop_reason, StopReason::Finished);
}

#[test]
fn non_finite_gradients_stop_the_training_at_their_step() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    // Loss and weights are finite, but gradients are not.
    let gru = GruConfig::new(28, 6).with_num_layers(2).with_dropout(0.2);
    let model = ClassifierConfig::new(gru, 10).init(&device);
    let mut huge = StateDict::of(&model);
    let shape = huge.get("fc.weight").expect("weights").shape().clone();
    let values = vec![1e30f32; shape.num_elements()];
    huge.insert("fc.weight", burn::tensor::TensorData::new(values, shape));
    let model = huge.load_into(model).expect("the same names");
    let config = FitConfig {
        clip_norm: Some(1.0),
        ..FitConfig::new(1)
    };
    let result = Trainer::new(config).fit(model, loader());
    let error = result.expect_err("an error");
    assert!(
        matches!(
            error,
            TrainError::NotFiniteAtStart {
                parameter: None,
                ..
            }
        ),
        "{error}"
    );
    let says = "the gradients' norm of the first batch is inf, before any step: the loss is finite";
    assert!(error.to_string().starts_with(says), "{error}");
}

#[test]
fn a_path_that_is_not_a_folder_is_an_error() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("checkpoints");
    std::fs::write(&file, "a file").expect("written");
    let result = trainer(&FitConfig::new(1), &file).fit(model(&device), loader());
    let error = result.expect_err("an error").to_string();
    assert!(error.contains(&file.display().to_string()), "{error}");
    assert_eq!(std::fs::read(&file).expect("a file"), b"a file");
}
