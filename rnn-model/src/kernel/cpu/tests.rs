//! The kernels on every instruction set of this processor, against the equations written down plainly
//! in 64-bit numbers. Gradients are held against differences of the plain loss along random directions,
//! in which every number of a tensor takes part.

use pulp::Arch;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};

use super::recurrent::{
    Direction, Equations, Gradient, Gru, Inputs, Lstm, Outputs, Reserve, Rnn, Wanted, backward,
    forward, prepare,
};
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

#[derive(Clone, Copy, Debug, PartialEq)]
enum Cell {
    Lstm,
    Gru,
    Tanh,
    Relu,
}

const CELLS: [Cell; 4] = [Cell::Lstm, Cell::Gru, Cell::Tanh, Cell::Relu];

impl Cell {
    fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru => 3,
            Self::Tanh | Self::Relu => 1,
        }
    }

    /// One step, from what the input and the state contribute, `[gates·units]` each: h and c.
    fn step(self, x: &[f64], u: &[f64], h: &[f64], c: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let units = x.len() / self.gates();
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let sum = |gate: usize, k: usize| x[gate * units + k] + u[gate * units + k];
        let both = (0..units).map(|k| match self {
            Self::Lstm => {
                let [i, f, o] = [0, 1, 3].map(|gate| sigmoid(sum(gate, k)));
                let c = f * c[k] + i * sum(2, k).tanh();
                (o * c.tanh(), c)
            }
            Self::Gru => {
                let [r, z] = [0, 1].map(|gate| sigmoid(sum(gate, k)));
                let n = (x[2 * units + k] + r * u[2 * units + k]).tanh();
                ((1.0 - z) * n + z * h[k], 0.0)
            }
            Self::Tanh => (sum(0, k).tanh(), 0.0),
            Self::Relu => (if sum(0, k) < 0.0 { 0.0 } else { sum(0, k) }, 0.0),
        });
        both.unzip()
    }
}

#[derive(Clone, Debug)]
struct Shape {
    cell: Cell,
    time: usize,
    batch: usize,
    input_size: usize,
    hidden_size: usize,
    proj_size: Option<usize>,
    lengths: Option<Vec<usize>>,
    directions: usize,
    bias: bool,
}

impl Shape {
    fn output_size(&self) -> usize {
        self.proj_size.unwrap_or(self.hidden_size)
    }

    fn cell_size(&self) -> usize {
        match self.cell {
            Cell::Lstm => self.hidden_size,
            _ => 0,
        }
    }

    /// Output, h_n and c_n.
    fn outputs(&self) -> [usize; 3] {
        let state = self.directions * self.batch;
        [
            self.time * state * self.output_size(),
            state * self.output_size(),
            state * self.cell_size(),
        ]
    }
}

struct Case {
    shape: Shape,
    /// Input, h_0 and c_0; by direction: both weights, both biases, the projection.
    tensors: Vec<Vec<f32>>,
    /// Gradients by the output, by h_n and by c_n.
    by: [Vec<f32>; 3],
}

const NAMES: [&str; 8] = [
    "input",
    "h_0",
    "c_0",
    "weight_ih",
    "weight_hh",
    "bias_ih",
    "bias_hh",
    "weight_hr",
];

fn name(tensor: usize) -> &'static str {
    NAMES[if tensor < 8 { tensor } else { tensor - 5 }]
}

fn draw(rng: &mut StdRng, len: usize, scale: f32) -> Vec<f32> {
    (0..len).map(|_| rng.random_range(-scale..scale)).collect()
}

impl Case {
    fn random(shape: Shape, rng: &mut StdRng) -> Self {
        let rows = shape.cell.gates() * shape.hidden_size;
        let [_, state, cells] = shape.outputs();
        let scale = 1.0 / (shape.hidden_size as f32).sqrt();
        let input = shape.time * shape.batch * shape.input_size;
        let mut tensors = vec![
            draw(rng, input, 1.0),
            draw(rng, state, 1.0),
            draw(rng, cells, 1.0),
        ];
        for _ in 0..shape.directions {
            tensors.push(draw(rng, rows * shape.input_size, scale));
            tensors.push(draw(rng, rows * shape.output_size(), scale));
            for _ in 0..2 {
                tensors.push(draw(rng, if shape.bias { rows } else { 0 }, scale));
            }
            let proj_size = shape.proj_size.unwrap_or(0);
            tensors.push(draw(rng, proj_size * shape.hidden_size, scale));
        }
        let by = shape.outputs().map(|len| draw(rng, len, 1.0));
        Self { shape, tensors, by }
    }

