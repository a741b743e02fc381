//! Every pair once, in order, with a fresh state where a stream or a document begins.

use rnn_data::{StreamRow, StreamWindow, Streams, StreamsError};

/// Documents of these lengths. No two ids are equal, so that a pair tells where it is from.
fn documents(lengths: &[usize]) -> Vec<Vec<usize>> {
    let mut ids = 0..;
    let document = |&length: &usize| ids.by_ref().take(length).collect();
    lengths.iter().map(document).collect()
}

fn windows(streams: &Streams) -> Vec<StreamWindow> {
    let windows: Vec<_> = (0..streams.len()).map_while(|i| streams.get(i)).collect();
    assert_eq!(windows.len(), streams.len());
    assert_eq!(streams.get(streams.len()), None);
    assert_eq!(streams.get(usize::MAX), None);
    windows
}

fn row(inputs: &[usize], targets: &[usize], starts: bool) -> StreamRow {
    StreamRow {
        inputs: inputs.to_vec(),
        targets: targets.to_vec(),
        starts,
    }
}

/// The laws, from the definition alone: what each stream must hold, and where it must be cut.
fn check(lengths: &[usize], batch_size: usize, window: usize) {
    let documents = documents(lengths);
    let pairs: Vec<(usize, usize)> = documents
        .iter()
        .flat_map(|document| document.windows(2).map(|pair| (pair[0], pair[1])))
        .collect();
    let firsts: Vec<usize> = documents
        .iter()
        .filter_map(|ids| ids.first().copied())
        .collect();
    let lasts: Vec<usize> = documents
        .iter()
        .filter_map(|ids| ids.last().copied())
        .collect();
    let of = format!("documents {lengths:?}, batch size {batch_size}, window {window}");

    let streams = Streams::new(documents, batch_size, window).unwrap();
    assert_eq!(streams.num_pairs(), pairs.len(), "{of}");
    assert!(!streams.is_empty(), "{of}");
    let windows = windows(&streams);
    for window in &windows {
        assert_eq!(window.rows.len(), batch_size, "{of}");
        assert!(window.rows.iter().any(|row| !row.inputs.is_empty()), "{of}");
    }

    let mut expected = pairs.chunks(pairs.len().div_ceil(batch_size));
    for stream in 0..batch_size {
        let expected = expected.next().unwrap_or(&[]);
        let mut rest = expected;
        for StreamRow {
            inputs,
            targets,
            starts,
        } in windows.iter().map(|w| &w.rows[stream])
        {
            assert_eq!(inputs.len(), targets.len(), "{of}");
            let found: Vec<_> = inputs
                .iter()
                .copied()
                .zip(targets.iter().copied())
                .collect();
            // An empty row means that nothing is left, now and later.
            assert_eq!(found.is_empty(), rest.is_empty(), "{of}");
            let begins = found
                .first()
                .is_some_and(|pair| rest.len() == expected.len() || firsts.contains(&pair.0));
            assert_eq!(*starts, begins, "{of}");

            let to_end = rest.iter().position(|pair| lasts.contains(&pair.1));
            let length = window.min(to_end.map_or(rest.len(), |last| last + 1));
            let (now, later) = rest.split_at(length);
            assert_eq!(found, now, "{of}");
            rest = later;
        }
        assert!(rest.is_empty(), "{of}");
    }
    assert_eq!(expected.next(), None, "{of}");
}

#[test]
fn every_pair_once_and_cut_where_it_must_be() {
    let several: [&[usize]; 7] = [
        &[2],
        &[20],
        &[0, 1, 2, 1, 0],
        &[5, 5, 5, 5],
        &[1, 9, 0, 2, 3, 14, 1],
        &[2; 12],
        &[3, 30, 3],
    ];
    for lengths in several {
        for batch_size in [1, 2, 3, 4, 5, 7, 11, 40] {
            for window in [1, 2, 3, 4, 5, 19, 100, usize::MAX] {
                check(lengths, batch_size, window);
            }
        }
    }
}

#[test]
fn by_hand() {
    // Pairs 01 12 23 34, none of the second document, 67 78 89: seven, so streams of four and three.
    let streams = Streams::new(documents(&[5, 1, 4]), 2, 3).unwrap();
    assert_eq!(
        windows(&streams),
        [
            StreamWindow {
                rows: vec![
                    row(&[0, 1, 2], &[1, 2, 3], true),
                    row(&[6, 7, 8], &[7, 8, 9], true),
                ],
            },
            StreamWindow {
                rows: vec![row(&[3], &[4], false), row(&[], &[], false)],
            },
        ]
    );

    // Streams of three: 01 12 23, 34 67 78, 89. The second one begins within a document, which ends
    // after one pair; the third continues the last document and starts from zero all the same.
    let streams = Streams::new(documents(&[5, 1, 4]), 3, 2).unwrap();
    assert_eq!(
        windows(&streams),
        [
            StreamWindow {
                rows: vec![
                    row(&[0, 1], &[1, 2], true),
                    row(&[3], &[4], true),
                    row(&[8], &[9], true),
                ],
            },
            StreamWindow {
                rows: vec![
                    row(&[2], &[3], false),
                    row(&[6, 7], &[7, 8], true),
                    row(&[], &[], false),
                ],
            },
        ]
    );
}

#[test]
fn more_rows_than_pairs() {
    let streams = Streams::new(documents(&[3]), 4, 8).unwrap();
    let rows = vec![
        row(&[0], &[1], true),
        row(&[1], &[2], true),
        row(&[], &[], false),
        row(&[], &[], false),
    ];
    assert_eq!(windows(&streams), [StreamWindow { rows }]);
}

#[test]
fn what_makes_no_streams() {
    let error = |lengths: &[usize], batch_size, window| {
        Streams::new(documents(lengths), batch_size, window).unwrap_err()
    };
    assert_eq!(error(&[5], 0, 3), StreamsError::BatchSize);
    assert_eq!(error(&[5], 2, 0), StreamsError::Window);
    assert_eq!(error(&[], 2, 3), StreamsError::NoPairs { documents: 0 });
    assert_eq!(
        error(&[1, 0, 1], 2, 3),
        StreamsError::NoPairs { documents: 3 }
    );
    assert_eq!(
        error(&[1, 0, 1], 2, 3).to_string(),
        "expected a document of at least 2 ids, found none (documents: 3)"
    );
}
