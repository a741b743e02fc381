//! Checkpoints and data that are not those of the run.

use std::fs;

use rnn_data::Strokes;

use super::super::{fails, succeeds};
use super::{TRAIN, checkpoints, outcome, stopped, with_digits};

#[test]
fn a_damaged_checkpoint_is_named_with_the_one_to_use_instead() {
    let folder = with_digits();
    let expected = stopped(folder.path());
    let run_folder = folder.path().join("run");
    let [last, before] = checkpoints(&run_folder);
    let path = run_folder.join(format!("checkpoints/{last}.safetensors"));
    let mut bytes = fs::read(&path).expect("a checkpoint");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).expect("damaged");

    let message = fails(folder.path(), "mnist train --resume run", 1);
    for part in [&last[..], "damaged", "SHA-256", "--from", &before] {
        assert!(message.contains(part), "no {part} in: {message}");
    }
    assert_eq!(fs::read(&path).expect("a checkpoint"), bytes);

    let line = format!("mnist train --resume run --quiet --from {before}");
    succeeds(folder.path(), &line);
    assert!(outcome(&run_folder) == expected);

    let message = fails(
        folder.path(),
        "mnist train --resume whole --from step-00000001",
        1,
    );
    assert!(
        message.contains("step-00000001") || message.contains("finished"),
        "{message}"
    );
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let folder = with_digits();
    stopped(folder.path());
    let run_folder = folder.path().join("run");
    // The same model and data, but another seed.
    let other = format!("{TRAIN} --epochs 30 --seed 2 --quiet --run other");
    succeeds(folder.path(), &other);
    let [last, _] = checkpoints(&run_folder);
    let [foreign, _] = checkpoints(&folder.path().join("other"));
    let checkpoint = |run: &str, name: &str| {
        folder
            .path()
            .join(run)
            .join(format!("checkpoints/{name}.safetensors"))
    };
    let own = fs::read(checkpoint("run", &last)).expect("a checkpoint");
    fs::copy(checkpoint("other", &foreign), checkpoint("run", &foreign)).expect("copied");

    let message = fails(folder.path(), "mnist train --resume run", 1);
    for part in [&foreign[..], "of another training", "identity"] {
        assert!(message.contains(part), "no {part} in: {message}");
    }
    assert!(fs::read(checkpoint("run", &last)).expect("a checkpoint") == own);
    succeeds(
        folder.path(),
        &format!("mnist train --resume run --quiet --from {last}"),
    );
}

#[test]
fn changed_data_are_refused() {
    let folder = with_digits();
    stopped(folder.path());
    let other = Strokes::new(9).mnist(400, 50).expect("digits");
    other
        .write(folder.path().join("digits"), false)
        .expect("written");
    let message = fails(folder.path(), "mnist train --resume run", 1);
    assert!(
        message.contains("images to train on have changed"),
        "{message}"
    );
}
