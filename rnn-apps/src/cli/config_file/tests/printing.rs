//! Settings that are printed as a file.

use super::*;

#[test]
fn what_is_printed_can_be_read_again() {
    #[derive(Serialize)]
    struct Printed<'a> {
        #[serde(flatten)]
        args: &'a Train,
        seed: u64,
        quiet: bool,
        tiny: Option<f64>,
    }

    for data in ["x", "ü \"'\n\t\\ =💡\u{7f}\u{1b}", "'''", "# true", "-1"] {
        let (_, args) = read_named("t", b"", &["--cell", "rnn"]).expect("fine");
        let args = Train {
            config: Some("c".into()),
            source: Source {
                dataset: None,
                data: Some(data.into()),
            },
            learning_rate: Some(1e-7),
            bias: true,
            run: Some("r".into()),
            dry_run: true,
            temperature: Vec::new(),
            pair: Vec::new(),
            ..args
        };
        let printed = Printed {
            args: &args,
            seed: u64::MAX,
            quiet: true,
            tiny: None,
        };
        let text = to_toml(&printed, NOT_IN_A_FILE).expect("text");
        // Lists are not scalars, and no training command has one; `more` is a counter.
        let text: String = text
            .split_inclusive('\n')
            .filter(|line| {
                let other = ["temperature", "pair", "words", "more"];
                !other.iter().any(|key| line.starts_with(key))
            })
            .collect();
        let (cli, again) = read_named("t", text.as_bytes(), &[]).expect(&text);
        assert_eq!(cli.seed, u64::MAX);
        let expected = Train {
            config: None,
            run: None,
            dry_run: false,
            temperature: vec![1.0],
            ..args
        };
        assert_eq!(again, expected, "{text}");
    }
}

#[test]
fn only_flags_with_a_value_are_printed() {
    #[derive(Serialize)]
    struct Some_ {
        source: Source,
        rate: Option<f64>,
        whole: f64,
        cell: Cell,
        on: bool,
        run: &'static str,
    }

    let some = Some_ {
        source: Source {
            dataset: Some("mnist".to_owned()),
            data: None,
        },
        rate: Some(1e-7),
        whole: 1.0,
        cell: Cell::Lstm,
        on: false,
        run: "r",
    };
    assert_eq!(
        to_toml(&some, NOT_IN_A_FILE).expect("text"),
        "dataset = \"mnist\"\nrate = 1e-7\nwhole = 1.0\ncell = \"lstm\"\non = false\n"
    );
}
