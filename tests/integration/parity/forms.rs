//! One network in all the forms of files in which people have their weights: each gives PyTorch's numbers,
//! or is called what it is. The files are made by golden/forms.py.

use std::fs;

use burn::tensor::{Tensor, TensorData};
use rnn_model::{FileFormat, Listing, LstmConfig, StateDict, linear};
use tests::{chain, devices, relative_error};

use super::{HIDDEN, INPUT, golden, path};

const NAMES: [&str; 7] = [
    "fc.bias",
    "fc.weight",
    "lstm.bias_hh_l0",
    "lstm.bias_ih_l0",
    "lstm.weight_hh_l0",
    "lstm.weight_ih_l0",
    "mean",
];

fn read(file: &str) -> StateDict {
    let path = path("forms").join(file);
    StateDict::read(path).unwrap_or_else(|error| panic!("{}", chain(&error)))
}

fn refused(file: &str) -> String {
    let path = path("forms").join(file);
    chain(&StateDict::read(path).expect_err(file))
}

/// Checks that these are the network's weights.
fn check(file: &str, weights: &StateDict) {
    let expected = golden("forms/expected.safetensors").strip_prefix("weight/");
    for name in NAMES {
        assert_eq!(weights.get(name), expected.get(name), "{file}: {name}");
    }
}

#[test]
fn every_form_gives_the_same_weights() {
    for (file, format, prefix) in [
        ("beside.pt", FileFormat::PyTorch, "model."),
        ("protocol4.pt", FileFormat::PyTorch, ""),
        ("no-checksums.pt", FileFormat::PyTorch, ""),
        ("legacy-beside.pt", FileFormat::PyTorchLegacy, "model."),
        ("legacy-protocol4.pt", FileFormat::PyTorchLegacy, ""),
        ("scripted.pt", FileFormat::TorchScript, ""),
        ("traced.pt", FileFormat::TorchScript, ""),
        ("arrays.npz", FileFormat::Npz, ""),
        ("deflated.npz", FileFormat::Npz, ""),
    ] {
        let all = read(file);
        check(file, &all.strip_prefix(prefix));
        let others = all.names().filter(|name| {
            let own = name.strip_prefix(prefix).unwrap_or(name);
            !NAMES.contains(&own) && !name.starts_with("constants.")
        });
        assert_eq!(
            others.count(),
            0,
            "{file}: {:?}",
            all.names().collect::<Vec<_>>()
        );

        let listing = Listing::read(path("forms").join(file)).expect(file);
        assert_eq!(listing.format, format, "{file}");
        let listed = listing.tensors.iter().map(|tensor| {
            let shape = tensor.shape.clone();
            (tensor.name.as_str(), shape, tensor.bytes as usize)
        });
        let there = all
            .iter()
            .map(|(name, data)| (name, data.shape().to_vec(), data.as_bytes().len()));
        assert!(listed.eq(there), "{file}: {listing:?}");
    }
}

#[test]
fn the_weights_compute_what_the_network_did() {
    let _alone = tests::seeded();
    let expected = golden("forms/expected.safetensors");
    let get = |name: &str| expected.get(name).expect(name).clone();
    for (device_name, device) in devices() {
        let x = || Tensor::<3>::from_data(get("x"), &device);
        let blank = || LstmConfig::new(INPUT, HIDDEN).init(&device);
        let close = |what: &str, found: TensorData, name: &str| {
            let error = relative_error(&found, &get(name));
            assert!(error < 1e-5, "{device_name}: {what} is off by {error:e}");
        };

        let all = read("traced.pt");
        let lstm = all
            .strip_prefix("lstm.")
            .load_into(blank())
            .expect("an LSTM");
        let fc = linear(HIDDEN, 2, &device);
        let fc = all
            .strip_prefix("fc.")
            .load_into(fc)
            .expect("a linear layer");
        close("the layer", lstm.forward(x(), None).0.into_data(), "lstm");
        // The mean and the constant of the code are the network's own.
        let mean = Tensor::<1>::from_data(all.get("mean").expect("a buffer").clone(), &device);
        let shift = all.names().find(|name| name.starts_with("constants."));
        let shift = all.get(shift.expect("a constant")).expect("it").clone();
        let shift = Tensor::<1>::from_data(shift, &device);
        let (output, _) = lstm.forward(x() - mean.reshape([1, 1, INPUT]), None);
        let last = output.slice([0..2, 4..5]).reshape([2, HIDDEN]);
        let output = fc.forward(last) + shift.reshape([1, 2]);
        close("the network", output.into_data(), "output");

        for name in ["weight_norm", "parametrized"] {
            let weights = read(&format!("{name}.pt")).strip_prefix("rnn.");
            let lstm = weights.load_into(blank()).expect(name);
            let (output, _) = lstm.forward(x(), None);
            close(name, output.into_data(), &format!("{name}/output"));
        }
        let cell = read("cell.pt").strip_prefix("decoder.rnn.");
        let lstm = cell.load_into(blank()).expect("a cell's weights");
        let (output, _) = lstm.forward(x(), None);
        close("a cell", output.into_data(), "cell/output");
    }
}

