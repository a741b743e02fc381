//! Pictures of digits in all the forms that people save them in, and in some that are none.

use std::io::Cursor;

use image::{
    DynamicImage, GrayAlphaImage, GrayImage, ImageFormat, Luma, LumaA, Rgb, RgbImage, imageops,
};
use rnn_data::{Strokes, decode_digit};

type Digit = [u8; 28 * 28];

fn encode(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn digit_of(picture: impl Into<DynamicImage>) -> Digit {
    decode_digit(&encode(picture, ImageFormat::Png))
        .unwrap()
        .pixels
}

/// A four, in a square of side one.
const FOUR: [[f32; 2]; 4] = [[0.55, 1.0], [0.60, 0.0], [0.05, 0.65], [0.85, 0.62]];

/// How much a round pen covers each pixel, 0 to 1. Lengths are pixels.
fn drawn(corner: [f32; 2], side: f32, pen: f32) -> impl Fn(u32, u32) -> f32 {
    move |x, y| {
        let point = [x as f32 + 0.5, y as f32 + 0.5];
        let distance = FOUR.windows(2).map(|ends| {
            let [a, b] = [0, 1].map(|i| [0, 1].map(|k| corner[k] + ends[i][k] * side));
            let [along, from_a] =
                [[b, a], [point, a]].map(|[to, from]| [0, 1].map(|k| to[k] - from[k]));
            let dot = |u: [f32; 2], v: [f32; 2]| u[0] * v[0] + u[1] * v[1];
            let t = (dot(along, from_a) / dot(along, along)).clamp(0.0, 1.0);
            (from_a[0] - t * along[0]).hypot(from_a[1] - t * along[1])
        });
        (pen / 2.0 + 0.5 - distance.fold(f32::MAX, f32::min)).clamp(0.0, 1.0)
    }
}

/// A four with a pen of 14 pixels on a sheet of 300 by 200, off its middle: paper and ink are grey.
fn four(paper: f32, ink: f32) -> GrayImage {
    let coverage = drawn([60.0, 35.0], 130.0, 14.0);
    GrayImage::from_fn(300, 200, |x, y| {
        Luma([(paper + coverage(x, y) * (ink - paper)).round() as u8])
    })
}

fn mass(digit: &Digit) -> f32 {
    digit.iter().map(|&value| f32::from(value)).sum()
}

/// Mean difference of grey values where either has ink. Both are centred to whole pixels, so one may
/// be a pixel off.
fn difference(a: &Digit, b: &Digit) -> f32 {
    let shifts = (-1..=1).flat_map(|y: i32| (-1..=1).map(move |x: i32| 28 * y + x));
    let differences = shifts.map(|shift| {
        let shifted = |i: i32| usize::try_from(i + shift).ok().and_then(|i| b.get(i));
        let b = (0..).map(|i| shifted(i).copied().unwrap_or_default());
        let inked: Vec<(u8, u8)> = a
            .iter()
            .copied()
            .zip(b)
            .filter(|&pair| pair > (0, 0))
            .collect();
        let sum: f32 = inked.iter().map(|(a, b)| f32::from(a.abs_diff(*b))).sum();
        sum / inked.len() as f32
    });
    differences.fold(f32::MAX, f32::min)
}

fn assert_alike(a: &Digit, b: &Digit, most: f32, what: &str) {
    let found = difference(a, b);
    assert!(
        found <= most,
        "{what}: mean difference {found}\n{}\n{}",
        shown(a),
        shown(b)
    );
}

fn shown(digit: &Digit) -> String {
    let line = |row: &[u8]| {
        row.iter()
            .map(|v| [' ', '.', 'o', '#'][usize::from(v / 64)])
            .collect()
    };
    digit
        .chunks(28)
        .map(line)
        .collect::<Vec<String>>()
        .join("\n")
}

/// The strongest ink is white, all of it fits 20 by 20, and its centre of mass is in the middle.
fn assert_as_in_mnist(digit: &Digit) {
    let picture = shown(digit);
    assert_eq!(digit.iter().max(), Some(&255), "{picture}");
    let inked = |along: fn(usize) -> usize| {
        let places = || (0..28 * 28).filter(|&i| digit[i] > 0).map(along);
        places().max().unwrap() - places().min().unwrap() + 1
    };
    assert!(inked(|i| i % 28).max(inked(|i| i / 28)) == 20, "{picture}");
    for along in [|i| i % 28, |i| i / 28] {
        let moments = (0..28 * 28).map(|i| f32::from(digit[i]) * along(i) as f32);
        let centre = moments.sum::<f32>() / mass(digit);
        assert!((centre - 14.0).abs() < 1.0, "centre {centre}\n{picture}");
    }
}

#[test]
fn of_the_right_size_it_stays_as_it_is() {
    for (image, _) in Strokes::new(7).generate(50).unwrap().iter() {
        let mut picture = GrayImage::from_raw(28, 28, image.to_vec()).unwrap();
        assert_eq!(digit_of(picture.clone()), image);
        let dynamic = DynamicImage::from(picture.clone());
        assert_eq!(digit_of(dynamic.to_rgba8()), image);
        assert_eq!(digit_of(dynamic.to_luma16()), image);
        imageops::invert(&mut picture);
        assert_eq!(digit_of(picture), image);
    }
}

#[test]
fn paper_and_ink_of_any_kind() {
    let expected = digit_of(four(255.0, 0.0));
    assert_as_in_mnist(&expected);

    let coverage = drawn([60.0, 35.0], 130.0, 14.0);
    let mix = |paper: [u8; 3], ink: [u8; 3]| {
        RgbImage::from_fn(300, 200, |x, y| {
            let share = coverage(x, y);
            let mixed = |k: usize| f32::from(paper[k]) * (1.0 - share) + f32::from(ink[k]) * share;
            Rgb([0, 1, 2].map(|k| mixed(k).round() as u8))
        })
    };
    let transparent =
        GrayAlphaImage::from_fn(300, 200, |x, y| LumaA([10, (coverage(x, y) * 255.0) as u8]));
    // A shade from one side to the other, as a lamp makes it.
    let shaded = GrayImage::from_fn(300, 200, |x, y| {
        Luma([(230.0 - x as f32 / 4.0 - coverage(x, y) * 140.0) as u8])
    });
    let cases: [(&str, DynamicImage); 10] = [
        ("light on dark", four(0.0, 255.0).into()),
        ("pale on grey", four(120.0, 200.0).into()),
        ("grey on pale", four(200.0, 120.0).into()),
        ("black on white", mix([255; 3], [0; 3]).into()),
        ("blue on white", mix([250, 248, 240], [20, 40, 200]).into()),
        ("yellow on white", mix([255; 3], [255, 230, 0]).into()),
        ("blue on black", mix([0; 3], [0, 0, 255]).into()),
        ("transparent", transparent.into()),
        ("shaded", shaded.into()),
        (
            "16 bits",
            DynamicImage::from(four(255.0, 0.0)).to_rgba16().into(),
        ),
    ];
    for (what, picture) in cases {
        let found = digit_of(picture);
        assert_as_in_mnist(&found);
        assert_alike(&found, &expected, 16.0, what);
    }
    for (paper, ink) in [([240; 3], [30, 30, 90]), ([20, 40, 20], [230; 3])] {
        let found = decode_digit(&encode(mix(paper, ink), ImageFormat::Jpeg))
            .unwrap()
            .pixels;
        assert_as_in_mnist(&found);
        assert_alike(&found, &expected, 16.0, "JPEG");
    }
}

#[test]
fn the_size_of_the_sheet_does_not_matter() {
    let expected = digit_of(four(255.0, 0.0));
    for scale in [0.5, 2.0, 5.0] {
        let size = [(300.0 * scale) as u32, (200.0 * scale) as u32];
        let coverage = drawn([40.0 * scale, 50.0 * scale], 130.0 * scale, 14.0 * scale);
        let found = digit_of(GrayImage::from_fn(size[0], size[1], |x, y| {
            Luma([(255.0 - 255.0 * coverage(x, y)) as u8])
        }));
        assert_as_in_mnist(&found);
        assert_alike(&found, &expected, 16.0, &format!("{scale} times as large"));
    }
}

#[test]
fn thin_pens_survive() {
    let bold = mass(&digit_of(four(255.0, 0.0)));
    // The last one is small on a large sheet: less of it is ink than of a picture may be dust.
    for (side, size, pen) in [
        (1400, 0.7, 1.0),
        (500, 0.7, 1.0),
        (300, 0.7, 0.6),
        (200, 0.7, 3.0),
        (3000, 0.06, 2.0),
    ] {
        let coverage = drawn([side as f32 / 10.0; 2], side as f32 * size, pen);
        let draw = |ink: f32, paper: f32| {
            digit_of(GrayImage::from_fn(side, side, |x, y| {
                Luma([(paper + (ink - paper) * coverage(x, y)) as u8])
            }))
        };
        let found = draw(255.0, 0.0);
        assert_as_in_mnist(&found);
        assert_alike(&draw(0.0, 255.0), &found, 24.0, "dark on light");
        let share = mass(&found) / bold;
        assert!(
            (0.6..1.1).contains(&share),
            "{side}, {pen}: {share}\n{}",
            shown(&found)
        );
    }
}

#[test]
fn specks_do_not_matter() {
    let clean = four(255.0, 0.0);
    let mut dirty = clean.clone();
    for (x, y) in [(290, 190), (3, 4), (291, 12), (20, 180)] {
        for (x, y) in [(x, y), (x + 1, y), (x, y + 1)] {
            dirty.put_pixel(x, y, Luma([0]));
        }
    }
    assert_eq!(digit_of(dirty), digit_of(clean));
}

#[test]
fn a_picture_to_be_turned_is_turned() {
    // A photo is stored as the sensor lies, with a note in Exif: here, turn it by 90 degrees.
    let lying = imageops::rotate270(&four(255.0, 0.0));
    let mut jpeg = encode(lying, ImageFormat::Jpeg);
    let exif =
        b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    jpeg.splice(2..2, exif.iter().copied());
    let expected = digit_of(four(255.0, 0.0));
    assert_alike(
        &decode_digit(&jpeg).unwrap().pixels,
        &expected,
        16.0,
        "turned",
    );
}

#[test]
fn ink_of_any_colour_on_paper_of_any_colour() {
    let expected = digit_of(four(255.0, 0.0));
    let coverage = four(0.0, 255.0);
    let (red, green, blue) = ([220, 20, 20], [20, 160, 20], [30, 30, 220]);
    let (white, yellow) = ([255, 255, 255], [255, 230, 0]);
    for (ink, paper) in [
        (red, green),
        (green, red),
        (red, blue),
        (white, yellow),
        (yellow, white),
        (blue, [0, 0, 0]),
    ] {
        let picture = RgbImage::from_fn(coverage.width(), coverage.height(), |x, y| {
            let share = f32::from(coverage.get_pixel(x, y).0[0]) / 255.0;
            Rgb([0, 1, 2].map(|k| {
                let (ink, paper): (u8, u8) = (ink[k], paper[k]);
                (f32::from(paper) + share * (f32::from(ink) - f32::from(paper))) as u8
            }))
        });
        let found = digit_of(picture);
        assert_alike(&found, &expected, 24.0, &format!("{ink:?} on {paper:?}"));
    }
    // White on nothing.
    let picture = GrayAlphaImage::from_fn(coverage.width(), coverage.height(), |x, y| {
        LumaA([255, coverage.get_pixel(x, y).0[0]])
    });
    assert_alike(&digit_of(picture), &expected, 24.0, "white on nothing");
}

#[test]
fn white_on_transparent_is_read_at_every_size() {
    let (image, _) = Strokes::new(3)
        .generate(1)
        .unwrap()
        .iter()
        .next()
        .map(|(image, label)| (image.to_vec(), label))
        .unwrap();
    let white = GrayAlphaImage::from_fn(28, 28, |x, y| LumaA([255, image[(y * 28 + x) as usize]]));
    assert_eq!(digit_of(white)[..], image[..]);
    let coverage = drawn([60.0, 35.0], 130.0, 14.0);
    let white = GrayAlphaImage::from_fn(300, 200, |x, y| {
        LumaA([255, (coverage(x, y) * 255.0) as u8])
    });
    assert_alike(&digit_of(white), &digit_of(four(255.0, 0.0)), 16.0, "white");
}

#[test]
fn what_is_around_the_digit_is_left_out() {
    let expected = digit_of(four(255.0, 0.0));
    let ink = |is_ink: &dyn Fn(u32, u32) -> bool| {
        let mut picture = four(255.0, 0.0);
        for (x, y, Luma([value])) in picture.enumerate_pixels_mut() {
            if is_ink(x, y) {
                *value = 0;
            }
        }
        digit_of(picture)
    };
    let frame = |left: u32, top: u32, right: u32, bottom: u32| {
        move |x: u32, y: u32| {
            let is_inside =
                (left + 4..right - 4).contains(&x) && (top + 4..bottom - 4).contains(&y);
            (left..right).contains(&x) && (top..bottom).contains(&y) && !is_inside
        }
    };
    for (what, found) in [
        ("a box", ink(&frame(20, 10, 280, 190))),
        ("a frame", ink(&frame(0, 0, 300, 200))),
        (
            "two boxes",
            ink(&|x, y| frame(5, 3, 295, 198)(x, y) || frame(20, 10, 280, 190)(x, y)),
        ),
        ("a shadow", ink(&|x, y| x + y / 2 > 310)),
        ("a corner", ink(&|x, y| x < 20 && y < 30)),
    ] {
        assert_alike(&found, &expected, 16.0, what);
    }
    // A zero has no digit in it, and one that is cut off by the border is still one.
    let zero = GrayImage::from_fn(100, 140, |x, y| {
        let is_ring = !((30..70).contains(&x) && (40..100).contains(&y));
        let is_ink = (20..80).contains(&x) && (30..110).contains(&y) && is_ring;
        Luma([if is_ink { 0 } else { 255 }])
    });
    assert!(digit_of(zero).chunks(28).filter(|row| row[14] == 0).count() > 8);
    let cut = GrayImage::from_fn(40, 60, |x, _| {
        Luma([if (15..22).contains(&x) { 0 } else { 255 }])
    });
    assert!(digit_of(cut).iter().any(|&value| value > 200));
}

#[test]
fn bitmaps_are_read() {
    let found = decode_digit(&encode(four(255.0, 0.0), ImageFormat::Bmp))
        .unwrap()
        .pixels;
    assert_eq!(found, digit_of(four(255.0, 0.0)));
}
