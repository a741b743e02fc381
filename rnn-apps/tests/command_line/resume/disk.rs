//! A disk that is full, and a folder that can't be written to.

#![cfg(unix)]

use std::fs;
use std::path::Path;

use super::super::{command, succeeds, text};
use super::{checkpoints, outcome, stopped, with_digits};

#[test]
fn a_full_disk_is_an_error_that_keeps_the_checkpoints() {
    let folder = with_digits();
    let expected = stopped(folder.path());
    let run_folder = folder.path().join("run");
    let [last, _] = checkpoints(&run_folder);
    let path = run_folder.join(format!("checkpoints/{last}.safetensors"));
    let before = fs::read(&path).expect("a checkpoint");
    // The limit on file sizes makes writing a checkpoint fail, as on a full disk.
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" mnist train --resume run --quiet";
    let output = std::process::Command::new("sh")
        .current_dir(folder.path())
        .args(["-c", script, env!("CARGO_BIN_EXE_rnn-apps")])
        .output()
        .expect("the program starts");
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.contains("run/checkpoints/"), "{message}");
    assert!(message.contains("File too large"), "{message}");
    assert!(fs::read(&path).expect("a checkpoint") == before);

    succeeds(folder.path(), "mnist train --resume run --quiet");
    assert!(outcome(&run_folder) == expected);
}

#[test]
fn a_read_only_folder_is_an_error_that_keeps_the_checkpoints() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let folder = with_digits();
    let expected = stopped(folder.path());
    let run_folder = folder.path().join("run");
    let checkpoint_folder = run_folder.join("checkpoints");
    let allow = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
    };
    let [last, _] = checkpoints(&run_folder);
    let path = checkpoint_folder.join(format!("{last}.safetensors"));
    let before = fs::read(&path).expect("a checkpoint");
    for read_only in [&checkpoint_folder, &run_folder] {
        allow(read_only, 0o555);
    }
    // The superuser ignores permissions, so the program is then run as another user, from a folder
    // that this user can read.
    let is_root = fs::metadata(folder.path()).expect("a folder").uid() == 0;
    let mut train = command(folder.path(), "mnist train --resume run --quiet");
    if is_root {
        allow(folder.path(), 0o755);
        let program = folder.path().join("rnn-apps");
        fs::copy(env!("CARGO_BIN_EXE_rnn-apps"), &program).expect("copied");
        train = std::process::Command::new(program);
        train.current_dir(folder.path()).uid(65_534);
        train.args("mnist train --resume run --quiet".split(' '));
    }
    let output = train.output().expect("the program starts");
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(
        message.contains("run") && message.contains("denied"),
        "{message}"
    );
    assert!(fs::read(&path).expect("a checkpoint") == before);

    for writable in [&checkpoint_folder, &run_folder] {
        allow(writable, 0o755);
    }
    succeeds(folder.path(), "mnist train --resume run --quiet");
    assert!(outcome(&run_folder) == expected);
}
