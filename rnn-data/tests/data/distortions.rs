//! Distorted images.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rnn_data::{Distortion, Strokes};

const NONE: Distortion = Distortion::new(0.0);

#[test]
fn a_strength_of_0_leaves_an_image_as_it_is() {
    let digits = Strokes::new(1).generate(20).expect("digits");
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (image, _) in digits.iter() {
        assert_eq!(NONE.apply(image, 28, 28, &mut rng), image);
    }
}

#[test]
fn the_same_numbers_give_the_same_image_and_others_another() {
    let digits = Strokes::new(1).generate(1).expect("digits");
    let distort = |seed| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let distortion = Distortion::new(1.0);
        [(); 2].map(|()| distortion.apply(digits.image(0), 28, 28, &mut rng))
    };
    assert_eq!(distort(1), distort(1));
    assert_ne!(distort(1)[0], distort(2)[0]);
    assert_ne!(distort(1)[0], distort(1)[1]);
}

/// The place of the ink's mean, and how much ink there is.
fn centre(image: &[u8], cols: usize) -> ([f32; 2], f32) {
    let (mut sum, mut place) = (0.0, [0.0; 2]);
    for (index, &grey) in image.iter().enumerate() {
        let grey = f32::from(grey);
        sum += grey;
        place[0] += grey * (index % cols) as f32;
        place[1] += grey * (index / cols) as f32;
    }
    (place.map(|moment| moment / sum), sum)
}

/// Each kind by itself, on a square in the middle of a wider image.
#[test]
fn each_kind_stays_within_its_bound() {
    let (rows, cols) = (20, 30);
    let inside =
        |index: usize| (6..14).contains(&(index / cols)) && (11..19).contains(&(index % cols));
    let image: Vec<u8> = (0..rows * cols)
        .map(|index| if inside(index) { 255 } else { 0 })
        .collect();
    let (middle, ink) = centre(&image, cols);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let (mut furthest, mut largest) = (0.0f32, 0.0f32);
    for _ in 0..300 {
        let shifted = Distortion { shift: 3.0, ..NONE }.apply(&image, rows, cols, &mut rng);
        let (place, sum) = centre(&shifted, cols);
        for k in 0..2 {
            let by = (place[k] - middle[k]).abs();
            assert!(by < 3.05, "{by}");
            furthest = furthest.max(by);
        }
        // Nothing is lost but by rounding.
        assert!((sum / ink - 1.0).abs() < 0.02, "{sum} of {ink}");

        let turned = Distortion {
            degrees: 10.0,
            ..NONE
        }
        .apply(&image, rows, cols, &mut rng);
        let (place, sum) = centre(&turned, cols);
        assert!((place[0] - middle[0]).abs() < 0.1 && (place[1] - middle[1]).abs() < 0.1);
        assert!((sum / ink - 1.0).abs() < 0.03, "{sum} of {ink}");

        let scaled = Distortion { scale: 0.1, ..NONE }.apply(&image, rows, cols, &mut rng);
        let (_, sum) = centre(&scaled, cols);
        assert!((0.78..1.24).contains(&(sum / ink)), "{sum} of {ink}");
        largest = largest.max(sum / ink);

        let sheared = Distortion { shear: 0.2, ..NONE }.apply(&image, rows, cols, &mut rng);
        let (_, sum) = centre(&sheared, cols);
        assert!((sum / ink - 1.0).abs() < 0.03, "{sum} of {ink}");
    }
    // The bounds are reached.
    assert!(furthest > 2.8 && largest > 1.12, "{furthest} {largest}");
}

#[test]
fn a_shift_moves_pixels_and_black_comes_in() {
    // One pixel, moved by whole pixels only.
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let image = [0, 0, 0, 0, 200, 0, 0, 0, 0];
    let found = Distortion {
        shift: 50.0,
        ..NONE
    }
    .apply(&image, 3, 3, &mut rng);
    assert_eq!(found, [0; 9], "out of sight");
}

#[test]
#[should_panic(expected = "expected 3 x 3 pixels, found 8")]
fn an_image_of_another_size_is_refused() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    NONE.apply(&[0; 8], 3, 3, &mut rng);
}
