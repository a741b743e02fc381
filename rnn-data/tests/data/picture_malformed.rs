//! Files that hold no digit, or only a part of a picture.

use std::fs;
use std::io::Cursor;

use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageFormat, Luma, imageops};
use rnn_data::{PictureError, decode_digit, read_digit};

fn encode(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Dark on light, and not quite even.
fn seven() -> GrayImage {
    GrayImage::from_fn(150, 100, |x, y| {
        let is_bar = (50..92).contains(&x) && (20..27).contains(&y);
        let is_stem = (20..85).contains(&y) && (88..96).contains(&(x + y / 3));
        Luma([if is_bar || is_stem {
            15
        } else {
            220 + (x ^ y) as u8 % 16
        }])
    })
}

fn message_of(bytes: &[u8]) -> String {
    decode_digit(bytes).unwrap_err().to_string()
}

#[test]
fn blank_sheets() {
    let pale = |x: u32, y: u32| Luma([200 + (x * 7 + y * 3) as u8 % 10]);
    let cases: [DynamicImage; 5] = [
        GrayImage::new(300, 200).into(),
        GrayImage::new(28, 28).into(),
        GrayImage::from_fn(100, 100, pale).into(),
        GrayAlphaImage::new(50, 60).into(),
        GrayImage::from_pixel(1, 1, Luma([90])).into(),
    ];
    for picture in cases {
        let bytes = encode(picture, ImageFormat::Png);
        assert!(matches!(decode_digit(&bytes), Err(PictureError::Blank)));
        assert_eq!(
            message_of(&bytes),
            "expected a digit, found no ink: nothing differs from the paper by 24 of 255 or more"
        );
    }
}

#[test]
fn cut_files_never_panic() {
    let png = encode(seven(), ImageFormat::Png);
    for len in 0..png.len() {
        // The last chunk only says that there are no more.
        let is_whole = len >= png.len() - 12;
        assert!(is_whole || decode_digit(&png[..len]).is_err(), "{len}");
    }
    assert!(message_of(&png[..png.len() / 2]).starts_with("damaged picture: "));
    let jpeg = encode(seven(), ImageFormat::Jpeg);
    // Of a JPEG file the last two bytes are the end marker.
    for len in 0..jpeg.len() {
        assert!(decode_digit(&jpeg[..len]).is_err(), "{len}");
    }
    let half = jpeg.len() / 2;
    assert_eq!(
        message_of(&jpeg[..half]),
        format!(
            "damaged picture: expected a JPEG picture up to its end marker, found none in {half} bytes: \
             it was cut off"
        )
    );
    // What follows the end is no matter, and an end in a preview is not the picture's.
    let digit = decode_digit(&jpeg).unwrap();
    assert_eq!(decode_digit(&[&jpeg[..], b"more"].concat()).unwrap(), digit);
    let preview = [&b"\xff\xd8\xff\xe1\x00\x06\xff\xd8\xff\xd9"[..], &jpeg[2..]].concat();
    assert_eq!(decode_digit(&preview).unwrap(), digit);
    assert!(decode_digit(&preview[..preview.len() / 2]).is_err());
    let small = encode(imageops::thumbnail(&seven(), 30, 20), ImageFormat::Png);
    for at in 0..small.len() {
        for bit in 0..8 {
            let mut flipped = small.clone();
            flipped[at] ^= 1 << bit;
            let _ = decode_digit(&flipped);
        }
    }
}

#[test]
fn what_is_no_picture() {
    for (bytes, found) in [
        (&b""[..], "nothing"),
        (b"two words", "\"two words\""),
        (
            b"GIF89a\x01\x00\x01\x00\xff",
            "GIF, which is not read: convert it",
        ),
        (
            b"RIFF\x01\x00\x01\x00WEBPVP8 ",
            "WEBP, which is not read: convert it",
        ),
        (b"II*\0\x01", "TIFF, which is not read: convert it"),
        (b"\x7f\x01\xff\x02", "0x7f 0x01 0xff 0x02"),
    ] {
        let expected = format!("expected a PNG, JPEG or BMP picture, found {found}");
        assert_eq!(message_of(bytes), expected);
    }
}

/// The start of a PNG file, up to the first data, with the header's check sum.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([16, 6, 0, 0, 0]);
    let bitwise = |crc: u32, _| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
    let crc = !header.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), bitwise)
    });
    let start = b"\x89PNG\r\n\x1a\n\0\0\0\x0d";
    [start, &header[..], &crc.to_be_bytes(), b"\0\0\x01\0IDAT"].concat()
}

#[test]
fn what_a_header_promises_is_not_believed() {
    assert_eq!(
        message_of(&png_header(8193, 3)),
        "expected a picture of at most 8192x8192 pixels, found 8193x3"
    );
    assert_eq!(
        message_of(&png_header(3, 1 << 20)),
        "expected a picture of at most 8192x8192 pixels, found 3x1048576"
    );
    assert_eq!(
        message_of(&png_header(1 << 30, 1 << 30)),
        "expected a picture that takes at most 536870912 bytes, found a larger one"
    );
    let error = decode_digit(&png_header(8192, 8192)).unwrap_err();
    assert!(matches!(error, PictureError::Decode(_)), "{error}");
}

#[test]
fn files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let message = |name: &str| crate::chain(&read_digit(path(name)).unwrap_err());

    // The content tells the format.
    fs::write(path("seven.jpg"), encode(seven(), ImageFormat::Png)).unwrap();
    assert_eq!(
        read_digit(path("seven.jpg")).unwrap(),
        decode_digit(&encode(seven(), ImageFormat::Png)).unwrap()
    );

    assert!(matches!(
        read_digit(path("absent.png")),
        Err(PictureError::Io { .. })
    ));
    assert!(message("absent.png").contains("absent.png: "));

    fs::write(path("note.png"), "a note").unwrap();
    let expected = "note.png: expected a PNG, JPEG or BMP picture, found \"a note\"";
    assert!(message("note.png").ends_with(expected));

    // Sparse: it takes no room on the disk.
    let huge = fs::File::create(path("huge.png")).unwrap();
    huge.set_len((64 << 20) + 1).unwrap();
    let expected = "huge.png: expected a file of at most 67108864 bytes, found 67108865 or more";
    assert!(
        message("huge.png").ends_with(expected),
        "{}",
        message("huge.png")
    );
}
