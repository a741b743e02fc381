//! What a wrong call is told: in words, not by an assertion's operands.

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::{DType, Int, Tensor};
use rnn_model::{
    AnyConfig, AnyRecurrent, AnyState, ClassifierConfig, GruCellConfig, GruConfig,
    LanguageModelConfig, Lengths, LstmCellConfig, LstmConfig, LstmState, RecurrentModule,
    RecurrentModuleConfig, RnnConfig, TaggerConfig, TokenModelConfig, linear,
};
use rnn_train::objective::tag;
use tests::devices;

/// What `call` panics with.
fn panic_of<T>(call: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| {
        call();
    }))
    .expect_err("a panic");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().expect("a text")).to_owned(),
    }
}

#[test]
fn panics_say_what_was_expected_and_what_was_found() {
    for (name, device) in devices() {
        let zeros = |shape| Tensor::<3>::zeros(shape, &device);
        let zeros_2 = |shape| Tensor::<2>::zeros(shape, &device);
        let lstm = LstmConfig::new(5, 3).init(&device);
        let both = GruConfig::new(5, 3).with_bidirectional(true).init(&device);
        let cell = LstmCellConfig::new(5, 3).init(&device);
        let any: AnyRecurrent = AnyConfig::from(RnnConfig::new(5, 3)).init(&device);
        let classifier = ClassifierConfig::new(GruConfig::new(5, 3), 2).init(&device);
        let tagger = TaggerConfig::over(GruConfig::new(5, 3), 4, 2).init(&device);
        let lengths = Lengths::new([6, 2], 6).expect("good lengths");
        let state = |h, c| LstmState::from((zeros(h), zeros(c)));
        let words = Tensor::<2, Int>::zeros([3, 6], &device);
        for (found, expected) in [
            (
                panic_of(|| lstm.forward(zeros([2, 6, 4]), None)),
                "Lstm: the input has 4 features, expected input_size 5",
            ),
            (
                panic_of(|| lstm.forward(zeros([2, 0, 5]), None)),
                "Lstm: the sequence has no time steps",
            ),
            (
                panic_of(|| lstm.forward(zeros([0, 6, 5]), None)),
                "Lstm: the batch has no sequences",
            ),
            (
                panic_of(|| lstm.forward(zeros([2, 6, 5]), Some(state([1, 2, 3], [1, 2, 4])))),
                "Lstm: c of the state is [1, 2, 4], expected [layers·directions, batch, features] = \
                 [1, 2, 3]",
            ),
            (
                panic_of(|| lstm.step(zeros_2([2, 5]), Some(state([1, 1, 3], [1, 2, 3])))),
                "Lstm: h of the state is [1, 1, 3], expected [layers·directions, batch, features] = \
                 [1, 2, 3]",
            ),
            (
                panic_of(|| lstm.forward_unbatched(zeros_2([6, 4]), None)),
                "Lstm: the input has 4 features, expected input_size 5",
            ),
            (
                panic_of(|| lstm.forward_with_lengths(zeros([2, 5, 5]), &lengths, None)),
                "Lstm: the batch has 2 sequences of 5 steps, the lengths are for (2, 6)",
            ),
            (
                panic_of(|| both.step(zeros_2([2, 5]), None)),
                "Gru: a bidirectional module has no single steps",
            ),
            (
                panic_of(|| cell.forward(zeros_2([2, 4]), None)),
                "Lstm cell: the input has 4 features, expected input_size 5",
            ),
            (
                panic_of(|| {
                    let state = LstmState::from((zeros_2([2, 3]), zeros_2([1, 3])));
                    cell.forward(zeros_2([2, 5]), Some(state))
                }),
                "Lstm cell: c of the state is [1, 3], expected [batch, hidden_size] = [2, 3]",
            ),
            (
                panic_of(|| {
                    let cell = GruCellConfig::new(5, 3).init(&device);
                    cell.forward(zeros_2([2, 5]), Some(zeros_2([1, 3])))
                }),
                "Gru cell: the state is [1, 3], expected [batch, hidden_size] = [2, 3]",
            ),
            (
                panic_of(|| {
                    let (_, state) = any.forward(zeros([2, 6, 5]), None);
                    let other: AnyRecurrent = AnyConfig::from(LstmConfig::new(5, 3)).init(&device);
                    other.forward(zeros([2, 6, 5]), Some(state))
                }),
                "Lstm: the state is one of Rnn or Gru (h alone), expected one of Lstm (h and c)",
            ),
            (
                panic_of(|| {
                    let state = AnyState::Lstm(state([1, 2, 3], [1, 2, 3]));
                    any.forward_with_lengths(zeros([2, 6, 5]), &lengths, Some(state))
                }),
                "Rnn: the state is one of Lstm (h and c), expected one of Rnn (h alone)",
            ),
            (
                panic_of(|| classifier.forward(zeros([2, 6, 4]))),
                "Gru: the input has 4 features, expected input_size 5",
            ),
            (
                panic_of(|| classifier.forward_with_lengths(zeros([3, 6, 5]), &lengths)),
                "Gru: the batch has 3 sequences of 6 steps, the lengths are for (2, 6)",
            ),
            (
                panic_of(|| tagger.forward_with_lengths(words, &lengths, None)),
                "Gru: the batch has 3 sequences of 6 steps, the lengths are for (2, 6)",
            ),
            (
                panic_of(|| lstm.forward(zeros([2, 6, 5]).cast(DType::F64), None)),
                "Lstm: the input is F64, expected F32, as the weights are",
            ),
            (
                panic_of(|| cell.forward(zeros_2([2, 5]).cast(DType::F64), None)),
                "Lstm cell: the input is F64, expected F32, as the weights are",
            ),
            (
                panic_of(|| GruConfig::new(0, 3).init(&device)),
                "Gru: input_size must be from 1 to 16777216, found 0",
            ),
            (
                panic_of(|| linear(0, 3, &device)),
                "linear: expected sizes of at least 1, found 0 features in and 3 out",
            ),
            (
                panic_of(|| linear(2, 0, &device)),
                "linear: expected sizes of at least 1, found 2 features in and 0 out",
            ),
        ] {
            assert_eq!(found, expected, "{name}");
        }
    }
}

