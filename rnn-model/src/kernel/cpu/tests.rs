//! The kernels on every instruction set of this processor, against the equations written down plainly
//! in 64-bit numbers.

use pulp::Arch;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};

use super::lstm::{self, Inputs, Wanted};
use super::rows::Rows;

/// What this processor has, the portable code first.
pub fn instruction_sets() -> Vec<Arch> {
    #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut))]
    let mut all = vec![Arch::Scalar];
    #[cfg(target_arch = "x86_64")]
    {
        all.extend(pulp::x86::V3::try_new().map(Arch::V3));
        all.extend(pulp::x86::V4::try_new().map(Arch::V4));
    }
    #[cfg(not(target_arch = "x86_64"))]
    all.push(Arch::new());
    all
}

/// Numbers in rows of `width`.
type Matrix = Vec<Vec<f64>>;

#[derive(Clone, Copy, Debug)]
struct Shape {
    time: usize,
    batch: usize,
    input_size: usize,
    hidden_size: usize,
    reverse: bool,
}

struct Case {
    shape: Shape,
    input: Vec<f32>,
    weight_ih: Vec<f32>,
    weight_hh: Vec<f32>,
    bias: [Vec<f32>; 2],
    h_0: Vec<f32>,
    c_0: Vec<f32>,
    /// Gradients by the output, by h_n and by c_n.
    by: [Vec<f32>; 3],
}

impl Case {
    fn random(shape: Shape, rng: &mut StdRng) -> Self {
        let Shape {
            time,
            batch,
            input_size,
            hidden_size,
            ..
        } = shape;
        let mut draw = |len: usize, scale: f32| -> Vec<f32> {
            (0..len).map(|_| rng.random_range(-scale..scale)).collect()
        };
        let state = batch * hidden_size;
        let scale = 1.0 / (hidden_size as f32).sqrt();
        Self {
            shape,
            input: draw(time * batch * input_size, 1.0),
            weight_ih: draw(4 * hidden_size * input_size, scale),
            weight_hh: draw(4 * hidden_size * hidden_size, scale),
            bias: [draw(4 * hidden_size, scale), draw(4 * hidden_size, scale)],
            h_0: draw(state, 1.0),
            c_0: draw(state, 1.0),
            by: [draw(time * state, 1.0), draw(state, 1.0), draw(state, 1.0)],
        }
    }

