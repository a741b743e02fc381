//! Choosing a token by its score: temperature, `top_k`, `top_p`, tokens that are never chosen.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rnn_model::{Sampling, SamplingError};

const DRAWS: u32 = 8_000;

/// How often each token is chosen.
fn counts(sampling: &Sampling, logits: &[f32]) -> Vec<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(sampling.seed);
    let mut counts = vec![0; logits.len()];
    for _ in 0..DRAWS {
        counts[sampling.choose(logits, &mut rng).expect("a token")] += 1;
    }
    counts
}

/// Checks that tokens are chosen with these probabilities.
fn check(sampling: &Sampling, logits: &[f32], expected: &[f64]) {
    let counts = counts(sampling, logits);
    for (&count, expected) in counts.iter().zip(expected) {
        let found = f64::from(count) / f64::from(DRAWS);
        // Five standard errors: none where a token is chosen always, or never.
        let tolerance = 5.0 * (expected * (1.0 - expected) / f64::from(DRAWS)).sqrt();
        assert!(
            (found - expected).abs() <= tolerance,
            "{sampling:?}: {counts:?}, {expected}"
        );
    }
}

/// Logits whose softmax is this.
fn logits(probabilities: &[f32]) -> Vec<f32> {
    // Softmax leaves a constant out.
    probabilities.iter().map(|p| p.ln() + 3.0).collect()
}

#[test]
fn draws_follow_the_softmax_at_a_temperature() {
    let scores = logits(&[0.1, 0.4, 0.2, 0.3]);
    check(&Sampling::new(1), &scores, &[0.1, 0.4, 0.2, 0.3]);
    let sampling = |temperature| Sampling {
        temperature,
        ..Sampling::new(2)
    };
    // At 1/2 the probabilities are squared, at 2 their roots are taken.
    let squares = [0.01, 0.16, 0.04, 0.09].map(|square| square / 0.3);
    check(&sampling(0.5), &scores, &squares);
    let roots = [0.1f64, 0.4, 0.2, 0.3].map(f64::sqrt);
    let sum: f64 = roots.iter().sum();
    check(&sampling(2.0), &scores, &roots.map(|root| root / sum));
    // Scores that softmax would overflow on.
    let large = [1e30, 2e30, -3e38];
    check(&sampling(0.5), &large, &[0.0, 1.0, 0.0]);
}

#[test]
fn greedy_takes_the_best_of_equals_the_first_and_no_number_of_the_generator() {
    let greedy = Sampling {
        temperature: 0.0,
        ..Sampling::new(3)
    };
    for (scores, best) in [
        (&[0.0, 2.0, 1.0][..], 1),
        (&[1.0, 3.0, 3.0, 3.0], 1),
        (&[-1.0, -1.0], 0),
        (&[f32::NEG_INFINITY, -1e30], 1),
        // Their weights are the same after rounding.
        (&[1e-9, 0.0, 2e-9], 2),
        (&[5.0], 0),
    ] {
        let (mut rng, untouched) = (ChaCha8Rng::seed_from_u64(3), ChaCha8Rng::seed_from_u64(3));
        assert_eq!(greedy.choose(scores, &mut rng), Ok(best), "{scores:?}");
        assert_eq!(rng, untouched);
    }
    // `top_k` and `top_p` change nothing.
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let narrow = Sampling {
        top_k: Some(1),
        top_p: Some(0.1),
        ..greedy
    };
    assert_eq!(narrow.choose(&[1.0, 3.0, 2.0], &mut rng), Ok(1));
}

#[test]
fn top_k_keeps_the_most_probable_tokens() {
    let scores = logits(&[0.1, 0.4, 0.2, 0.3]);
    let top_k = |k| Sampling {
        top_k: Some(k),
        ..Sampling::new(4)
    };
    check(&top_k(1), &scores, &[0.0, 1.0, 0.0, 0.0]);
    check(&top_k(2), &scores, &[0.0, 4.0 / 7.0, 0.0, 3.0 / 7.0]);
    check(&top_k(3), &scores, &[0.0, 4.0 / 9.0, 2.0 / 9.0, 3.0 / 9.0]);
    for all in [4, 5, usize::MAX] {
        check(&top_k(all), &scores, &[0.1, 0.4, 0.2, 0.3]);
    }
    // Of equals the first.
    check(&top_k(2), &[1.0, 1.0, 1.0, 0.0], &[0.5, 0.5, 0.0, 0.0]);
}

