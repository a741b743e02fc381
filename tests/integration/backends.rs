//! The tests run on every backend that is compiled in.

use tests::devices;

#[test]
fn every_cpu_backend_of_this_build_is_found() {
    let found: Vec<String> = devices().into_iter().map(|(name, _)| name).collect();
    for (name, compiled) in [
        ("ndarray", cfg!(feature = "ndarray")),
        ("flex", cfg!(feature = "flex")),
        ("libtorch", cfg!(feature = "tch")),
    ] {
        assert_eq!(
            found.iter().any(|found| found == name),
            compiled,
            "{name} in {found:?}"
        );
    }
}

#[test]
fn a_device_that_this_machine_lacks_is_an_error_and_no_other_device() {
    let found: Vec<String> = devices().into_iter().map(|(name, _)| name).collect();
    for name in ["cuda", "libtorch:cuda:0", "libtorch:cuda:99", "wgpu"] {
        let full = if name == "cuda" { "cuda:0" } else { name };
        match rnn_train::select(name) {
            Ok(selected) => assert!(
                found.contains(&full.to_owned()),
                "{name} gave {}",
                selected.name
            ),
            Err(error) => assert!(error.to_string().contains(name), "{error}"),
        }
    }
}
