//! A linear layer over every step of a sequence: `y = x·Wᵀ + b`.

use pulp::{Arch, Simd, WithSimd};

use super::dots::{DOTS, Dots, MOST_ROWS};
use super::packed::Packed;
use super::positions::Positions;
use super::product::{AddTo, Product, Write};
use super::rows::{Rows, RowsMut};
use super::threads;
use super::transposed::add_transposed;
use super::vectors::Vectors;

/// The layer's outputs.
///
/// - `rows`: `[time, batch, features]`
/// - `weight`: `[outputs, features]`
/// - `bias`: `[outputs]`
/// - `result`: filled, `[time, batch, outputs]`
pub fn forward(arch: Arch, rows: Rows<'_>, weight: &[f32], bias: &[f32], result: &mut [f32]) {
    let [time, batch, features] = rows.shape();
    let outputs = bias.len();
    match time * batch {
        1 => return few::<1>(arch, rows, weight, bias, result),
        2 => return few::<2>(arch, rows, weight, bias, result),
        3 => return few::<3>(arch, rows, weight, bias, result),
        4 => return few::<4>(arch, rows, weight, bias, result),
        _ => {}
    }
    let vectors = Vectors::of(arch);
    let weight = Packed::of_gates(vectors, weight, &[0], features, vectors.fill_up(outputs));
    let result = RowsMut::new(result, [time, batch, outputs]);
    multiply(arch, rows, &weight, AddTo::Row(bias), result);
}

/// [`forward`] for so few rows that packing the weights is not worth it: they are read as they lie, once.
fn few<const M: usize>(
    arch: Arch,
    all: Rows<'_>,
    weight: &[f32],
    bias: &[f32],
    result: &mut [f32],
) {
    let [_, batch, features] = all.shape();
    let outputs = bias.len();
    let mut rows = [&[][..]; M];
    for m in 0..M {
        rows[m] = all.row(m / batch, m % batch);
    }
    // Reading a weight takes longer than multiplying it.
    let ends = threads::parts(outputs.div_ceil(DOTS), weight.len() * 8, 1);
    let mut result = RowsMut::new(result, [1, M, outputs]);
    let parts = ends.iter().scan(0, |start, &end| {
        let end = (end * DOTS).min(outputs);
        let part = std::mem::replace(start, end)..end;
        Some(Few {
            rows,
            weight: &weight[part.start * features..part.end * features],
            bias: &bias[part.clone()],
            result: result.take_columns(part.len()),
        })
    });
    threads::run(parts.collect(), |part| arch.dispatch(part));
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
        let mut products = [[0.0; MOST_ROWS]; M];
        for first in (0..self.bias.len()).step_by(MOST_ROWS) {
            let bias = &self.bias[first..self.bias.len().min(first + MOST_ROWS)];
            Dots {
                terms: &[(&self.weight[first * features..], self.rows)],
                rows: bias.len(),
                products: &mut products,
            }
            .run(simd);
            for m in 0..M {
                let result = &mut self.result.row_mut(0, m)[first..];
                for (o, bias) in bias.iter().enumerate() {
                    result[o] = products[m][o] + bias;
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
        Product {
            terms: &[(rows, matrix)],
            positions: Positions::Rectangular { steps, sequences },
            target: Write {
                add_to,
                result: &mut result,
            },
        }
        .dispatch(arch);
    });
}

/// The gradient with respect to the rows, `[time, batch, features]`.
///
/// - `by`: the gradient with respect to the result, `[time, batch, outputs]`
pub fn backward_rows(arch: Arch, by: Rows<'_>, weight: &[f32]) -> Vec<f32> {
    let [time, batch, outputs] = by.shape();
    let features = weight.len() / outputs;
    let matrix = Packed::by_gates(Vectors::of(arch), weight, &[0], features, outputs);
    let mut d_rows = vec![0.0; time * batch * features];
    let result = RowsMut::new(&mut d_rows, [time, batch, features]);
    multiply(arch, by, &matrix, AddTo::Nothing, result);
    d_rows
}

/// The gradients with respect to the weight, `[outputs, features]`, and to the bias.
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
