//! The embedded digits: the same for ever, balanced, and different from one another.

use std::collections::HashSet;

use rnn_data::{DatasetError, Strokes};

/// FNV-1a, 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// If this fails, every accuracy measured on these digits has lost its meaning: change the drawing
/// only together with all of them.
#[test]
fn a_seed_means_these_bytes() {
    let mnist = Strokes::new(42).mnist(50, 20).unwrap();
    assert_eq!(mnist.train.labels()[..10], [6, 9, 8, 4, 0, 5, 3, 2, 7, 1]);
    assert_eq!(checksum(mnist.train.pixels()), 8_414_206_914_946_237_013);
    assert_eq!(checksum(mnist.test.pixels()), 8_063_112_796_703_056_423);
}

#[test]
fn more_digits_begin_with_the_same_ones() {
    let strokes = Strokes::new(3);
    let many = strokes.mnist(95, 40).unwrap();
    assert_eq!(strokes.generate(30).unwrap(), many.train.take(30));
    assert_eq!(strokes.mnist(1, 13).unwrap().test, many.test.take(13));
}

#[test]
fn seeds_and_splits_differ() {
    let mnist = Strokes::new(3).mnist(500, 500).unwrap();
    let other = Strokes::new(4).generate(500).unwrap();
    let mut seen = HashSet::new();
    for set in [&mnist.train, &mnist.test, &other] {
        for (image, _) in set.iter() {
            assert!(seen.insert(image.to_vec()), "a digit drawn twice");
        }
    }
    assert_ne!(mnist.train.labels(), mnist.test.labels());
    assert_ne!(mnist.train.labels(), other.labels());
}

#[test]
fn classes_are_balanced_and_shuffled() {
    let set = Strokes::new(8).generate(1_000).unwrap();
    assert_eq!(set.class_counts(), [100; 10]);
    let orders: HashSet<&[u8]> = set.labels().chunks(10).collect();
    assert!(orders.len() > 95, "{} orders of ten", orders.len());
}

#[test]
fn every_digit_is_wholly_inside_and_on_dark_paper() {
    let set = Strokes::new(9).generate(2_000).unwrap();
    let side = Strokes::SIDE;
    assert_eq!((set.rows(), set.cols()), (side, side));
    for (i, (image, label)) in set.iter().enumerate() {
        let ink = image.iter().filter(|&&value| value > 100).count();
        assert!(
            (12..300).contains(&ink),
            "digit {i}, a {label}: {ink} pixels of ink"
        );
        for k in 0..side {
            let edge = [k, (side - 1) * side + k, k * side, k * side + side - 1];
            assert!(
                edge.iter().all(|&at| image[at] < 25),
                "digit {i}, a {label}"
            );
        }
    }
}

#[test]
fn numbers_that_cannot_be() {
    let strokes = Strokes::new(0);
    assert!(matches!(
        strokes.generate(0),
        Err(DatasetError::Empty { .. })
    ));
    assert!(matches!(
        strokes.mnist(10, 0),
        Err(DatasetError::Empty { .. })
    ));
    assert!(matches!(
        strokes.generate(usize::MAX),
        Err(DatasetError::Idx(_))
    ));
    assert!(matches!(
        strokes.generate(1_400_000),
        Err(DatasetError::Idx(_))
    ));
}
