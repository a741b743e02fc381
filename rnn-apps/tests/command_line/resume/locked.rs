//! Only one program at a time writes to a run.

use std::fs::File;

use super::super::{fails, succeeds};
use super::{TRAIN, has_checkpoint, start, with_digits};

#[test]
fn two_programs_do_not_write_to_one_run() {
    let folder = with_digits();
    let mut child = start(folder.path(), &format!("{TRAIN} --epochs 1000 --run run"));
    has_checkpoint(&folder.path().join("run"));
    let message = fails(folder.path(), "mnist train --resume run", 1);
    assert!(message.contains("another program"), "{message}");
    child.kill().expect("SIGKILL");
    child.wait().expect("the program ends");
}

#[test]
fn a_folder_that_another_program_has_begun_with_is_in_use() {
    let folder = with_digits();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/tagger");
    let import = format!("import --weights {golden}.pt --model {golden}.json --run run");
    let train = format!("{TRAIN} --epochs 1 --run run");
    std::fs::create_dir(folder.path().join("run")).expect("a folder");
    // What a program does first.
    let lock = File::create(folder.path().join("run/.lock")).expect("a file");
    lock.lock().expect("a lock");
    for line in [&import, &train] {
        let message = fails(folder.path(), line, 1);
        assert!(message.contains("run: another program"), "{message}");
    }
    let entries = std::fs::read_dir(folder.path().join("run")).expect("a folder");
    assert_eq!(entries.count(), 1, "something was written");

    // Looking is not writing: it is waited for.
    lock.unlock().expect("unlocked");
    lock.lock_shared().expect("a shared lock");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(300));
            lock.unlock().expect("unlocked");
        });
        succeeds(folder.path(), &import);
    });
    let message = fails(folder.path(), &train, 1);
    assert!(message.contains("not empty"), "{message}");
}
