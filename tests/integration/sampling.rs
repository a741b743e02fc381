//! Sampling by weights and temperature.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rnn_model::{SamplingError, multinomial, temperature_weights};

#[test]
fn draws_follow_the_weights() {
    let weights = [1.0, 0.0, 3.0, 4.0];
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut counts = [0u32; 4];
    const DRAWS: u32 = 20_000;
    for _ in 0..DRAWS {
        counts[multinomial(&weights, 1, &mut rng).expect("a draw")[0]] += 1;
    }
    for (count, weight) in counts.into_iter().zip(weights) {
        let (found, expected) = (f64::from(count) / f64::from(DRAWS), f64::from(weight) / 8.0);
        // A tolerance of five standard errors.
        let tolerance = 5.0 * (expected * (1.0 - expected) / f64::from(DRAWS)).sqrt();
        assert!((found - expected).abs() <= tolerance, "{counts:?}");
    }
}

#[test]
fn without_replacement_no_index_comes_twice_and_none_of_weight_zero() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..100 {
        let mut drawn = multinomial(&[0.5, 0.0, 1e-20, 7.0], 3, &mut rng).expect("three");
        drawn.sort_unstable();
        assert_eq!(drawn, [0, 2, 3]);
    }
}

#[test]
fn the_same_seed_draws_the_same() {
    let draw = |seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        multinomial(&[1.0; 50], 10, &mut rng).expect("ten")
    };
    assert_eq!(draw(3), draw(3));
    assert_ne!(draw(3), draw(4));
}

#[test]
fn invalid_weights_are_errors() {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut error =
        |weights: &[f32], count| multinomial(weights, count, &mut rng).expect_err("none");
    assert_eq!(error(&[], 1), SamplingError::Empty);
    assert_eq!(
        error(&[1.0, -0.5], 1),
        SamplingError::Weight {
            index: 1,
            value: -0.5
        }
    );
    assert!(matches!(
        error(&[f32::NAN], 1),
        SamplingError::Weight { index: 0, .. }
    ));
    assert!(matches!(
        error(&[1.0, f32::INFINITY], 1),
        SamplingError::Weight { index: 1, .. }
    ));
    let too_few = SamplingError::TooFew {
        wanted: 2,
        available: 1,
    };
    assert_eq!(error(&[0.0, 2.0], 2), too_few);
    let none = SamplingError::TooFew {
        wanted: 1,
        available: 0,
    };
    assert_eq!(error(&[0.0, 0.0], 1), none);
}

#[test]
fn temperature_sharpens_below_one_and_flattens_above() {
    let logits = [2.0, 1.0, 0.0];
    let softmax = temperature_weights(&logits, 1.0).expect("weights");
    let e = std::f32::consts::E;
    assert!((softmax[0] / softmax[1] - e).abs() < 1e-5);
    let cold = temperature_weights(&logits, 0.5).expect("weights");
    let hot = temperature_weights(&logits, 2.0).expect("weights");
    assert!((cold[0] / cold[1] - e * e).abs() < 1e-4);
    assert!((hot[0] / hot[1] - e.sqrt()).abs() < 1e-5);
    // Logits whose exponential overflows still give finite weights.
    let large = temperature_weights(&[1000.0, 999.0], 1.0).expect("weights");
    assert!((large[0] / large[1] - e).abs() < 1e-4);

    for temperature in [0.0, -1.0, f32::NAN, f32::INFINITY] {
        let error = temperature_weights(&logits, temperature).expect_err("no temperature");
        assert!(matches!(error, SamplingError::Temperature(_)));
    }
    let error = temperature_weights(&[0.0, f32::NAN], 1.0).expect_err("a logit is NaN");
    assert!(matches!(error, SamplingError::Weight { index: 1, .. }));
}