    fn inputs(&self) -> Inputs<'_> {
        let Shape {
            time,
            batch,
            input_size,
            hidden_size,
            reverse,
        } = self.shape;
        Inputs {
            input: Rows::contiguous(&self.input, [time, batch, input_size]),
            weight_ih: &self.weight_ih,
            weight_hh: &self.weight_hh,
            bias: [&self.bias[0], &self.bias[1]],
            h_0: Rows::contiguous(&self.h_0, [1, batch, hidden_size]),
            c_0: Rows::contiguous(&self.c_0, [1, batch, hidden_size]),
            reverse,
        }
    }

    /// Output and c_n; then the gradients by the input, both weights, a bias, h_0 and c_0.
    fn plain(&self) -> Vec<Vec<f64>> {
        let Shape {
            time,
            batch,
            input_size,
            hidden_size: units,
            reverse,
        } = self.shape;
        let rows = |numbers: &[f32], width: usize| -> Matrix {
            let row = |row: &[f32]| row.iter().copied().map(f64::from).collect();
            numbers.chunks_exact(width).map(row).collect()
        };
        let input = rows(&self.input, input_size);
        let (w_ih, w_hh) = (
            rows(&self.weight_ih, input_size),
            rows(&self.weight_hh, units),
        );
        let by = self.by.each_ref().map(|by| rows(by, units));
        let zeros = |rows: usize, width: usize| vec![vec![0.0; width]; rows];
        let mut output = zeros(time * batch, units);
        let mut c_n = zeros(batch, units);
        let (mut d_input, mut d_bias) = (zeros(time * batch, input_size), zeros(1, 4 * units));
        let (mut d_ih, mut d_hh) = (zeros(4 * units, input_size), zeros(4 * units, units));
        let (mut d_h_0, mut d_c_0) = (zeros(batch, units), zeros(batch, units));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());

        for b in 0..batch {
            let place = |step: usize| if reverse { time - 1 - step } else { step };
            let mut states = vec![(
                rows(&self.h_0, units)[b].clone(),
                rows(&self.c_0, units)[b].clone(),
            )];
            let mut gates: Vec<[Vec<f64>; 4]> = Vec::new();
            for step in 0..time {
                let x = &input[place(step) * batch + b];
                let (h, c) = &states[step];
                let gate = |k: usize| -> Vec<f64> {
                    let sum = |u: usize| {
                        let row = k * units + u;
                        let bias = f64::from(self.bias[0][row]) + f64::from(self.bias[1][row]);
                        let sum = dot(&w_ih[row], x) + dot(&w_hh[row], h) + bias;
                        if k == 2 { sum.tanh() } else { sigmoid(sum) }
                    };
                    (0..units).map(sum).collect()
                };
                let [i, f, g, o] = [gate(0), gate(1), gate(2), gate(3)];
                let c: Vec<f64> = (0..units).map(|u| f[u] * c[u] + i[u] * g[u]).collect();
                let h: Vec<f64> = (0..units).map(|u| o[u] * c[u].tanh()).collect();
                output[place(step) * batch + b] = h.clone();
                states.push((h, c));
                gates.push([i, f, g, o]);
            }
            c_n[b] = states[time].1.clone();

            let (mut d_h, mut d_c) = (by[1][b].clone(), by[2][b].clone());
            for step in (0..time).rev() {
                let row = place(step) * batch + b;
                let ([i, f, g, o], (h_before, c_before)) = (&gates[step], &states[step]);
                let c = &states[step + 1].1;
                let mut d_sums = vec![0.0; 4 * units];
                for u in 0..units {
                    let d_h = d_h[u] + by[0][row][u];
                    let tanh = c[u].tanh();
                    let d = d_c[u] + d_h * o[u] * (1.0 - tanh * tanh);
                    d_sums[u] = d * g[u] * i[u] * (1.0 - i[u]);
                    d_sums[units + u] = d * c_before[u] * f[u] * (1.0 - f[u]);
                    d_sums[2 * units + u] = d * i[u] * (1.0 - g[u] * g[u]);
                    d_sums[3 * units + u] = d_h * tanh * o[u] * (1.0 - o[u]);
                    d_c[u] = d * f[u];
                }
                d_h = vec![0.0; units];
                for (n, d) in d_sums.iter().enumerate() {
                    d_bias[0][n] += d;
                    for k in 0..input_size {
                        d_ih[n][k] += d * input[row][k];
                        d_input[row][k] += d * w_ih[n][k];
                    }
                    for k in 0..units {
                        d_hh[n][k] += d * h_before[k];
                        d_h[k] += d * w_hh[n][k];
                    }
                }
            }
            (d_h_0[b], d_c_0[b]) = (d_h, d_c);
        }
        [output, c_n, d_input, d_ih, d_hh, d_bias, d_h_0, d_c_0]
            .map(|matrix| matrix.concat())
            .to_vec()
    }

    /// The same by the kernel.
    fn fused(&self, arch: Arch) -> Vec<Vec<f32>> {
        let Shape {
            time,
            batch,
            hidden_size,
            ..
        } = self.shape;
        let inputs = self.inputs();
        let state = batch * hidden_size;
        let run = |keep: bool| {
            let (mut output, mut c_n) = (vec![f32::NAN; time * state], vec![f32::NAN; state]);
            let reserve = lstm::forward(arch, &inputs, keep, &mut output, &mut c_n);
            (output, c_n, reserve)
        };
        let (output, c_n, reserve) = run(true);
        let shape = [time, batch, hidden_size];
        let by = [
            Some(Rows::contiguous(&self.by[0], shape)),
            Some(Rows::contiguous(&self.by[1], [1, batch, hidden_size])),
            Some(Rows::contiguous(&self.by[2], [1, batch, hidden_size])),
        ];
        let wanted = Wanted {
            input: true,
            weights: true,
            state: true,
        };
        let rows = Rows::contiguous(&output, shape);
        let gradients = lstm::backward(arch, &inputs, reserve.expect("kept"), rows, by, wanted);
        let weights = gradients.weights.expect("wanted");
        let [d_h_0, d_c_0] = gradients.state.expect("wanted");

        let (without, c_n_without, reserve) = run(false);
        assert!(
            reserve.is_none(),
            "nothing is kept for a way back that does not come"
        );
        close("output without a way back", &without, &output);
        close("c_n without a way back", &c_n_without, &c_n);
        vec![
            output,
            c_n,
            gradients.input.expect("wanted"),
            weights.weight_ih,
            weights.weight_hh,
            weights.bias,
            d_h_0,
            d_c_0,
        ]
    }
}