#[test]
fn top_p_keeps_the_fewest_tokens_with_that_probability_together() {
    let scores = logits(&[0.1, 0.4, 0.2, 0.3]);
    let top_p = |p| Sampling {
        top_p: Some(p),
        ..Sampling::new(5)
    };
    // One at least, and the token with which the probability is reached is kept.
    for (p, expected) in [
        (1e-6, [0.0, 1.0, 0.0, 0.0]),
        (0.39, [0.0, 1.0, 0.0, 0.0]),
        (0.41, [0.0, 4.0 / 7.0, 0.0, 3.0 / 7.0]),
        (0.69, [0.0, 4.0 / 7.0, 0.0, 3.0 / 7.0]),
        (0.71, [0.0, 4.0 / 9.0, 2.0 / 9.0, 3.0 / 9.0]),
        (0.91, [0.1, 0.4, 0.2, 0.3]),
        (1.0, [0.1, 0.4, 0.2, 0.3]),
    ] {
        check(&top_p(p), &scores, &expected);
    }
    // Of equals the first: half of four equal ones are two.
    check(&top_p(0.5), &[7.0; 4], &[0.5, 0.5, 0.0, 0.0]);
    // It is a share of what `top_k` keeps, after the temperature: of 4/7 and 3/7 the first alone.
    let both = Sampling {
        top_k: Some(2),
        ..top_p(0.55)
    };
    check(&both, &scores, &[0.0, 1.0, 0.0, 0.0]);
    // Squared: 16/30 of 0.16, 0.09, 0.04, 0.01.
    let cold = Sampling {
        temperature: 0.5,
        ..top_p(0.53)
    };
    check(&cold, &scores, &[0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn some_tokens_are_never_chosen() {
    let scores = logits(&[0.1, 0.4, 0.2, 0.3]);
    let never = |tokens: &[usize]| Sampling {
        never: tokens.to_vec(),
        ..Sampling::new(6)
    };
    check(
        &never(&[1]),
        &scores,
        &[1.0 / 6.0, 0.0, 2.0 / 6.0, 3.0 / 6.0],
    );
    // Others take their places among the best. An id that there is not changes nothing.
    let best = Sampling {
        top_k: Some(1),
        ..never(&[1, 9])
    };
    check(&best, &scores, &[0.0, 0.0, 0.0, 1.0]);
    let greedy = Sampling {
        temperature: 0.0,
        ..never(&[1, 3])
    };
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    assert_eq!(greedy.choose(&scores, &mut rng), Ok(2));
    let none = never(&[0, 1, 2, 3]).choose(&scores, &mut rng);
    assert_eq!(none, Err(SamplingError::Empty));
}

#[test]
fn the_same_seed_chooses_the_same() {
    let scores = logits(&[0.1, 0.4, 0.2, 0.3]);
    let draws = |seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let choose = |_| Sampling::new(seed).choose(&scores, &mut rng).expect("one");
        (0..50).map(choose).collect::<Vec<usize>>()
    };
    assert_eq!(draws(7), draws(7));
    assert_ne!(draws(7), draws(8));
    // The generator's sequence is part of what a seed means.
    assert_eq!(draws(7)[..12], FIRST);
}

/// The first tokens from seed 7, on every machine.
const FIRST: [usize; 12] = [1, 1, 3, 3, 2, 1, 0, 3, 1, 3, 1, 1];

#[test]
fn settings_out_of_range_and_scores_that_are_none_are_errors() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let plain = || Sampling::new(8);
    for temperature in [-1.0, f32::NAN, f32::INFINITY] {
        let sampling = Sampling {
            temperature,
            ..plain()
        };
        let error = sampling.validate().expect_err("no temperature");
        let expected =
            format!("the temperature must be 0 or above and finite, found {temperature}");
        assert_eq!(error.to_string(), expected);
        assert!(sampling.choose(&[1.0], &mut rng).is_err());
    }
    let sampling = Sampling {
        top_k: Some(0),
        ..plain()
    };
    assert_eq!(sampling.validate(), Err(SamplingError::TopK));
    for found in [0.0, -0.5, 1.5, f32::NAN] {
        let sampling = Sampling {
            top_p: Some(found),
            ..plain()
        };
        let error = sampling.validate().expect_err("no probability");
        assert!(matches!(error, SamplingError::TopP(_)), "{error}");
    }
    for temperature in [0.0, 1.0] {
        let sampling = Sampling {
            temperature,
            ..plain()
        };
        for value in [f32::NAN, f32::INFINITY] {
            let error = sampling.choose(&[1.0, value], &mut rng);
            let error = error.expect_err("no score");
            assert!(matches!(error, SamplingError::Weight { index: 1, .. }));
        }
        for scores in [&[][..], &[f32::NEG_INFINITY; 2]] {
            let error = sampling.choose(scores, &mut rng);
            assert_eq!(error, Err(SamplingError::Empty));
        }
    }
}
