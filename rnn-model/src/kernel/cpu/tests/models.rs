//! The kernels of what surrounds recurrent layers in a model, and of its optimiser.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};

use super::case::draw;
use super::{SIZES, close, instruction_sets};
use crate::kernel::cpu::{Rows, embedding, linear};

/// `a[i][k] · b[j][k]`, summed over k.
fn products(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let rows = a.iter().map(|a| b.iter().map(move |b| dot(a, b)));
    rows.flatten().collect()
}

fn transposed(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let column = |k: usize| rows.iter().map(|row| row[k]).collect();
    (0..rows[0].len()).map(column).collect()
}

fn wide(numbers: &[f32], columns: usize) -> Vec<Vec<f64>> {
    let row = |row: &[f32]| row.iter().copied().map(f64::from).collect();
    numbers.chunks_exact(columns).map(row).collect()
}

/// Rows with a gap after each, as a part of a wider tensor has them.
fn with_gaps(numbers: &[f32], columns: usize, gap: usize) -> Vec<f32> {
    let mut all = Vec::with_capacity(numbers.len() / columns * (columns + gap));
    for row in numbers.chunks_exact(columns) {
        all.extend_from_slice(row);
        all.resize(all.len() + gap, f32::NAN);
    }
    // Memory ends where the last row does.
    all.truncate(all.len() - gap);
    all.shrink_to_fit();
    all
}

fn check_linear([time, batch, features, outputs]: [usize; 4], gap: usize, rng: &mut StdRng) {
    let shape = [time, batch, features, outputs];
    let x = draw(rng, time * batch * features, 1.0);
    let weight = draw(rng, outputs * features, 1.0 / (features as f32).sqrt());
    let bias = draw(rng, outputs, 1.0);
    let by = draw(rng, time * batch * outputs, 1.0 / (outputs as f32).sqrt());
    let (x64, w64, by64) = (
        wide(&x, features),
        wide(&weight, features),
        wide(&by, outputs),
    );
    let mut expected = products(&x64, &w64);
    for row in expected.chunks_exact_mut(outputs) {
        row.iter_mut()
            .zip(&bias)
            .for_each(|(y, &b)| *y += f64::from(b));
    }
    let expected_x = products(&by64, &transposed(&w64));
    let expected_weight = products(&transposed(&by64), &transposed(&x64));
    let sums = transposed(&by64).into_iter().map(|by| by.iter().sum());
    let expected_bias: Vec<f64> = sums.collect();

    let memory = with_gaps(&x, features, gap);
    let step = features + gap;
    let rows = Rows::new(&memory, [time, batch, features], [batch * step, step]);
    let memory = with_gaps(&by, outputs, gap);
    let step = outputs + gap;
    let by = Rows::new(&memory, [time, batch, outputs], [batch * step, step]);
    for arch in instruction_sets() {
        let mut result = vec![f32::NAN; time * batch * outputs];
        linear::forward(arch, rows, &weight, &bias, &mut result);
        close(&format!("linear {shape:?}, {arch:?}"), &result, &expected);
        let d_x = linear::backward_rows(arch, by, &weight);
        close(&format!("d_x {shape:?}, {arch:?}"), &d_x, &expected_x);
    }
    let [d_weight, d_bias] = linear::backward_weight(rows, by);
    close(&format!("d_weight {shape:?}"), &d_weight, &expected_weight);
    close(&format!("d_bias {shape:?}"), &d_bias, &expected_bias);
}

#[test]
fn a_linear_layer_is_what_its_equation_says() {
    let mut rng = StdRng::seed_from_u64(8);
    for features in SIZES {
        // Up to four rows are done in another way than more.
        for [time, batch] in [[1, 1], [1, 2], [3, 1], [2, 2], [5, 1], [3, 4], [2, 13]] {
            let outputs = SIZES[rng.random_range(0..SIZES.len())];
            let gap = rng.random_range(0..3);
            check_linear([time, batch, features, outputs], gap, &mut rng);
        }
    }
}

/// Work for several threads: over outputs, sequences and steps.
#[test]
fn a_large_linear_layer_is_too() {
    let mut rng = StdRng::seed_from_u64(9);
    for shape in [
        [1, 1, 700, 801],
        [1, 3, 700, 801],
        [3, 90, 65, 131],
        [90, 3, 65, 131],
    ] {
        for gap in [0, 3] {
            check_linear(shape, gap, &mut rng);
        }
    }
}

#[test]
fn an_embedding_reads_rows_and_adds_their_gradients() {
    let mut rng = StdRng::seed_from_u64(10);
    let (words, batch, time) = (7, 3, 5);
    for features in SIZES {
        let weight = draw(&mut rng, words * features, 1.0);
        // One word is not read; others are more than once.
        let ids = (0..batch * time).map(|_| rng.random_range(0..words - 1));
        let ids: Vec<usize> = ids.collect();
        let found = embedding::forward(Rows::contiguous(&weight, [1, words, features]), &ids);
        let expected = ids
            .iter()
            .flat_map(|id| &weight[id * features..][..features]);
        assert_eq!(found, expected.copied().collect::<Vec<_>>());

        let by = draw(&mut rng, batch * time * features, 1.0);
        let mut expected = vec![0.0; words * features];
        for (&id, by) in ids.iter().zip(by.chunks_exact(features)) {
            for (k, &by) in by.iter().enumerate() {
                expected[id * features + k] += f64::from(by);
            }
        }
        let memory = with_gaps(&by, features, 2);
        let step = features + 2;
        let by = Rows::new(&memory, [batch, time, features], [time * step, step]);
        let found = embedding::backward(by, &ids, words);
        close("gradient", &found, &expected);
    }
}

#[cfg(feature = "optim")]
#[test]
fn adam_is_what_its_equations_say() {
    use crate::kernel::cpu::adam::{Step, step};

    let mut rng = StdRng::seed_from_u64(6);
    let constants = Step {
        betas: [0.9, 0.99],
        rate: 0.3,
        epsilon: 1e-3,
    };
    for len in SIZES.into_iter().chain([5000]) {
        let gradient = draw(&mut rng, len, 1.0);
        let [p, m, mut v] = [(); 3].map(|()| draw(&mut rng, len, 1.0));
        v.iter_mut().for_each(|v| *v = v.abs());
        for arch in instruction_sets() {
            let (mut found_p, mut found_m, mut found_v) = (p.clone(), m.clone(), v.clone());
            let state = [&mut found_p[..], &mut found_m, &mut found_v];
            step(arch, constants, &gradient, state);
            for i in 0..len {
                let [g, p, m, v] = [gradient[i], p[i], m[i], v[i]].map(f64::from);
                let m = 0.9 * m + 0.1 * g;
                let v = 0.99 * v + 0.01 * g * g;
                let p = p - 0.3 * m / (v.sqrt() + 1e-3);
                close("m", &found_m[i..=i], &[m]);
                close("v", &found_v[i..=i], &[v]);
                close("p", &found_p[i..=i], &[p]);
            }
        }
    }
}
