//! Pictures with more, or less, in them than one digit.

use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma, imageops};
use rnn_data::{Digit, PictureError, Strokes, Warning, decode_digit};

fn read(picture: GrayImage) -> Result<Digit, PictureError> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    decode_digit(bytes.get_ref())
}

/// Where there is ink.
type Shape<'a> = &'a dyn Fn(f32, f32) -> bool;

/// A drawn digit of the class, black on white, 140 pixels high and wide.
fn digit(class: u8) -> GrayImage {
    let digits = Strokes::new(11).generate(60).unwrap();
    let (image, _) = digits.iter().find(|&(_, label)| label == class).unwrap();
    let mut small = GrayImage::from_raw(28, 28, image.to_vec()).unwrap();
    imageops::invert(&mut small);
    imageops::resize(&small, 140, 140, imageops::FilterType::CatmullRom)
}

/// A sheet of 300 by 240, with a digit at each place.
fn sheet(digits: &[(u8, i64, i64)]) -> GrayImage {
    let mut sheet = GrayImage::from_pixel(300, 240, Luma([255]));
    for &(class, x, y) in digits {
        imageops::overlay(&mut sheet, &digit(class), x, y);
    }
    sheet
}

fn inked(mut picture: GrayImage, value: u8, is_ink: impl Fn(f32, f32) -> bool) -> GrayImage {
    for (x, y, Luma([pixel])) in picture.enumerate_pixels_mut() {
        if is_ink(x as f32, y as f32) {
            *pixel = value.min(*pixel);
        }
    }
    picture
}

fn shown(digit: &Digit) -> String {
    let mut text = String::new();
    for row in digit.pixels.chunks(28) {
        text.extend(
            row.iter()
                .map(|v| [' ', '.', 'o', '#'][usize::from(v / 64)]),
        );
        text.push('\n');
    }
    text
}

/// Mean difference where either has ink. One may be a pixel off, as both are centred to whole pixels.
fn difference(a: &Digit, b: &Digit) -> f32 {
    let shifts = (-1..=1).flat_map(|down: i32| (-1..=1).map(move |right: i32| 28 * down + right));
    let differences = shifts.map(|shift| {
        let shifted = |at: i32| {
            usize::try_from(at + shift)
                .ok()
                .and_then(|at| b.pixels.get(at))
        };
        let pairs = a.pixels.iter().zip(0..);
        let pairs = pairs.map(|(a, at)| (*a, shifted(at).copied().unwrap_or_default()));
        let inked: Vec<(u8, u8)> = pairs.filter(|&pair| pair > (0, 0)).collect();
        let sum: f32 = inked.iter().map(|(a, b)| f32::from(a.abs_diff(*b))).sum();
        sum / inked.len() as f32
    });
    differences.fold(f32::MAX, f32::min)
}

/// A closed line around the middle of a sheet: its distance from a turned box with round corners.
fn round_box(half: [f32; 2], radius: f32, turn: f32) -> impl Fn(f32, f32) -> bool {
    move |x, y| {
        let (x, y) = (x - 150.0, y - 120.0);
        let (sin, cos) = turn.sin_cos();
        let at = [x * cos - y * sin, x * sin + y * cos];
        let [x, y] = [0, 1].map(|k| at[k].abs() - half[k] + radius);
        let distance = x.max(0.0).hypot(y.max(0.0)) + x.max(y).min(0.0) - radius;
        distance.abs() < 2.5
    }
}