#[test]
fn a_part_of_a_file_is_read_whatever_the_rest_is() {
    for (file, name) in [
        ("sparse.pt", "bias"),
        ("quantized.pt", "fc.scale"),
        ("arrays.npz", "mean"),
    ] {
        let part = StateDict::read_where(path("forms").join(file), |found| found == name);
        assert!(part.expect(file).names().eq([name]), "{file}");
    }
}

#[test]
fn an_array_alone_has_the_name_of_its_file() {
    let weights = read("weight_ih_l0.npy");
    let expected = golden("forms/expected.safetensors");
    assert_eq!(
        weights.get("weight_ih_l0"),
        expected.get("weight/lstm.weight_ih_l0")
    );
    let ids = read("unsigned.pt");
    assert_eq!(ids.get("ids"), Some(&TensorData::from([0u16, 1, 2])));
}

#[test]
fn what_is_not_read_is_called_by_its_name() {
    for (file, expected) in [
        (
            "quantized.pt",
            "found a quantised (qint8) tensor, 3 of 11 tensors are such",
        ),
        ("quantized.pt", "before it was quantised"),
        ("sparse.pt", "weight: found a sparse tensor, 1 of 2"),
        ("complex.pt", "weight: found a complex (complex64) tensor"),
        (
            "float8.pt",
            "weight: found a floating-point (float8_e4m3fn) tensor",
        ),
        (
            "empty.pt",
            "expected tensors with names, found an empty dictionary",
        ),
        (
            "numbers.pt",
            "found a dictionary of 2 values, none of them a tensor of PyTorch's",
        ),
        ("bare.pt", "found one without a name, of shape [2, 4]"),
        ("objects.npy", "an array of texts or of Python's objects"),
    ] {
        let error = refused(file);
        assert!(error.contains(&format!("{file}: ")), "{error}");
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("state_dict()"), "{error}");
    }
    // What has no names is all constants.
    let frozen = read("frozen.pt");
    assert!(frozen.names().count() > 3);
    assert!(frozen.names().all(|name| name.starts_with("constants.")));
    // What is not read is listed.
    let listing = Listing::read(path("forms").join("quantized.pt")).expect("a listing");
    let kinds = listing.tensors.iter().map(|tensor| tensor.dtype.as_str());
    assert_eq!(kinds.filter(|kind| *kind == "qint8").count(), 3);
}

#[test]
fn no_form_is_read_when_it_is_cut_and_no_byte_makes_a_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("damaged.bin");
    for entry in fs::read_dir(path("forms")).expect("the forms") {
        let entry = entry.expect("a file");
        let name = entry.file_name();
        let whole = fs::read(entry.path()).expect("its bytes");
        // All places would take minutes in archives, whose headers are most of them.
        let step = 1 + whole.len() / 100;
        for length in (0..whole.len()).step_by(step) {
            fs::write(&file, &whole[..length]).expect("written");
            let read = StateDict::read(&file);
            let error = read
                .map(drop)
                .expect_err(&format!("{name:?} cut at {length}"));
            assert!(chain(&error).contains("damaged.bin: "), "{name:?}: {error}");
            Listing::read(&file).expect_err("cut");
        }
        let mut bytes = whole.clone();
        for place in (0..whole.len()).step_by(step) {
            for change in [0x01, 0x80, 0xff] {
                bytes[place] ^= change;
                fs::write(&file, &bytes).expect("written");
                // It may be read with other numbers, where there is no checksum.
                let _ = StateDict::read(&file);
                let _ = Listing::read(&file);
                bytes[place] = whole[place];
            }
        }
    }
}

#[test]
fn a_damaged_entry_is_told_apart_where_there_are_checksums() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("damaged.pt");
    let mut bytes = fs::read(path("lstm.pt")).expect("bytes");
    let weights = read("../lstm.pt");
    let number = weights.get("weight_ih_l0").expect("a weight").as_bytes()[..8].to_vec();
    let place = bytes.windows(8).position(|found| *found == number);
    bytes[place.expect("the first two numbers")] ^= 1;
    fs::write(&file, &bytes).expect("written");
    let error = chain(&StateDict::read(&file).expect_err("damaged"));
    assert!(
        error.contains("lstm/data/0: its checksum is another"),
        "{error}"
    );
    let mut bytes = fs::read(path("forms/deflated.npz")).expect("bytes");
    // In the middle of the first entry's packed data, behind its headers.
    bytes[120] ^= 0x10;
    let file = folder.path().join("damaged.npz");
    fs::write(&file, &bytes).expect("written");
    StateDict::read(&file).expect_err("damaged");
}