fn close<T: Copy + Into<f64>>(what: &str, found: &[f32], expected: &[T]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().map(|&e| e.into().abs()).fold(1.0, f64::max);
    for (&found, &expected) in found.iter().zip(expected) {
        let (found, expected) = (f64::from(found), expected.into());
        let near = (found - expected).abs() <= 3e-6 * largest;
        assert!(near, "{what}: found {found}, expected {expected}");
    }
}

fn check(shape: Shape, rng: &mut StdRng) {
    let case = Case::random(shape, rng);
    let expected = case.plain();
    let names = [
        "output",
        "c_n",
        "d_input",
        "d_weight_ih",
        "d_weight_hh",
        "d_bias",
        "d_h_0",
        "d_c_0",
    ];
    for arch in instruction_sets() {
        for ((name, found), expected) in names.iter().zip(case.fused(arch)).zip(&expected) {
            close(&format!("{name}, {shape:?}, {arch:?}"), &found, expected);
        }
    }
}

/// One, odd, prime, and one above and below each width of a vector.
const SIZES: [usize; 14] = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 65];

#[test]
fn an_lstm_is_what_its_equations_say() {
    let mut rng = StdRng::seed_from_u64(1);
    for hidden_size in SIZES {
        for reverse in [false, true] {
            let mut size = |most: usize| rng.random_range(1..=most);
            let shape = Shape {
                time: size(6),
                batch: size(14),
                input_size: SIZES[size(SIZES.len()) - 1],
                hidden_size,
                reverse,
            };
            check(shape, &mut rng);
        }
    }
}

#[test]
fn single_steps_are_too() {
    let mut rng = StdRng::seed_from_u64(2);
    for hidden_size in SIZES {
        let shape = Shape {
            time: 1,
            batch: rng.random_range(1..=6),
            input_size: SIZES[rng.random_range(0..SIZES.len())],
            hidden_size,
            reverse: false,
        };
        check(shape, &mut rng);
    }
}

/// Weights beyond a core's cache, and work for several threads.
#[test]
fn large_layers_are_too() {
    let mut rng = StdRng::seed_from_u64(3);
    // One sequence, few, and so many that threads take different numbers of steps ahead.
    for (time, batch) in [(70, 1), (5, 9), (20, 43)] {
        for reverse in [false, true] {
            let shape = Shape {
                time,
                batch,
                input_size: 10,
                hidden_size: 190,
                reverse,
            };
            check(shape, &mut rng);
        }
    }
}

#[test]
fn what_is_no_number_comes_through() {
    let mut rng = StdRng::seed_from_u64(4);
    let shape = Shape {
        time: 3,
        batch: 2,
        input_size: 3,
        hidden_size: 5,
        reverse: false,
    };
    let mut case = Case::random(shape, &mut rng);
    // In the second sequence's second step.
    case.input[(2 + 1) * 3] = f32::NAN;
    for arch in instruction_sets() {
        let output = case.fused_output(arch);
        for (row, output) in output.chunks_exact(5).enumerate() {
            let expected = row % 2 == 1 && row >= 2;
            let all = output.iter().all(|h| h.is_nan() == expected);
            assert!(all, "{arch:?}: row {row} is {output:?}");
        }
    }
}

impl Case {
    fn fused_output(&self, arch: Arch) -> Vec<f32> {
        let state = self.shape.batch * self.shape.hidden_size;
        let (mut output, mut c_n) = (vec![0.0; self.shape.time * state], vec![0.0; state]);
        lstm::forward(arch, &self.inputs(), false, &mut output, &mut c_n);
        output
    }
}