#[test]
fn surroundings_of_all_kinds_are_left_out() {
    for class in [2, 5, 8, 9] {
        let clean = sheet(&[(class, 80, 50)]);
        let expected = read(clean.clone()).unwrap();
        assert_eq!(expected.warning, None);
        let around: [(&str, u8, Shape); 12] = [
            ("a box", 0, &round_box([120.0, 100.0], 1.0, 0.0)),
            ("a turned box", 0, &round_box([120.0, 100.0], 1.0, 0.06)),
            ("round corners", 30, &round_box([110.0, 105.0], 40.0, -0.03)),
            ("a circle", 0, &round_box([85.0, 85.0], 84.0, 0.0)),
            ("two boxes", 0, &|x, y| {
                round_box([120.0, 100.0], 1.0, 0.02)(x, y)
                    || round_box([130.0, 112.0], 5.0, 0.0)(x, y)
            }),
            (
                "a box that meets the border",
                0,
                &round_box([140.0, 118.0], 1.0, 0.03),
            ),
            ("a frame at the border", 0, &|x, y| {
                !(6.0..294.0).contains(&x) || !(6.0..234.0).contains(&y)
            }),
            ("a desk", 60, &|x, y| x + y < 130.0 || x > 270.0),
            ("a hard shadow", 130, &|x, y| x + 0.3 * y > 270.0),
            ("a hard shadow over it", 170, &|x, y| x + 0.2 * y > 160.0),
            ("a finger", 90, &|x, y| {
                (x > 270.0 && (y - 190.0).abs() < 40.0) || (x - 270.0).hypot(y - 190.0) < 40.0
            }),
            ("a spot", 0, &|x, y| (x - 40.0).hypot(y - 200.0) < 18.0),
        ];
        for (what, value, is_ink) in around {
            let most = if what.ends_with("over it") {
                48.0
            } else {
                24.0
            };
            let mut picture = inked(clean.clone(), value, is_ink);
            for polarity in ["dark on light", "light on dark"] {
                let found = read(picture.clone()).unwrap();
                let difference = difference(&found, &expected);
                assert!(
                    difference <= most,
                    "{class} in {what}, {polarity}: {difference}\n{}",
                    shown(&found)
                );
                assert_eq!(found.warning, None, "{class} in {what}, {polarity}");
                imageops::invert(&mut picture);
            }
        }
    }
}

#[test]
fn lines_on_the_paper_are_left_out() {
    for class in [2, 3, 6] {
        let clean = sheet(&[(class, 80, 50)]);
        let expected = read(clean.clone()).unwrap();
        let lines: [(&str, Shape); 3] = [
            ("ruled", &|_, y| y.rem_euclid(48.0) < 2.0),
            ("ruled aslant", &|x, y| {
                (y + 0.04 * x).rem_euclid(60.0) < 2.0
            }),
            ("squared", &|x, y| {
                x.rem_euclid(42.0) < 1.5 || y.rem_euclid(42.0) < 1.5
            }),
        ];
        for (what, is_ink) in lines {
            let found = read(inked(clean.clone(), 100, is_ink)).unwrap();
            let difference = difference(&found, &expected);
            assert!(
                difference <= 45.0,
                "{class}, {what}: {difference}\n{}",
                shown(&found)
            );
        }
    }
}

#[test]
fn uneven_light_does_not_matter() {
    let clean = sheet(&[(3, 80, 50)]);
    let expected = read(clean.clone()).unwrap();
    for (right, down) in [(0.5, 0.0), (-0.3, 0.3), (0.0, -0.6)] {
        let lit = GrayImage::from_fn(300, 240, |x, y| {
            let light = 0.65 + right * (x as f32 / 300.0 - 0.5) + down * (y as f32 / 240.0 - 0.5);
            Luma([(f32::from(clean.get_pixel(x, y).0[0]) * light.clamp(0.0, 1.0)) as u8])
        });
        let found = read(lit).unwrap();
        assert_eq!(found.warning, None);
        let difference = difference(&found, &expected);
        assert!(
            difference <= 24.0,
            "{right}, {down}: {difference}\n{}",
            shown(&found)
        );
    }
}

