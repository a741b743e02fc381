//! A layer with random numbers, its equations written down plainly, and the kernel's run of it.

use pulp::Arch;
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::close;
use crate::kernel::cpu::recurrent::{
    Direction, Equations, Gradient, Gradients, Gru, Inputs, Lstm, Outputs, Reserve, Rnn, Wanted,
    backward, forward, prepare,
};
use crate::kernel::cpu::rows::Rows;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    Lstm,
    Gru,
    Tanh,
    Relu,
}

pub const CELLS: [Cell; 4] = [Cell::Lstm, Cell::Gru, Cell::Tanh, Cell::Relu];

impl Cell {
    pub fn gates(self) -> usize {
        match self {
            Self::Lstm => 4,
            Self::Gru => 3,
            Self::Tanh | Self::Relu => 1,
        }
    }

    /// One step, from what the input and the state contribute, `[gates·units]` each: h and c.
    pub fn step(self, x: &[f64], u: &[f64], h: &[f64], c: &[f64]) -> (Vec<f64>, Vec<f64>) {
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
pub struct Shape {
    pub cell: Cell,
    pub time: usize,
    pub batch: usize,
    pub input_size: usize,
    pub hidden_size: usize,
    pub proj_size: Option<usize>,
    pub lengths: Option<Vec<usize>>,
    pub directions: usize,
    pub bias: bool,
}

impl Shape {
    pub fn output_size(&self) -> usize {
        self.proj_size.unwrap_or(self.hidden_size)
    }

    pub fn cell_size(&self) -> usize {
        match self.cell {
            Cell::Lstm => self.hidden_size,
            _ => 0,
        }
    }

    /// Output, h_n and c_n.
    pub fn outputs(&self) -> [usize; 3] {
        let state = self.directions * self.batch;
        [
            self.time * state * self.output_size(),
            state * self.output_size(),
            state * self.cell_size(),
        ]
    }
}

pub struct Case {
    pub shape: Shape,
    /// Input, h_0 and c_0; by direction: both weights, both biases, the projection.
    pub tensors: Vec<Vec<f32>>,
    /// Gradients with respect to the output, to h_n and to c_n.
    pub by: [Vec<f32>; 3],
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

pub fn name(tensor: usize) -> &'static str {
    NAMES[if tensor < 8 { tensor } else { tensor - 5 }]
}

pub fn draw(rng: &mut StdRng, len: usize, scale: f32) -> Vec<f32> {
    (0..len).map(|_| rng.random_range(-scale..scale)).collect()
}

impl Case {
    pub fn random(shape: Shape, rng: &mut StdRng) -> Self {
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
    pub fn plain(&self, tensors: &[Vec<f64>]) -> [Vec<f64>; 3] {
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

    pub fn loss(&self, tensors: &[Vec<f64>]) -> f64 {
        let outputs = self.plain(tensors);
        let of = |(output, by): (&Vec<f64>, &Vec<f32>)| {
            let products = output.iter().zip(by).map(|(a, b)| a * f64::from(*b));
            products.sum::<f64>()
        };
        outputs.iter().zip(&self.by).map(of).sum()
    }

    pub fn inputs(&self) -> Inputs<'_> {
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

    pub fn forward<E: Equations>(
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

    /// Output, h_n and c_n; then the gradients with respect to the tensors.
    pub fn fused<E: Equations>(&self, arch: Arch, equations: E) -> [Vec<Vec<f32>>; 2] {
        let shape = &self.shape;
        let inputs = self.inputs();
        let (found, reserves) = self.forward(arch, equations, true);
        let (without, none) = self.forward(arch, equations, false);
        assert!(none.is_empty(), "nothing is kept without a backward pass");
        for (without, with) in without.iter().zip(&found) {
            close("without a backward pass", without, with);
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
        let back =
            |reserves, wanted| backward(arch, equations, &inputs, reserves, rows, &by, wanted);
        let gradients = back(reserves, wanted);
        self.check_wanted(&gradients, |wanted| {
            back(self.forward(arch, equations, true).1, wanted)
        });
        let [h_0, c_0] = gradients.state.expect("wanted");
        let mut all = vec![gradients.input.expect("wanted"), h_0, c_0];
        for weights in gradients.weights.expect("wanted") {
            let [bias_ih, bias_hh] = weights.bias;
            all.extend([weights.weight_ih, weights.weight_hh, bias_ih, bias_hh]);
            all.push(weights.weight_hr.unwrap_or_default());
        }
        [found, all]
    }

    /// Each kind of gradient is the same if it alone is wanted, and then alone.
    fn check_wanted(&self, all: &Gradients, back: impl Fn(Wanted) -> Gradients) {
        for alone in 0..3 {
            let wanted = Wanted {
                input: alone == 0,
                weights: alone == 1,
                state: alone == 2,
            };
            let found = back(wanted);
            let are_there = [
                found.input.is_some(),
                found.weights.is_some(),
                found.state.is_some(),
            ];
            assert_eq!(are_there, [wanted.input, wanted.weights, wanted.state]);
            if let Some(input) = found.input {
                assert_eq!(Some(input), all.input, "{:?}", self.shape);
            }
            if let Some(state) = found.state {
                assert_eq!(Some(state), all.state, "{:?}", self.shape);
            }
            let weights = found.weights.iter().zip(&all.weights);
            for (found, all) in weights.flat_map(|(found, all)| found.iter().zip(all)) {
                assert_eq!(found.weight_ih, all.weight_ih, "{:?}", self.shape);
                assert_eq!(found.weight_hh, all.weight_hh, "{:?}", self.shape);
                assert_eq!(found.bias, all.bias, "{:?}", self.shape);
                assert_eq!(found.weight_hr, all.weight_hr, "{:?}", self.shape);
            }
        }
    }

    /// The output of a pass without a backward pass.
    pub fn output(&self, arch: Arch) -> Vec<f32> {
        let (mut found, _) = match self.shape.cell {
            Cell::Lstm => self.forward(arch, Lstm, false),
            Cell::Gru => self.forward(arch, Gru, false),
            Cell::Tanh => self.forward(arch, Rnn { relu: false }, false),
            Cell::Relu => self.forward(arch, Rnn { relu: true }, false),
        };
        found.swap_remove(0)
    }

    pub fn fused_by_cell(&self, arch: Arch) -> [Vec<Vec<f32>>; 2] {
        match self.shape.cell {
            Cell::Lstm => self.fused(arch, Lstm),
            Cell::Gru => self.fused(arch, Gru),
            Cell::Tanh => self.fused(arch, Rnn { relu: false }),
            Cell::Relu => self.fused(arch, Rnn { relu: true }),
        }
    }
}
