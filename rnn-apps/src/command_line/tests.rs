use super::*;

#[test]
fn the_command_line_is_consistent() {
    command().debug_assert();
}

#[test]
fn common_flags_stand_before_or_after_the_command() {
    for line in [
        "rnn-apps --seed 7 hihello",
        "rnn-apps hihello --seed 7",
        "rnn-apps tagger --seed 7",
        "rnn-apps --seed 7 tagger eval --run r",
        "rnn-apps tagger --seed 7 eval --run r",
        "rnn-apps tagger eval --run r --seed 7",
        "rnn-apps mnist --seed 7 eval --run r",
    ] {
        let cli = CommandLine::try_read_from(line.split(' ')).expect(line);
        assert_eq!(cli.common.seed, Some(7));
    }
}

#[test]
fn lists_of_flags_name_flags_that_there_are() {
    let mut root = command();
    root.build();
    for task in TASKS {
        let allowed_with_resume = task.allowed_with_resume();
        let task = root.find_subcommand(task.name()).expect("a task");
        let train = task.find_subcommand("train").expect("a training");
        for id in [
            Common::NOT_IN_A_FILE,
            Common::ALLOWED_WITH_RESUME,
            FitArgs::ALLOWED_WITH_RESUME,
            RunArgs::NOT_IN_A_FILE,
            RunArgs::ALLOWED_WITH_RESUME,
            allowed_with_resume,
        ]
        .concat()
        {
            let mut flags = train.get_arguments();
            assert!(flags.any(|arg| arg.get_id() == id), "{id}");
        }
    }
}

#[test]
fn a_run_that_goes_on_takes_what_does_not_change_it() {
    for command in ["mnist train", "tagger train"] {
        for flags in [
            "--from best --checkpoint-every 5m --data d --device ndarray --threads 2 -q --json",
            "--max-steps 9 --checkpoint-every 5m --data d --device ndarray --threads 2 -q --json",
            "--epochs 9 --checkpoint-every 5m --data d --device ndarray --threads 2 -q --json",
            "--tui",
        ] {
            let line = format!("rnn-apps {command} --resume r {flags}");
            let cli = CommandLine::try_read_from(line.split(' ')).expect(&line);
            assert_eq!(cli.resumed(), Some(Path::new("r")));
        }
    }
}

#[test]
fn an_import_takes_the_old_name_of_its_description() {
    for flag in ["--model", "--config"] {
        let line = format!("rnn-apps import --weights w.pt {flag} none.json");
        let cli = CommandLine::try_read_from(line.split(' ')).expect(&line);
        let Request::Tool(ToolCommand::Import(args)) = cli.request else {
            panic!("{cli:?}");
        };
        assert_eq!(args.model, Path::new("none.json"));
    }
}

#[test]
fn negative_numbers_are_values_of_which_the_flag_says_what_it_expects() {
    for (line, says) in [
        ("--seed -1", "expected a whole number from 0"),
        ("mnist train --seed -1", "expected a whole number from 0"),
        (
            "hihello --sample --temperature -1",
            "expected a number above 0",
        ),
        (
            "mnist train --learning-rate -1",
            "expected a number above 0",
        ),
        ("mnist train --dropout -0.5", "expected a number from 0"),
        ("mnist train --epochs -3", "expected a whole number from 1"),
        ("mnist train --schedule cosine --warmup -0.1", "from 0"),
    ] {
        let line = format!("rnn-apps {line}");
        let error = CommandLine::try_read_from(line.split(' ')).expect_err(&line);
        let message = error.to_string();
        assert!(message.contains(says), "{line}: {message}");
    }
}

#[test]
fn usage_is_that_of_the_command_that_was_called() {
    for line in [
        "mnist train --momentum 0.5",
        "mnist train --schedule constant --warmup 0.1",
        "mnist train --patience 3",
        "mnist train --resume r --hidden-size 4",
    ] {
        let line = format!("rnn-apps {line}");
        let error = CommandLine::try_read_from(line.split(' ')).expect_err(&line);
        let message = error.to_string();
        assert!(
            message.contains("Usage: rnn-apps mnist train"),
            "{line}: {message}"
        );
    }
}

#[test]
fn flags_without_a_use_are_refused() {
    for (flags, flag) in [
        ("--optimizer adam --momentum 0.9", "--momentum"),
        ("--weight-decay 0.1", "--weight-decay"),
        ("--warmup 0.1", "--warmup"),
        ("--schedule one-cycle --gamma 0.1", "--gamma"),
        ("--schedule cosine --step-epochs 2", "--step-epochs"),
        ("--schedule step --plateau-patience 2", "--plateau-patience"),
        ("--recipe notebook --gamma 0.1", "--gamma"),
    ] {
        let line = format!("rnn-apps mnist train {flags}");
        let error = CommandLine::try_read_from(line.split(' ')).expect_err(&line);
        assert_eq!(error.exit_code(), 2, "{line}");
        let message = error.to_string();
        assert!(message.contains(&format!("{flag} is not for")), "{message}");
    }
    for flags in [
        "--schedule cosine --warmup 0.1",
        "--schedule step --step-epochs 2 --gamma 0.1",
        "--schedule reduce-on-plateau --gamma 0.1 --plateau-patience 2",
        "--optimizer sgd --momentum 0.5 --weight-decay 0.1",
    ] {
        let line = format!("rnn-apps mnist train {flags}");
        CommandLine::try_read_from(line.split(' ')).expect(&line);
    }
}

#[test]
fn numbers_out_of_range_are_wrong_usage() {
    for line in [
        "rnn-apps mnist train --epochs 0",
        "rnn-apps mnist train --dropout 1",
        "rnn-apps mnist train --learning-rate -1",
        "rnn-apps mnist train --dataset strokes --data x",
        "rnn-apps --device abacus",
        "rnn-apps --threads 0",
        "rnn-apps --threads 99999999999999",
        "rnn-apps mnist train --batch-size 18446744073709551615",
        "rnn-apps mnist train --hidden-size 18446744073709551615",
        "rnn-apps mnist train --epochs 18446744073709551615",
        "rnn-apps tagger --epochs 3 train",
        "rnn-apps hihello --sample --temperature 1,0",
        "rnn-apps mnist train --resume r --epochs 0",
        "rnn-apps mnist train --resume r --hidden-size 4",
        "rnn-apps mnist train --resume r --run r",
        "rnn-apps --seed 3 tagger train --resume r",
        "rnn-apps mnist train --from step-00000001",
        "rnn-apps mnist train --from step-00000001 --run r",
        "rnn-apps mnist train --resume r --from best --epochs 4",
        "rnn-apps mnist train --resume r --from best --max-steps 4",
        "rnn-apps mnist train --resume r --valid-every 4",
        "rnn-apps mnist train --epochs 4 --max-steps 4",
        "rnn-apps mnist train --max-steps 0",
        "rnn-apps mnist train --valid-every 0",
        "rnn-apps mnist train --checkpoint-every 0",
    ] {
        let error = CommandLine::try_read_from(line.split(' ')).expect_err(line);
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}