#[test]
fn an_id_out_of_range_is_said_with_its_place() {
    for (name, device) in devices() {
        let ids = |rows: [[i32; 3]; 2]| Tensor::<2, Int>::from_data(rows, &device);
        let wrong = [
            (
                [[0, 1, 2], [3, 5, 9]],
                "id at [1, 1]: expected below 5, found 5",
            ),
            (
                [[0, 1, -1], [3, 4, 9]],
                "id at [0, 2]: expected below 5, found -1",
            ),
        ];
        let one_hot = LanguageModelConfig::new(RnnConfig::new(5, 3), 5).with_one_hot(true);
        let one_hot = one_hot.init(&device);
        for (rows, expected) in wrong {
            let found = panic_of(|| one_hot.forward(ids(rows), None));
            assert_eq!(found, expected, "{name}, one-hot");
        }
        let tagger = TaggerConfig::over(GruConfig::new(4, 3), 5, 2).init(&device);
        assert_eq!(
            panic_of(|| tag(
                &tagger,
                &[vec![1, 2, 3], vec![4, 0], vec![2, 5]].map(Into::into),
                2
            )),
            "sentence 2, word 1: expected an id below 5, found 5",
            "{name}"
        );
        // Elsewhere the device looks the ids up itself, and the check would have to wait for it.
        if !["ndarray", "flex"].contains(&name.as_str()) {
            continue;
        }
        for device in [device.clone(), device.clone().autodiff()] {
            let ids = |rows: [[i32; 3]; 2]| Tensor::<2, Int>::from_data(rows, &device);
            let gru = || GruConfig::new(4, 3);
            let tokens = TokenModelConfig::new(gru(), 5, 2).init(&device);
            let language = LanguageModelConfig::new(gru(), 5).init(&device);
            let tagger = TaggerConfig::over(gru(), 5, 2).init(&device);
            let lengths = Lengths::new([3, 2], 3).expect("good lengths");
            for (rows, expected) in wrong {
                for found in [
                    panic_of(|| tokens.forward(ids(rows), None)),
                    panic_of(|| language.forward(ids(rows), None)),
                    panic_of(|| tagger.forward(ids(rows), None)),
                    panic_of(|| tagger.forward_with_lengths(ids(rows), &lengths, None)),
                ] {
                    assert_eq!(found, expected, "{name}");
                }
            }
        }
    }
}
