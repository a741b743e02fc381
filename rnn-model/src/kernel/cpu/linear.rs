//! A linear layer over every step of a sequence: `y = x·Wᵀ + b`.

use pulp::{Arch, Simd, WithSimd};

use super::product::{DOTS, Packed, Product, Write, add_transposed, dots};
use super::rows::{Rows, RowsMut};
use super::threads;

/// The most rows for which packing the weights is not worth it.
const FEW: usize = 4;

/// - `rows`: `[time, batch, features]`
/// - `weight`: `[outputs, features]`
/// - `bias`: `[outputs]`
/// - `result`: filled, `[time, batch, outputs]`
pub fn forward(arch: Arch, rows: Rows<'_>, weight: &[f32], bias: &[f32], result: &mut [f32]) {
    arch.dispatch(Forward {
        arch,
        rows,
        weight,
        bias,
        result,
    });
}

struct Forward<'a> {
    arch: Arch,
    rows: Rows<'a>,
    weight: &'a [f32],
    bias: &'a [f32],
    result: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [time, batch, features] = self.rows.shape();
        let outputs = self.bias.len();
        if time * batch <= FEW {
            for (i, result) in self.result.chunks_exact_mut(outputs).enumerate() {
                let row = self.rows.row(i / batch, i % batch);
                for (o, result) in result.chunks_mut(DOTS).enumerate() {
                    let o = o * DOTS;
                    let weight = &self.weight[o * features..];
                    let products = dots(simd, [(weight, [row])], result.len());
                    for (r, result) in result.iter_mut().enumerate() {
                        *result = products[r][0] + self.bias[o + r];
                    }
                }
            }
            return;
        }
        let width = outputs.next_multiple_of(S::F32_LANES);
        let weight = Packed::of_gates::<S>(self.weight, 1, features, width);
        multiply(
            self.arch,
            self.rows,
            &weight,
            Some(self.bias),
            RowsMut::new(self.result, [time, batch, outputs]),
        );
    }
}

/// `result = start + rows · matrix` on several threads.
fn multiply(
    arch: Arch,
    rows: Rows<'_>,
    matrix: &Packed,
    start: Option<&[f32]>,
    mut result: RowsMut<'_>,
) {
    let [time, batch, features] = rows.shape();
    let [_, _, columns] = result.shape();
    // One of the axes may be too short to be shared.
    let by_time = time > batch;
    let ends = threads::parts(time.max(batch), time * batch * features * columns);
    let parts = ends.iter().scan(0, |start, &end| {
        let part = std::mem::replace(start, end)..end;
        Some(match by_time {
            true => (rows.steps(part.clone()), result.take_steps(part.len())),
            false => (
                rows.sequences(part.clone()),
                result.take_sequences(part.len()),
            ),
        })
    });
    threads::run(parts.collect(), |(rows, mut result)| {
        arch.dispatch(Product {
            terms: [(rows, matrix)],
            panels: matrix.all(),
            target: Write {
                start,
                result: &mut result,
            },
        });
    });
}

/// The gradient by the rows, `[time, batch, features]`.
///
/// - `by`: the gradient by the result, `[time, batch, outputs]`
pub fn backward_rows(arch: Arch, by: Rows<'_>, weight: &[f32]) -> Vec<f32> {
    arch.dispatch(BackwardRows { arch, by, weight })
}

struct BackwardRows<'a> {
    arch: Arch,
    by: Rows<'a>,
    weight: &'a [f32],
}

impl WithSimd for BackwardRows<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Vec<f32> {
        let [time, batch, outputs] = self.by.shape();
        let features = self.weight.len() / outputs;
        let matrix = Packed::by_gates::<S>(self.weight, 1, features, outputs);
        let mut d_rows = vec![0.0; time * batch * features];
        let result = RowsMut::new(&mut d_rows, [time, batch, features]);
        multiply(self.arch, self.by, &matrix, None, result);
        d_rows
    }
}

/// The gradients by the weight, `[outputs, features]`, and by the bias.
pub fn backward_weight(rows: Rows<'_>, by: Rows<'_>) -> [Vec<f32>; 2] {
    let [_, _, features] = rows.shape();
    let [time, batch, outputs] = by.shape();
    let mut d_weight = vec![0.0; outputs * features];
    let (mut rows_copy, mut by_copy) = (None, None);
    let rows_all = match rows.as_slice() {
        Some(rows) => rows,
        None => rows_copy.insert(rows.copied()),
    };
    let by_all = match by.as_slice() {
        Some(by) => by,
        None => by_copy.insert(by.copied()),
    };
    add_transposed(
        &mut d_weight,
        by_all,
        [outputs, outputs],
        rows_all,
        features,
    );
    let mut d_bias = vec![0.0; outputs];
    for row in by_all[..time * batch * outputs].chunks_exact(outputs) {
        for (sum, by) in d_bias.iter_mut().zip(row) {
            *sum += by;
        }
    }
    [d_weight, d_bias]
}
