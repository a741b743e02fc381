//! What is narrow and stands out from what is around it: the top-hat transform.

use image::{GrayImage, Luma};

/// What happens at the border of the picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Border {
    /// Beyond it is paper: what lies along the border can be narrow.
    IsAnEdge,
    /// What lies along it goes on beyond it, and is not narrow.
    IsNoEdge,
}

/// How much each value is above the background: above all that is lower than it or wider than
/// `2 * reach` in each direction. Slopes and broad areas are background, strokes are not.
pub(super) fn top_hat(values: &GrayImage, reach: u32, border: Border) -> GrayImage {
    let reach = reach as usize;
    let beyond = match border {
        Border::IsAnEdge => 0,
        Border::IsNoEdge => reach,
    };
    let window = 2 * reach + 1;
    // A square is a row of columns, so each of both steps goes along both axes.
    let lowest = |values: &GrayImage| slide(values, reach + beyond, window, u8::MAX, u8::min);
    let highest = |values: &GrayImage| slide(values, reach - beyond, window, 0, u8::max);
    let background = highest(&highest(&lowest(&lowest(values))));
    GrayImage::from_fn(values.width(), values.height(), |x, y| {
        let [value, background] = [values, &background].map(|image| image.get_pixel(x, y).0[0]);
        Luma([value.saturating_sub(background)])
    })
}

/// What is high, wider by `reach` on all sides.
pub(super) fn widened(values: &GrayImage, reach: u32) -> GrayImage {
    let reach = reach as usize;
    let highest = |values: &GrayImage| slide(values, reach, 2 * reach + 1, 0, u8::max);
    highest(&highest(values))
}

/// The extreme of each `window` values of each row, which gets `pad` neutral values at both ends first.
/// The result is transposed.
fn slide(
    values: &GrayImage,
    pad: usize,
    window: usize,
    neutral: u8,
    extreme: fn(u8, u8) -> u8,
) -> GrayImage {
    let (width, height) = (values.width() as usize, values.height() as usize);
    let len = width + 2 * pad;
    let mut slid = GrayImage::new(height as u32, (len + 1).saturating_sub(window) as u32);
    let (mut ahead, mut behind) = (vec![neutral; len], vec![neutral; len]);
    for (row, y) in values.as_raw().chunks(width.max(1)).zip(0..) {
        for line in [&mut ahead, &mut behind] {
            line.fill(neutral);
            line[pad..pad + width].copy_from_slice(row);
        }
        // Extremes within blocks as long as the window, from their starts and from their ends: each
        // window is the end of one block and the start of the next (van Herk, 1992).
        for block in ahead.chunks_mut(window) {
            for i in 1..block.len() {
                block[i] = extreme(block[i], block[i - 1]);
            }
        }
        for block in behind.chunks_mut(window) {
            for i in (1..block.len()).rev() {
                block[i - 1] = extreme(block[i], block[i - 1]);
            }
        }
        for x in 0..slid.height() {
            let start = x as usize;
            let value = extreme(behind[start], ahead[start + window - 1]);
            slid.put_pixel(y, x, Luma([value]));
        }
    }
    slid
}
