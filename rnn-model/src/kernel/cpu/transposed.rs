//! The product over all steps of a sequence, which gives the weights' gradients. It is left to
//! `gemm`, a library for large matrices.

use super::rows::Rows;
use super::threads;

/// Columns of a product that are not shared.
const SHARE: usize = 16;

/// Adds `leftᵀ · right` to `d`.
///
/// - `d`: `[columns of left, columns of right]`
/// - `left`, `right`: `[1, rows, columns]`
pub fn add_transposed(d: &mut [f32], left: Rows<'_>, right: Rows<'_>) {
    let [left_steps, rows, left_columns] = left.shape();
    let [right_steps, right_rows, right_columns] = right.shape();
    assert_eq!([left_steps, right_steps, right_rows], [1, 1, rows], "rows");
    assert_eq!(d.len(), left_columns * right_columns, "products");
    if rows == 0 || d.is_empty() {
        return;
    }
    // Each part has some of the left columns.
    let ends = threads::parts(left_columns.div_ceil(SHARE), d.len() * rows, 1);
    let mut parts = Vec::with_capacity(ends.len());
    let mut rest = d;
    let mut start = 0;
    for end in ends {
        let end = (end * SHARE).min(left_columns);
        let (d, after) = rest.split_at_mut((end - start) * right_columns);
        parts.push((left.columns(start..end), d));
        (rest, start) = (after, end);
    }
    threads::run(parts, |(left, d)| {
        let [_, _, columns] = left.shape();
        assert!(d.len() == columns * right_columns);
        let (Some((left, left_row)), Some((right, right_row))) =
            (left.start_and_distance(), right.start_and_distance())
        else {
            unreachable!("one step's rows are at equal distances")
        };
        // SAFETY: as was checked, `d` has `columns` rows of `right_columns`. The other two have `rows`
        // rows each, of `columns` and of `right_columns` numbers, at the distances they tell.
        unsafe {
            gemm::gemm(
                columns,
                right_columns,
                rows,
                d.as_mut_ptr(),
                1,
                right_columns as isize,
                true,
                left,
                left_row as isize,
                1,
                right,
                1,
                right_row as isize,
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