    /// Output, h_n and c_n.
    fn plain(&self, tensors: &[Vec<f64>]) -> [Vec<f64>; 3] {
        let Shape {
            cell,
            time,
            batch,
            input_size,
            hidden_size,
            directions,
            ..
        } = self.shape;
        let output_size = self.shape.output_size();
        let cell_size = self.shape.cell_size();
        let product = |matrix: &[f64], bias: &[f64], x: &[f64]| -> Vec<f64> {
            let rows = matrix.chunks_exact(x.len()).enumerate();
            let sum = |row: &[f64]| row.iter().zip(x).map(|(a, b)| a * b).sum::<f64>();
            rows.map(|(i, row)| sum(row) + bias.get(i).unwrap_or(&0.0))
                .collect()
        };
        let [mut output, mut h_n, mut c_n] = self.shape.outputs().map(|len| vec![0.0; len]);
        for d in 0..directions {
            let [w_ih, w_hh, b_ih, b_hh, w_hr] = [0, 1, 2, 3, 4].map(|i| &tensors[3 + 5 * d + i]);
            for b in 0..batch {
                let length = self.shape.lengths.as_ref().map_or(time, |all| all[b]);
                let of_h = (d * batch + b) * output_size..(d * batch + b + 1) * output_size;
                let of_c = (d * batch + b) * cell_size..(d * batch + b + 1) * cell_size;
                let mut h = tensors[1][of_h.clone()].to_vec();
                let mut c = tensors[2][of_c.clone()].to_vec();
                for step in 0..length {
                    let place = match d == 1 {
                        true => length - 1 - step,
                        false => step,
                    };
                    let x = &tensors[0][(place * batch + b) * input_size..][..input_size];
                    (h, c) = cell.step(&product(w_ih, b_ih, x), &product(w_hh, b_hh, &h), &h, &c);
                    assert_eq!(h.len(), hidden_size);
                    if !w_hr.is_empty() {
                        h = product(w_hr, &[], &h);
                    }
                    let row = ((place * batch + b) * directions + d) * output_size;
                    output[row..row + output_size].copy_from_slice(&h);
                }
                h_n[of_h].copy_from_slice(&h);
                c_n[of_c].copy_from_slice(&c[..cell_size]);
            }
        }
        [output, h_n, c_n]
    }

    fn loss(&self, tensors: &[Vec<f64>]) -> f64 {
        let outputs = self.plain(tensors);
        let of = |(output, by): (&Vec<f64>, &Vec<f32>)| {
            let products = output.iter().zip(by).map(|(a, b)| a * f64::from(*b));
            products.sum::<f64>()
        };
        outputs.iter().zip(&self.by).map(of).sum()
    }