#[test]
fn a_sheet_on_a_table_is_found() {
    for class in [0, 1, 4, 7] {
        let clean = sheet(&[(class, 80, 50)]);
        let expected = read(clean.clone()).unwrap();
        for (turn, paper, table) in [(0.0, 215, 50), (0.15, 215, 50), (-0.3, 235, 120)] {
            let (sin, cos) = f32::sin_cos(turn);
            let mut picture = GrayImage::from_fn(420, 360, |x, y| {
                let (x, y) = (x as f32 - 210.0, y as f32 - 180.0);
                let is_paper =
                    (x * cos + y * sin).abs() < 145.0 && (y * cos - x * sin).abs() < 115.0;
                // The digit stays upright.
                let on_sheet = [x + 150.0, y + 120.0].map(|at| at.max(0.0) as u32);
                let ink = clean.get_pixel_checked(on_sheet[0], on_sheet[1]);
                let ink = ink.map_or(255, |Luma([value])| u32::from(*value));
                // The table is grained.
                let grain = (x as i32 + 3 * y as i32).rem_euclid(11) as u8;
                Luma([if is_paper {
                    (ink * paper / 255) as u8
                } else {
                    table + grain
                }])
            });
            for polarity in ["dark on light", "light on dark"] {
                let found = read(picture.clone()).unwrap();
                let difference = difference(&found, &expected);
                assert!(
                    difference <= 24.0,
                    "{class} turned by {turn}, {polarity}: {difference}\n{}",
                    shown(&found)
                );
                assert_eq!(found.warning, None, "{class} turned by {turn}, {polarity}");
                imageops::invert(&mut picture);
            }
        }
    }
}

#[test]
fn a_faint_digit_out_of_focus_is_read() {
    for class in [1, 3, 8] {
        let small = imageops::resize(&digit(class), 28, 28, imageops::FilterType::Triangle);
        let large = imageops::resize(&small, 300, 300, imageops::FilterType::CatmullRom);
        let expected = read(large.clone()).unwrap();
        let faint = GrayImage::from_fn(300, 300, |x, y| {
            Luma([180 + (u32::from(large.get_pixel(x, y).0[0]) * 55 / 255) as u8])
        });
        let found = read(faint).unwrap();
        let difference = difference(&found, &expected);
        assert!(
            difference <= 24.0,
            "{class}: {difference}\n{}",
            shown(&found)
        );
        assert_eq!(found.warning, None, "{class}");
    }
}

#[test]
fn several_digits_are_said() {
    for (digits, candidates) in [
        (&[(4, 0, 50), (2, 150, 50)][..], 2),
        (&[(1, 20, 50), (1, 120, 50)], 2),
        (&[(3, -20, 50), (8, 80, 50), (6, 180, 50)], 3),
    ] {
        let found = read(sheet(digits)).unwrap();
        assert_eq!(
            found.warning,
            Some(Warning::Several { candidates }),
            "{digits:?}"
        );
    }
    assert_eq!(
        Warning::Several { candidates: 2 }.to_string(),
        "found 2 things that may be a digit, and read the largest"
    );
}

#[test]
fn one_digit_in_parts_is_one() {
    // The bar of a five that does not reach its body, and strokes with gaps.
    for (class, gap) in [(5, 80.0), (5, 100.0), (7, 120.0), (1, 120.0), (4, 100.0)] {
        let mut picture = sheet(&[(class, 80, 50)]);
        for (_, y, Luma([value])) in picture.enumerate_pixels_mut() {
            if (gap..gap + 6.0).contains(&(y as f32)) {
                *value = 255;
            }
        }
        assert_eq!(read(picture).unwrap().warning, None, "{class} with a gap");
    }
    for (image, label) in Strokes::new(5).generate(100).unwrap().iter() {
        let mut small = GrayImage::from_raw(28, 28, image.to_vec()).unwrap();
        imageops::invert(&mut small);
        let large = imageops::resize(&small, 150, 150, imageops::FilterType::Triangle);
        assert_eq!(read(large).unwrap().warning, None, "{label}");
    }
}

#[test]
fn what_holds_no_stroke_is_said() {
    let mut seed = 1u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    let spot = |x: u32, y: u32| (x as f32 - 100.0).hypot(y as f32 - 80.0) < 50.0;
    for (what, picture) in [
        (
            "noise",
            GrayImage::from_fn(200, 160, |_, _| Luma([noise()])),
        ),
        (
            "a spot",
            GrayImage::from_fn(200, 160, |x, y| Luma([255 - 255 * u8::from(spot(x, y))])),
        ),
        (
            "a texture",
            GrayImage::from_fn(200, 160, |x, y| Luma([255 * ((x / 4 + y / 4) % 2) as u8])),
        ),
    ] {
        let found = read(picture).unwrap();
        assert_eq!(found.warning, Some(Warning::NoStroke), "{what}");
    }
    for (width, height) in [(256, 256), (256, 40), (90, 300)] {
        let shades: [&dyn Fn(f32, f32) -> f32; 3] =
            [&|x, _| x, &|_, y| 1.0 - y, &|x, y| (x + y) / 2.0];
        for shade in shades {
            let picture = GrayImage::from_fn(width, height, |x, y| {
                let [x, y] = [(x, width), (y, height)].map(|(at, of)| at as f32 / (of - 1) as f32);
                Luma([(shade(x, y) * 255.0).round() as u8])
            });
            match read(picture) {
                Err(error @ PictureError::NoStroke { .. }) => assert_eq!(
                    error.to_string(),
                    "expected a digit, found no stroke: the picture's values span 255 of 255, but \
                     change only gradually, as a shade does"
                ),
                // In 40 pixels it is steeper than the edge of a blurred stroke.
                Ok(found) => assert_eq!((found.warning, height), (Some(Warning::NoStroke), 40)),
                Err(other) => panic!("{other}"),
            }
        }
    }
}

