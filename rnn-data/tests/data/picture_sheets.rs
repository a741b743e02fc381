//! Sheets of digits with what a model takes them for.

use image::RgbImage;
use rnn_data::{ImageSet, PictureError, Strokes, contact_sheet};

fn digits(count: usize) -> (ImageSet, Vec<usize>) {
    let digits = Strokes::new(42).generate(count).unwrap();
    let labels = digits.labels().iter().map(|&label| label.into()).collect();
    (digits, labels)
}

fn sheet(images: &ImageSet, predictions: &[usize], columns: usize) -> RgbImage {
    let png = contact_sheet(images, predictions, columns).unwrap();
    image::load_from_memory(&png).unwrap().to_rgb8()
}

fn red_pixels(sheet: &RgbImage) -> usize {
    let is_red = |[r, g, b]: [u8; 3]| r > 150 && g < 100 && b < 100;
    sheet.pixels().filter(|pixel| is_red(pixel.0)).count()
}

#[test]
fn cells_in_rows() {
    let (images, labels) = digits(23);
    // Each cell: 56 pixels and a frame of 2, a space of 3 and a caption of 10; gaps of 4.
    let size = |columns: u32, rows: u32| (4 + columns * (60 + 4), 4 + rows * (60 + 3 + 10 + 4));
    assert_eq!(sheet(&images, &labels, 5).dimensions(), size(5, 5));
    assert_eq!(sheet(&images, &labels, 23).dimensions(), size(23, 1));
    assert_eq!(
        sheet(&images, &labels, usize::MAX).dimensions(),
        size(23, 1)
    );
    let part = images.slice(3..4);
    assert_eq!(sheet(&part, &labels[3..4], 1).dimensions(), size(1, 1));
}

#[test]
fn pictures_are_enlarged() {
    let (images, labels) = digits(4);
    let sheet = sheet(&images, &labels, 2);
    let grey = |x: u32, y: u32| sheet.get_pixel(x, y).0;
    for (i, at) in [28 * 5 + 13, 28 * 27 + 27].into_iter().enumerate() {
        // The third picture is the first of the second row.
        let value = images.image(2)[at];
        let (x, y) = (6 + at as u32 % 28 * 2, 6 + 77 + at as u32 / 28 * 2);
        assert_eq!(grey(x, y), [value; 3], "{i}");
        assert_eq!(grey(x + 1, y + 1), [value; 3], "{i}");
    }
}

#[test]
fn only_what_is_wrong_is_red() {
    let (images, labels) = digits(20);
    assert_eq!(red_pixels(&sheet(&images, &labels, 6)), 0);
    let mut predictions = labels;
    let mut before = 0;
    for i in [0, 7, 19] {
        predictions[i] = (predictions[i] + 3) % 10;
        let red = red_pixels(&sheet(&images, &predictions, 6));
        // A frame, and three characters at least.
        assert!(red > before + 4 * 58 * 2 + 3 * 20, "{red}");
        before = red;
    }
}

#[test]
fn captions_wider_than_pictures() {
    let images = ImageSet::new(1, 2, vec![0, 255, 255, 0], vec![1, 123], 200).unwrap();
    let sheet = sheet(&images, &[usize::MAX, 123], 2);
    assert_eq!(sheet.width(), 4 + 2 * ((22 * 4 + 1) * 2 + 4));
    assert!(red_pixels(&sheet) > 0);
}

#[test]
fn sheets_that_cannot_be() {
    let (images, labels) = digits(10);
    let error = |images: &ImageSet, predictions: &[usize], columns| {
        let error = contact_sheet(images, predictions, columns).unwrap_err();
        (error.to_string(), error)
    };
    let (message, _) = error(&images, &labels[1..], 5);
    assert_eq!(
        message,
        "expected 10 predictions, as many as pictures, found 9"
    );
    let (message, _) = error(&images, &labels, 0);
    assert_eq!(
        message,
        "expected at least one column for the sheet, found 0"
    );
    let (message, _) = error(&images.take(0), &[], 5);
    assert_eq!(
        message,
        "expected at least one picture for the sheet, found none"
    );

    let wide = ImageSet::new(1, 5000, vec![0; 10_000], vec![0, 0], 1).unwrap();
    let (message, found) = error(&wide, &[0, 0], 2);
    assert!(matches!(found, PictureError::Size { limit: 8192, .. }));
    assert!(
        message.contains("at most 8192x8192 pixels, found 20020x"),
        "{message}"
    );
}
