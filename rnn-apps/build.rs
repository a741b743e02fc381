//! Gives the program the version of Burn that it is built with, which runs record.

use std::path::Path;

fn main() {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    let text = std::fs::read_to_string(&lock)
        .unwrap_or_else(|error| panic!("{}: {error}", lock.display()));
    let version = text
        .split("[[package]]")
        .find(|package| package.contains("\nname = \"burn\"\n"))
        .and_then(|package| package.split("\nversion = \"").nth(1)?.split('"').next())
        .unwrap_or_else(|| panic!("{}: no package burn", lock.display()));
    println!("cargo::rustc-env=BURN_VERSION={version}");
}
