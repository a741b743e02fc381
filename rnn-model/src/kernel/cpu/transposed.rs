//! The product over all steps of a sequence, of which the weights' gradients are made. A library for
//! large matrices does it best.

use super::threads;

/// Columns of a product that are not shared.
const SHARE: usize = 16;

/// Adds `leftᵀ · right` to `d`.
///
/// - `d`: `[columns of left, columns of right]`
/// - `left`: `[steps, columns]`, some columns of rows of `left_row` numbers
/// - `right`: `[steps, columns]`
pub fn add_transposed(
    d: &mut [f32],
    left: &[f32],
    [left_columns, left_row]: [usize; 2],
    right: &[f32],
    right_columns: usize,
) {
    let steps = right.len() / right_columns;
    if steps == 0 {
        return;
    }
    assert_eq!(d.len(), left_columns * right_columns, "products");
    // Each part has some of the left columns.
    let ends = threads::parts(left_columns.div_ceil(SHARE), d.len() * steps);
    let mut parts = Vec::with_capacity(ends.len());
    let mut rest = d;
    let mut start = 0;
    for end in ends {
        let end = (end * SHARE).min(left_columns);
        let (d, after) = rest.split_at_mut((end - start) * right_columns);
        parts.push((&left[start..], end - start, d));
        (rest, start) = (after, end);
    }
    threads::run(parts, |(left, columns, d)| {
        assert!(d.len() == columns * right_columns);
        assert!(left.len() >= (steps - 1) * left_row + columns);
        // SAFETY: as was just checked, `d` has `columns` rows of `right_columns`; `left` has `columns`
        // numbers in each of its `steps` rows, whose starts are `left_row` apart; `right` has `steps`
        // rows of `right_columns`, or `steps` would be less.
        unsafe {
            gemm::gemm(
                columns,
                right_columns,
                steps,
                d.as_mut_ptr(),
                1,
                right_columns as isize,
                true,
                left.as_ptr(),
                left_row as isize,
                1,
                right.as_ptr(),
                1,
                right_columns as isize,
                1.0,
                1.0,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    });
}
