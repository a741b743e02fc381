//! A linear layer over every step of a sequence: `y = x·Wᵀ + b`.

use pulp::{Arch, Simd, WithSimd};

use super::dots::{DOTS, dots};
use super::packed::Packed;
use super::positions::Positions;
use super::product::{AddTo, Product, Write};
use super::rows::{Rows, RowsMut};
use super::threads;
use super::transposed::add_transposed;

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
        match time * batch {
            1 => return self.few::<S, 1>(simd),
            2 => return self.few::<S, 2>(simd),
            3 => return self.few::<S, 3>(simd),
            4 => return self.few::<S, 4>(simd),
            _ => {}
        }
        let width = outputs.next_multiple_of(S::F32_LANES);
        let weight = Packed::of_gates::<S>(self.weight, &[0], features, width);
        multiply(
            self.arch,
            self.rows,
            &weight,
            AddTo::Row(self.bias),
            RowsMut::new(self.result, [time, batch, outputs]),
        );
    }
}

impl Forward<'_> {
    /// For so few rows that packing the weights is not worth it: they are read as they lie, once.
    #[inline(always)]
    fn few<S: Simd, const M: usize>(self, _: S) {
        let [_, batch, features] = self.rows.shape();
        let outputs = self.bias.len();
        let mut rows = [&[][..]; M];
        for m in 0..M {
            rows[m] = self.rows.row(m / batch, m % batch);
        }
        // Reading a weight takes longer than multiplying it.
        let ends = threads::parts(outputs.div_ceil(DOTS), self.weight.len() * 8, 1);
        let mut result = RowsMut::new(self.result, [1, M, outputs]);
        let parts = ends.iter().scan(0, |start, &end| {
            let end = (end * DOTS).min(outputs);
            let part = std::mem::replace(start, end)..end;
            Some(Few {
                rows,
                weight: &self.weight[part.start * features..part.end * features],
                bias: &self.bias[part.clone()],
                result: result.take_columns(part.len()),
            })
        });
        threads::run(parts.collect(), |part| self.arch.dispatch(part));
    }
}

/// Some outputs for `M` rows.
struct Few<'a, const M: usize> {
    rows: [&'a [f32]; M],
    weight: &'a [f32],
    bias: &'a [f32],
    result: RowsMut<'a>,
}

impl<const M: usize> WithSimd for Few<'_, M> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let features = self.rows[0].len();
        for first in (0..self.bias.len()).step_by(DOTS) {
            let bias = &self.bias[first..self.bias.len().min(first + DOTS)];
            let weight = &self.weight[first * features..];
            let products = dots(simd, [(weight, self.rows)], bias.len());
            for m in 0..M {
                let result = &mut self.result.row_mut(0, m)[first..];
                for (o, bias) in bias.iter().enumerate() {
                    result[o] = products[o][m] + bias;
                }
            }
        }
    }
}

/// `result = add_to + rows · matrix` on several threads.
fn multiply(
    arch: Arch,
    mut rows: Rows<'_>,
    matrix: &Packed,
    add_to: AddTo<'_>,
    mut result: RowsMut<'_>,
) {
    let [time, batch, features] = rows.shape();
    let [_, _, columns] = result.shape();
    // One of the axes may be too short to be shared; which of them is called time does not matter.
    let by_time = time > batch;
    let ends = threads::parts(time.max(batch), time * batch * features * columns, 1);
    let parts = ends.iter().scan(0, |start, &end| {
        let part = std::mem::replace(start, end)..end;
        let count = part.len();
        Some(match by_time {
            true => (rows.steps(part), result.take_steps(count)),
            false => (rows.take_sequences(count), result.take_sequences(count)),
        })
    });
    threads::run(parts.collect(), |(rows, mut result)| {
        let [steps, sequences, _] = rows.shape();
        arch.dispatch(Product {
            terms: [(rows, matrix)],
            positions: Positions::Rectangular { steps, sequences },
            panels: matrix.all(),
            target: Write {
                add_to,
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
        let matrix = Packed::by_gates::<S>(self.weight, &[0], features, outputs);
        let mut d_rows = vec![0.0; time * batch * features];
        let result = RowsMut::new(&mut d_rows, [time, batch, features]);
        multiply(self.arch, self.by, &matrix, AddTo::Nothing, result);
        d_rows
    }
}

/// The gradients by the weight, `[outputs, features]`, and by the bias.
pub fn backward_weight(rows: Rows<'_>, by: Rows<'_>) -> [Vec<f32>; 2] {
    let [_, _, features] = rows.shape();
    let [time, batch, outputs] = by.shape();
    let mut d_weight = vec![0.0; outputs * features];
    let (mut rows_copy, mut by_copy) = (None, None);
    add_transposed(
        &mut d_weight,
        by.evenly(&mut by_copy),
        rows.evenly(&mut rows_copy),
    );
    let mut d_bias = vec![0.0; outputs];
    for step in 0..time {
        for sequence in 0..batch {
            for (sum, by) in d_bias.iter_mut().zip(by.row(step, sequence)) {
                *sum += by;
            }
        }
    }
    [d_weight, d_bias]
}
