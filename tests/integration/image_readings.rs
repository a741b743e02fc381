//! Images as sequences.

use rnn_data::{ImageOrder, ImageReading};

fn read(order: ImageOrder, normalize: Option<[f32; 2]>) -> ([usize; 3], Vec<f32>) {
    let reading = ImageReading { order, normalize };
    let images: [&[u8]; 2] = [&[0, 51, 102, 153, 204, 255], &[255, 0, 0, 0, 0, 0]];
    let sequences = reading.tensor(&images, 2, 3, &Default::default());
    (sequences.dims(), sequences.into_data().iter().collect())
}

#[test]
fn rows_and_pixels_hold_the_same_numbers_in_other_shapes() {
    let (shape, rows) = read(ImageOrder::Rows, None);
    assert_eq!(shape, [2, 2, 3]);
    assert_eq!(rows[..6], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
    let (shape, pixels) = read(ImageOrder::Pixels, None);
    assert_eq!((shape, pixels), ([2, 6, 1], rows));
}

/// The order is part of what a run means: another version of the generator must not change it.
#[test]
fn a_random_order_is_that_of_its_seed_and_the_same_for_all_images() {
    let (shape, found) = read(ImageOrder::Permuted(3), None);
    assert_eq!(shape, [2, 6, 1]);
    let order: Vec<usize> = found[..6]
        .iter()
        .map(|grey| (grey * 5.0).round() as usize)
        .collect();
    assert_eq!(order, ORDER);
    // The second image's only white pixel is where the first image's first one went.
    assert_eq!(
        found[6..].iter().position(|&grey| grey == 1.0),
        order.iter().position(|&place| place == 0)
    );
    assert_ne!(read(ImageOrder::Permuted(4), None).1, found);
}

const ORDER: [usize; 6] = [2, 1, 0, 4, 3, 5];

#[test]
fn normalised_levels_are_those_of_torchvision() {
    // transforms.Normalize(0.1307, 0.3081) of 0 and 1.
    let (_, found) = read(ImageOrder::Rows, Some([0.1307, 0.3081]));
    assert!((found[0] + 0.424_212_9).abs() < 1e-6, "{}", found[0]);
    assert!((found[5] - 2.821_486_7).abs() < 1e-6, "{}", found[5]);
}