    fn inputs(&self) -> Inputs<'_> {
        let shape = &self.shape;
        let Shape {
            time,
            batch,
            input_size,
            directions,
            ..
        } = *shape;
        let [input, h_0, c_0, weights @ ..] = &self.tensors[..] else {
            unreachable!("three tensors come first")
        };
        Inputs {
            input: Rows::contiguous(input, [time, batch, input_size]),
            lengths: shape.lengths.as_deref(),
            h_0: Rows::contiguous(h_0, [directions, batch, shape.output_size()]),
            c_0: Rows::contiguous(c_0, [directions, batch, shape.cell_size()]),
            directions: weights
                .chunks_exact(5)
                .map(|weights| Direction {
                    weight_ih: &weights[0],
                    weight_hh: &weights[1],
                    bias: shape.bias.then(|| [&weights[2][..], &weights[3]]),
                    weight_hr: shape.proj_size.map(|_| &weights[4][..]),
                })
                .collect(),
        }
    }

    fn forward<E: Equations>(
        &self,
        arch: Arch,
        equations: E,
        keep: bool,
    ) -> (Vec<Vec<f32>>, Vec<Reserve>) {
        let inputs = self.inputs();
        let prepared = prepare::<E>(arch, &inputs);
        let [mut output, mut h_n, mut c_n] = self.shape.outputs().map(|len| vec![f32::NAN; len]);
        if self.shape.lengths.is_some() {
            output.fill(0.0);
        }
        let outputs = Outputs {
            output: &mut output,
            h_n: &mut h_n,
            c_n: &mut c_n,
        };
        let reserves = forward(arch, equations, &inputs, Some(&prepared), keep, outputs);
        (vec![output, h_n, c_n], reserves)
    }

    /// Output, h_n and c_n; then the gradients by the tensors.
    fn fused<E: Equations>(&self, arch: Arch, equations: E) -> [Vec<Vec<f32>>; 2] {
        let shape = &self.shape;
        let inputs = self.inputs();
        let (found, reserves) = self.forward(arch, equations, true);
        let (without, none) = self.forward(arch, equations, false);
        assert!(none.is_empty(), "nothing is kept for no way back");
        for (without, with) in without.iter().zip(&found) {
            close("without a way back", without, with);
        }

        let wide = shape.directions * shape.output_size();
        let output_shape = [shape.time, shape.batch, wide];
        let state = |size| [shape.directions, shape.batch, size];
        let by = Gradient {
            output: Some(Rows::contiguous(&self.by[0], output_shape)),
            h_n: Some(Rows::contiguous(&self.by[1], state(shape.output_size()))),
            c_n: Some(Rows::contiguous(&self.by[2], state(shape.cell_size()))),
        };
        let wanted = Wanted {
            input: true,
            weights: true,
            state: true,
        };
        let rows = Rows::contiguous(&found[0], output_shape);
        let gradients = backward(arch, equations, &inputs, reserves, rows, &by, wanted);
        let [h_0, c_0] = gradients.state.expect("wanted");
        let mut all = vec![gradients.input.expect("wanted"), h_0, c_0];
        for weights in gradients.weights.expect("wanted") {
            let [bias_ih, bias_hh] = weights.bias;
            all.extend([weights.weight_ih, weights.weight_hh, bias_ih, bias_hh]);
            all.push(weights.weight_hr.unwrap_or_default());
        }
        [found, all]
    }

    /// Without a way back.
    fn output(&self, arch: Arch) -> Vec<f32> {
        let (mut found, _) = match self.shape.cell {
            Cell::Lstm => self.forward(arch, Lstm, false),
            Cell::Gru => self.forward(arch, Gru, false),
            Cell::Tanh => self.forward(arch, Rnn { relu: false }, false),
            Cell::Relu => self.forward(arch, Rnn { relu: true }, false),
        };
        found.swap_remove(0)
    }

    fn fused_by_cell(&self, arch: Arch) -> [Vec<Vec<f32>>; 2] {
        match self.shape.cell {
            Cell::Lstm => self.fused(arch, Lstm),
            Cell::Gru => self.fused(arch, Gru),
            Cell::Tanh => self.fused(arch, Rnn { relu: false }),
            Cell::Relu => self.fused(arch, Rnn { relu: true }),
        }
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
    let wide = |tensor: &Vec<f32>| -> Vec<f64> { tensor.iter().copied().map(f64::from).collect() };
    let tensors: Vec<Vec<f64>> = case.tensors.iter().map(wide).collect();
    let expected = case.plain(&tensors);
    let all = instruction_sets();
    let found = all.iter().map(|&arch| (arch, case.fused_by_cell(arch)));
    let found: Vec<_> = found.collect();
    for (arch, [outputs, _]) in &found {
        for ((what, found), expected) in ["output", "h_n", "c_n"].iter().zip(outputs).zip(&expected)
        {
            close(
                &format!("{what}, {:?}, {arch:?}", case.shape),
                found,
                expected,
            );
        }
    }
    for (place, tensor) in tensors.iter().enumerate() {
        if tensor.is_empty()
            || (3..).contains(&place) && (place - 3) % 5 / 2 == 1 && !case.shape.bias
        {
            continue;
        }
        let mut changed = tensors.clone();
        let direction = wide(&draw(rng, tensor.len(), 1.0));
        let mut at = |by: f64| {
            let moved = tensor.iter().zip(&direction).map(|(x, d)| x + by * d);
            changed[place] = moved.collect();
            case.loss(&changed)
        };
        // So small that hardly any unit of a ReLU crosses its corner.
        let step = match case.shape.cell {
            Cell::Relu => 1e-8,
            _ => 1e-6,
        };
        let expected = (at(step) - at(-step)) / (2.0 * step);
        for (arch, [_, gradients]) in &found {
            let gradient = &gradients[place];
            assert_eq!(gradient.len(), tensor.len(), "{}", name(place));
            let products = gradient.iter().zip(&direction);
            let found: f64 = products.map(|(g, d)| f64::from(*g) * d).sum();
            let size: f64 = gradient.iter().map(|&g| f64::from(g).powi(2)).sum();
            let tolerance = 1e-5 * size.sqrt().max(1.0);
            assert!(
                (found - expected).abs() < tolerance,
                "gradient by {} ({place}), {:?}, {arch:?}: {found} along a direction, expected {expected}",
                name(place),
                case.shape,
            );
        }
    }
}

