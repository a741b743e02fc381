//! Small random distortions of images, for training.

use rand::{Rng, RngExt};

/// Turns, scales, shears and shifts images a little at random, so that a network that is trained on them
/// learns from more images than there are.
///
/// ```
/// use rand::SeedableRng;
/// use rand::rngs::ChaCha8Rng;
/// use rnn_data::{Distortion, Strokes};
///
/// let digits = Strokes::new(1).generate(1)?;
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let distorted = Distortion::new(1.0).apply(digits.image(0), 28, 28, &mut rng);
/// assert_eq!(distorted.len(), 28 * 28);
/// assert_ne!(distorted, digits.image(0));
/// # Ok::<(), rnn_data::DatasetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distortion {
    /// The largest angle that an image is turned by, either way, in degrees.
    pub degrees: f32,
    /// The largest part by which it becomes larger or smaller, its rows and its columns each for itself.
    pub scale: f32,
    /// The largest shear, either way: how many pixels a column moves per row.
    pub shear: f32,
    /// The furthest that it is shifted, either way, in pixels: up or down, and left or right.
    pub shift: f32,
}

impl Distortion {
    /// All four at `strength` times what suits digits of 28 by 28 pixels: 10 degrees, a tenth, 0.2 and
    /// 2 pixels. With a strength of 0 images stay as they are.
    pub const fn new(strength: f32) -> Self {
        Self {
            degrees: 10.0 * strength,
            scale: 0.1 * strength,
            shear: 0.2 * strength,
            shift: 2.0 * strength,
        }
    }

    /// The image with a distortion that is drawn from `rng`: six numbers, whatever the image. What comes
    /// from beyond the border is black.
    ///
    /// With `A` = rotation · shear · scale, pixel `p` of the result is what is at
    /// `A⁻¹·(p - centre - shift) + centre`, between pixels that of the four around it by their distance.
    ///
    /// # Panics
    ///
    /// If there are not `rows·cols` pixels.
    pub fn apply(&self, pixels: &[u8], rows: usize, cols: usize, rng: &mut impl Rng) -> Vec<u8> {
        assert!(
            pixels.len() == rows * cols,
            "expected {rows} x {cols} pixels, found {}",
            pixels.len()
        );
        let mut draw = |largest: f32| largest * (2.0 * rng.random::<f32>() - 1.0);
        let (sin, cos) = draw(self.degrees).to_radians().sin_cos();
        let scale = [draw(self.scale), draw(self.scale)].map(|part| 1.0 / (1.0 + part).max(0.1));
        let shear = draw(self.shear);
        let shift = [draw(self.shift), draw(self.shift)];
        let centre = [cols, rows].map(|size| (size as f32 - 1.0) / 2.0);

        let mut result = Vec::with_capacity(pixels.len());
        for row in 0..rows {
            for col in 0..cols {
                let x = col as f32 - centre[0] - shift[0];
                let y = row as f32 - centre[1] - shift[1];
                let (x, y) = (cos * x + sin * y, cos * y - sin * x);
                let x = (x - shear * y) * scale[0] + centre[0];
                let y = y * scale[1] + centre[1];
                result.push(between(pixels, rows, cols, x, y));
            }
        }
        result
    }
}

/// The grey value at a place between pixels, bilinear.
fn between(pixels: &[u8], rows: usize, cols: usize, x: f32, y: f32) -> u8 {
    let (left, top) = (x.floor(), y.floor());
    let grey = |x: f32, y: f32| {
        let is_inside = (0.0..cols as f32).contains(&x) && (0.0..rows as f32).contains(&y);
        match is_inside {
            true => f32::from(pixels[y as usize * cols + x as usize]),
            false => 0.0,
        }
    };
    let (right, bottom) = (x - left, y - top);
    let upper = grey(left, top) * (1.0 - right) + grey(left + 1.0, top) * right;
    let lower = grey(left, top + 1.0) * (1.0 - right) + grey(left + 1.0, top + 1.0) * right;
    (upper * (1.0 - bottom) + lower * bottom).round() as u8
}