#[test]
fn outlines_are_filled() {
    // A seven, and what is left of it when its inside is erased.
    let solid = |x: f32, y: f32, pen: f32| {
        let bar = (70.0 - pen..200.0 + pen).contains(&x) && (50.0 - pen..56.0 + pen).contains(&y);
        let stem = (y - 55.0) * 0.5 + (x - 200.0);
        bar || stem.abs() < pen * 1.1 && (50.0 - pen..200.0 + pen).contains(&y)
    };
    let white = || GrayImage::from_pixel(300, 240, Luma([255]));
    let expected = read(inked(white(), 0, |x, y| solid(x, y, 13.0))).unwrap();
    let outline = |x: f32, y: f32| solid(x, y, 13.0) && !solid(x, y, 9.5);
    for (what, gap) in [("closed", 0.0), ("with a gap", 5.0)] {
        let drawn = |x: f32, y: f32| outline(x, y) && !(100.0..100.0 + gap).contains(&x);
        let found = read(inked(white(), 0, drawn)).unwrap();
        let difference = difference(&found, &expected);
        assert!(difference <= 24.0, "{what}: {difference}");
    }
    // The hole of a slim zero is none.
    let zero = inked(white(), 0, |x, y| {
        let at = ((x - 150.0) / 30.0).hypot((y - 120.0) / 90.0);
        (0.7..1.0).contains(&at)
    });
    assert!(read(zero).unwrap().pixels[14 * 28 + 14] < 128);
}

#[test]
fn sheets_of_any_size() {
    let large = sheet(&[(3, 80, 50)]);
    let expected = read(large.clone()).unwrap();
    for (width, height) in [
        (8, 8),
        (12, 9),
        (27, 28),
        (29, 29),
        (37, 61),
        (900, 60),
        (1200, 960),
    ] {
        let small = imageops::resize(&large, width, height, imageops::FilterType::Triangle);
        let found = read(small).unwrap();
        let whole = width * 240 == height * 300 && width > 37;
        assert!(
            !whole || difference(&found, &expected) < 24.0,
            "{width}x{height}"
        );
        assert!(found.pixels.contains(&255), "{width}x{height}");
    }
}

#[test]
fn pictures_of_a_few_pixels_never_panic() {
    let sides = [1, 2, 3, 5, 9, 30];
    for (width, height) in sides.iter().flat_map(|w| sides.map(|h| (*w, h))) {
        let patterns: [&dyn Fn(u32, u32) -> u8; 5] = [
            &|_, _| 0,
            &|x, y| 255 * u8::from((x + y) % 2 > 0),
            &|x, y| 255 * u8::from(x == width / 2 || y == height / 2),
            &|x, y| 255 * u8::from(x > 0 && y > 0 && x + 1 < width && y + 1 < height),
            &|x, y| ((x + y) * 255 / (width + height)) as u8,
        ];
        for (pattern, at) in patterns.iter().zip(0..) {
            match read(GrayImage::from_fn(width, height, |x, y| {
                Luma([pattern(x, y)])
            })) {
                Ok(found) => assert!(found.pixels.contains(&255), "{at} in {width}x{height}"),
                Err(PictureError::Blank | PictureError::NoStroke { .. }) => {}
                Err(other) => panic!("{at} in {width}x{height}: {other}"),
            }
        }
    }
}