/// One, odd, prime, and one above and below each width of a vector.
const SIZES: [usize; 14] = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 65];

/// Any layer with a hidden state of that size.
fn any(cell: Cell, hidden_size: usize, rng: &mut StdRng) -> Shape {
    let (time, batch) = (rng.random_range(1..=6), rng.random_range(1..=14));
    let input_size = SIZES[rng.random_range(0..SIZES.len())];
    let is_projected = cell == Cell::Lstm && hidden_size > 1 && rng.random_range(0..3) == 0;
    let proj_size = is_projected.then(|| rng.random_range(1..hidden_size));
    let mut lengths = None;
    if time > 1 && rng.random_range(0..2) == 0 {
        lengths = Some((0..batch).map(|_| rng.random_range(1..=time)).collect());
    }
    Shape {
        cell,
        time,
        batch,
        input_size,
        hidden_size,
        proj_size,
        lengths,
        directions: rng.random_range(1..=2),
        bias: rng.random_range(0..4) > 0,
    }
}

#[test]
fn a_layer_is_what_its_equations_say() {
    let mut rng = StdRng::seed_from_u64(1);
    for cell in CELLS {
        for hidden_size in SIZES {
            for _ in 0..6 {
                check(any(cell, hidden_size, &mut rng), &mut rng);
            }
        }
    }
}

#[test]
fn single_steps_are_too() {
    let mut rng = StdRng::seed_from_u64(2);
    for cell in CELLS {
        for hidden_size in SIZES {
            let shape = Shape {
                time: 1,
                batch: rng.random_range(1..=6),
                lengths: None,
                ..any(cell, hidden_size, &mut rng)
            };
            check(shape, &mut rng);
        }
    }
}

/// Weights beyond a core's cache, and work for several threads.
#[test]
fn large_layers_are_too() {
    let mut rng = StdRng::seed_from_u64(3);
    // One sequence, few, and so many that threads take different numbers of steps ahead.
    for (time, batch) in [(70, 1), (5, 9), (20, 43)] {
        for cell in CELLS {
            let lengths = (0..batch).map(|b| 1 + (7 * b + 3) % time).collect();
            let shape = Shape {
                time,
                batch,
                input_size: 10,
                lengths: Some(lengths),
                proj_size: None,
                ..any(cell, 190, &mut rng)
            };
            check(shape.clone(), &mut rng);
            let shape = Shape {
                lengths: None,
                ..shape
            };
            check(shape, &mut rng);
        }
    }
}

#[test]
fn what_is_no_number_comes_through() {
    let mut rng = StdRng::seed_from_u64(4);
    for cell in CELLS {
        let shape = Shape {
            cell,
            time: 3,
            batch: 2,
            input_size: 3,
            hidden_size: 5,
            proj_size: None,
            lengths: None,
            directions: 1,
            bias: true,
        };
        let mut case = Case::random(shape, &mut rng);
        // In the second sequence's second step.
        case.tensors[0][(2 + 1) * 3] = f32::NAN;
        for arch in instruction_sets() {
            for (row, output) in case.output(arch).chunks_exact(5).enumerate() {
                let expected = row % 2 == 1 && row >= 2;
                let all = output.iter().all(|h| h.is_nan() == expected);
                assert!(all, "{arch:?}: row {row} is {output:?}");
            }
        }
    }
}

/// What lies past a sequence's end is not looked at.
#[test]
fn padding_may_hold_anything() {
    let mut rng = StdRng::seed_from_u64(5);
    for cell in CELLS {
        let shape = Shape {
            time: 4,
            batch: 3,
            lengths: Some(vec![2, 4, 1]),
            ..any(cell, 9, &mut rng)
        };
        let mut case = Case::random(shape, &mut rng);
        let clean = case.fused_by_cell(Arch::new());
        let features = case.shape.input_size;
        for (sequence, ends) in [(0, 2), (2, 1)] {
            for step in ends..4 {
                case.tensors[0][(step * 3 + sequence) * features..][..features].fill(f32::NAN);
            }
        }
        assert_eq!(case.fused_by_cell(Arch::new()), clean, "{:?}", case.shape);
    }
}
