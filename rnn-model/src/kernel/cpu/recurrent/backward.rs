mod gradients;
mod part;
mod transposed;

use pulp::Arch;

use self::part::Part;
use self::transposed::Transposed;
use super::equations::Equations;
use super::inputs::Inputs;
use super::reserve::{Reserve, of_input};
use crate::kernel::cpu::buffer::Buffer;
use crate::kernel::cpu::positions::ActiveSteps;
use crate::kernel::cpu::product::{AddTo, Product, Write};
use crate::kernel::cpu::rows::{Rows, RowsMut};
use crate::kernel::cpu::threads;
use crate::kernel::cpu::vectors::Vectors;

pub use gradients::{Gradient, Gradients, Wanted};

/// The backward pass of a layer.
///
/// - `output`: what [`forward`](super::forward()) gave, `[time, batch, directions·output_size]`
/// - `by`: the gradients with respect to that output and to the states after the last step
pub fn backward<E: Equations>(
    arch: Arch,
    equations: E,
    inputs: &Inputs<'_>,
    reserves: Vec<Reserve>,
    output: Rows<'_>,
    by: &Gradient<'_>,
    wanted: Wanted,
) -> Gradients {
    Backward {
        arch,
        equations,
        inputs,
        reserves,
        output,
        by,
        wanted,
    }
    .run()
}

struct Backward<'a, E> {
    arch: Arch,
    equations: E,
    inputs: &'a Inputs<'a>,
    reserves: Vec<Reserve>,
    output: Rows<'a>,
    by: &'a Gradient<'a>,
    wanted: Wanted,
}

/// The buffers of one direction.
struct Scratch {
    d_h: Buffer,
    d_c: Buffer,
    /// All parts' sums.
    d_bias: Buffer,
    /// Gradients with respect to the projection's input and to its output; empty without a
    /// projection.
    d_hidden: Buffer,
    d_projected: Buffer,
}

impl<E: Equations> Backward<'_, E> {
    fn run(mut self) -> Gradients {
        let inputs = self.inputs;
        let vectors = Vectors::of(self.arch);
        let [time, batch, input_size] = inputs.input.shape();
        let [directions, _, output_size] = inputs.h_0.shape();
        let [_, _, cell_size] = inputs.c_0.shape();
        let width = self.reserves[0].width;
        let transposed = Transposed::of::<E>(vectors, inputs, width, self.wanted.input);
        let ranges = inputs.parts();
        let mut scratch: Vec<Scratch> = (transposed.iter())
            .map(|weights| {
                let of_cell = |len| if E::HAS_CELL_STATE { len } else { 0 };
                let of_projection = |len| weights.weight_hr.as_ref().map_or(0, |_| len);
                Scratch {
                    d_h: Buffer::new(batch * vectors.fill_up(output_size)),
                    d_c: Buffer::new(of_cell(batch * width)),
                    d_bias: Buffer::zeros(ranges.len() * E::BLOCKS * width),
                    d_hidden: Buffer::new(of_projection(batch * width)),
                    d_projected: Buffer::new(of_projection(time * batch * output_size)),
                }
            })
            .collect();
        let mut d_input = (self.wanted.input).then(|| vec![0.0; time * batch * input_size]);
        let mut d_h_0 = vec![0.0; directions * batch * output_size];
        let mut d_c_0 = vec![0.0; directions * batch * cell_size];
        {
            let mut d_h_0 = RowsMut::new(&mut d_h_0, [directions, batch, output_size]);
            let mut d_c_0 = RowsMut::new(&mut d_c_0, [directions, batch, cell_size]);
            let mut parts = Vec::with_capacity(directions * ranges.len());
            // With one direction, the input's gradient is computed by the parts, a few steps at a time,
            // while the gates' gradients are in the cache.
            let mut d_input = (d_input.as_mut().filter(|_| directions == 1))
                .map(|d| RowsMut::new(d, [time, batch, input_size]));
            let all = self.reserves.iter_mut().zip(&mut scratch).zip(&transposed);
            for (direction, ((reserve, scratch), weights)) in all.enumerate() {
                let of = |memory, time, width| {
                    let memory: &mut Buffer = memory;
                    let width = if memory.is_empty() { 0 } else { width };
                    RowsMut::new(memory, [time, batch, width])
                };
                let columns = direction * output_size..(direction + 1) * output_size;
                let mut all = Part {
                    equations: self.equations,
                    dims: inputs.dims::<E>(direction),
                    // Each part has its own.
                    active: ActiveSteps::default(),
                    weights,
                    h_0: inputs.h_0.steps(direction..direction + 1),
                    output: self.output.columns(columns.clone()),
                    by: Gradient {
                        output: self.by.output.map(|rows| rows.columns(columns)),
                        h_n: (self.by.h_n).map(|rows| rows.steps(direction..direction + 1)),
                        c_n: (self.by.c_n).map(|rows| rows.steps(direction..direction + 1)),
                    },
                    to_start: self.wanted.state,
                    cells: of(&mut reserve.cells, time + 1, width),
                    blocks: of(&mut reserve.blocks, time, E::BLOCKS * width),
                    d_input: d_input.take(),
                    d_h: of(&mut scratch.d_h, 1, vectors.fill_up(output_size)),
                    d_c: of(&mut scratch.d_c, 1, width),
                    d_hidden: of(&mut scratch.d_hidden, 1, width),
                    d_projected: of(&mut scratch.d_projected, time, output_size),
                    d_bias: &mut scratch.d_bias,
                    d_h_0: d_h_0.take_steps(1),
                    d_c_0: d_c_0.take_steps(1),
                };
                for range in &ranges {
                    parts.push(all.take(range.len(), inputs.active(range.clone())));
                }
            }
            threads::run_if_worth(parts, inputs.work(), |part| self.arch.dispatch(part));
        }
        if let (Some(d_input), [forward, backward]) = (&mut d_input, &transposed[..]) {
            self.input_of_two([forward, backward], d_input);
        }
        let weights = self.wanted.weights.then(|| {
            let all = self.reserves.iter().zip(&scratch).enumerate();
            all.map(|(direction, (reserve, scratch))| {
                inputs.weight_gradients::<E>(
                    direction,
                    reserve,
                    self.output,
                    &scratch.d_projected,
                    &scratch.d_bias,
                )
            })
            .collect()
        });
        Gradients {
            input: d_input,
            weights,
            state: self.wanted.state.then_some([d_h_0, d_c_0]),
        }
    }
}

impl<E: Equations> Backward<'_, E> {
    /// The gradient with respect to the input, summed over both directions.
    fn input_of_two(&self, weights: [&Transposed; 2], d_input: &mut [f32]) {
        let [Some(forward), Some(backward)] = weights.map(|weights| weights.weight_ih.as_ref())
        else {
            unreachable!("the input's gradient is wanted")
        };
        let shape = self.inputs.input.shape();
        let [mut by_forward, mut by_backward] = [0, 1].map(|i| {
            let reserve: &Reserve = &self.reserves[i];
            of_input::<E>(reserve.blocks(shape), reserve.width)
        });
        let mut d_input = RowsMut::new(d_input, shape);
        let parts = threads::parts(shape[1], self.inputs.work(), 1);
        let parts = parts.iter().scan(0, |start, &end| {
            let sequences = std::mem::replace(start, end)..end;
            let count = sequences.len();
            Some((
                by_forward.take_sequences(count),
                by_backward.take_sequences(count),
                d_input.take_sequences(count),
                self.inputs.active(sequences),
            ))
        });
        threads::run(
            parts.collect(),
            |(by_forward, by_backward, mut d_input, active)| {
                Product {
                    terms: &[(by_forward, forward), (by_backward, backward)],
                    positions: active.all(),
                    target: Write {
                        add_to: AddTo::Nothing,
                        result: &mut d_input,
                    },
                }
                .dispatch(self.arch);
            },
        );
    }
}
