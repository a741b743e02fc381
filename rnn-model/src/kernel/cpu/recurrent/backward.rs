mod sums;

use pulp::{Arch, Simd, WithSimd};

use self::sums::Sums;
use super::equations::Equations;
use super::weights::WeightGradients;
use super::{Dims, Inputs, Reserve};
use crate::kernel::cpu::buffer::Buffer;
use crate::kernel::cpu::packed::Packed;
use crate::kernel::cpu::places::Schedule;
use crate::kernel::cpu::product::{AddTo, Product, Write};
use crate::kernel::cpu::rows::{Rows, RowsMut};
use crate::kernel::cpu::threads;

/// Gradients to be computed, of what is in [`Inputs`].
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub input: bool,
    pub weights: bool,
    /// Of the state before the first step.
    pub state: bool,
}

/// The loss's gradients by what [`forward`](super::forward()) gave; none is zero.
pub struct Gradient<'a> {
    /// `[time, batch, directions·output_size]`
    pub output: Option<Rows<'a>>,
    /// `[directions, batch, output_size]`
    pub h_n: Option<Rows<'a>>,
    /// `[directions, batch, hidden_size]`
    pub c_n: Option<Rows<'a>>,
}

/// Gradients of the loss by what is in [`Inputs`], of the same shapes.
pub struct Gradients {
    pub input: Option<Vec<f32>>,
    /// Of each direction.
    pub weights: Option<Vec<WeightGradients>>,
    /// `h_0` and `c_0`; nothing for a cell state that is not there.
    pub state: Option<[Vec<f32>; 2]>,
}

/// The way back through a layer.
///
/// - `output`: what [`forward`](super::forward()) gave, `[time, batch, directions·output_size]`
/// - `by`: the gradients by that
pub fn backward<E: Equations>(
    arch: Arch,
    equations: E,
    inputs: &Inputs<'_>,
    reserves: Vec<Reserve>,
    output: Rows<'_>,
    by: &Gradient<'_>,
    wanted: Wanted,
) -> Gradients {
    arch.dispatch(Backward {
        arch,
        equations,
        inputs,
        reserves,
        output,
        by,
        wanted,
    })
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

/// Weights as the way back reads them.
struct Transposed {
    /// `[gates·width, input_size]`, if the input's gradient is wanted.
    weight_ih: Option<Packed>,
    /// `[gates·width, output_size]`
    weight_hh: Packed,
    /// `[output_size, hidden_size]`
    weight_hr: Option<Packed>,
}

/// Of one direction.
struct Scratch {
    d_h: Buffer,
    d_c: Buffer,
    /// All parts' sums.
    d_bias: Buffer,
    /// By what was made smaller, and by what it was made into; nothing where nothing was.
    d_hidden: Buffer,
    d_projected: Buffer,
}

impl<E: Equations> WithSimd for Backward<'_, E> {
    type Output = Gradients;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, _: S) -> Gradients {
        let inputs = self.inputs;
        let [time, batch, input_size] = inputs.input.shape();
        let [directions, _, output_size] = inputs.h_0.shape();
        let [_, _, cell_size] = inputs.c_0.shape();
        let width = self.reserves[0].width;
        let transposed = self.transposed::<S>(width);
        let ranges = inputs.parts();
        let mut scratch: Vec<Scratch> = (transposed.iter())
            .map(|weights| {
                let of_cell = |len| if E::HAS_CELL_STATE { len } else { 0 };
                let of_projection = |len| weights.weight_hr.as_ref().map_or(0, |_| len);
                Scratch {
                    d_h: Buffer::new(batch * output_size.next_multiple_of(S::F32_LANES)),
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
            // With one direction, what comes to the input is computed while it is at hand.
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
                    schedule: Schedule::default(),
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
                    d_h: of(
                        &mut scratch.d_h,
                        1,
                        output_size.next_multiple_of(S::F32_LANES),
                    ),
                    d_c: of(&mut scratch.d_c, 1, width),
                    d_hidden: of(&mut scratch.d_hidden, 1, width),
                    d_projected: of(&mut scratch.d_projected, time, output_size),
                    d_bias: &mut scratch.d_bias,
                    d_h_0: d_h_0.take_steps(1),
                    d_c_0: d_c_0.take_steps(1),
                };
                for range in &ranges {
                    parts.push(all.take(range.len(), inputs.schedule(range.clone())));
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
    fn transposed<S: Simd>(&self, width: usize) -> Vec<Transposed> {
        let [_, _, input_size] = self.inputs.input.shape();
        let [_, _, output_size] = self.inputs.h_0.shape();
        let in_order: Vec<usize> = (0..E::GATES).collect();
        let of = |weights, gates: &[usize], columns| {
            Packed::by_gates::<S>(weights, gates, columns, width)
        };
        let transposed = self.inputs.directions.iter().map(|direction| Transposed {
            weight_ih: (self.wanted.input).then(|| of(direction.weight_ih, &in_order, input_size)),
            weight_hh: of(direction.weight_hh, E::STATE_GATES, output_size),
            weight_hr: direction.weight_hr.map(|weight| {
                let hidden_size = weight.len() / output_size;
                Packed::by_gates::<S>(weight, &[0], hidden_size, output_size)
            }),
        });
        transposed.collect()
    }

    /// What comes to the input through both directions.
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
                self.inputs.schedule(sequences),
            ))
        });
        threads::run(
            parts.collect(),
            |(by_forward, by_backward, mut d_input, schedule)| {
                self.arch.dispatch(Product {
                    terms: [(by_forward, forward), (by_backward, backward)],
                    places: schedule.all(),
                    panels: forward.all(),
                    target: Write {
                        add_to: AddTo::Nothing,
                        result: &mut d_input,
                    },
                });
            },
        );
    }
}

impl Reserve {
    /// `[time, batch, blocks·width]`
    pub(super) fn blocks(&self, [time, batch, _]: [usize; 3]) -> Rows<'_> {
        let width = self.blocks.len() / (time * batch);
        Rows::contiguous(&self.blocks, [time, batch, width])
    }
}

/// The blocks that the input contributes to.
pub(super) fn of_input<E: Equations>(blocks: Rows<'_>, width: usize) -> Rows<'_> {
    blocks.columns(E::INPUT_FIRST * width..(E::INPUT_FIRST + E::GATES) * width)
}

/// The blocks that the state contributes to.
pub(super) fn of_state<E: Equations>(blocks: Rows<'_>, width: usize) -> Rows<'_> {
    blocks.columns(0..E::GATES * width)
}

/// Some sequences of the batch in one direction.
struct Part<'a, E> {
    equations: E,
    dims: Dims,
    schedule: Schedule,
    weights: &'a Transposed,
    h_0: Rows<'a>,
    output: Rows<'a>,
    by: Gradient<'a>,
    /// Whether the gradient by the state before the first step is wanted.
    to_start: bool,
    cells: RowsMut<'a>,
    /// What was kept; the gradients by the sums take its place.
    blocks: RowsMut<'a>,
    d_input: Option<RowsMut<'a>>,
    /// By the state after the step, from the steps that come later.
    d_h: RowsMut<'a>,
    d_c: RowsMut<'a>,
    d_hidden: RowsMut<'a>,
    d_projected: RowsMut<'a>,
    /// All parts' sums, the first of them this part's, `[blocks·width]` each.
    d_bias: &'a mut [f32],
    d_h_0: RowsMut<'a>,
    d_c_0: RowsMut<'a>,
}

impl<'a, E: Equations> Part<'a, E> {
    /// Takes the first `count` sequences off.
    fn take(&mut self, count: usize, schedule: Schedule) -> Self {
        let [_, _, bias] = self.blocks.shape();
        let (d_bias, rest) = std::mem::take(&mut self.d_bias).split_at_mut(bias);
        self.d_bias = rest;
        self.dims.batch -= count;
        let of = |rows: &mut Option<Rows<'a>>| rows.as_mut().map(|rows| rows.take_sequences(count));
        Self {
            equations: self.equations,
            dims: Dims {
                batch: count,
                ..self.dims
            },
            schedule,
            weights: self.weights,
            h_0: self.h_0.take_sequences(count),
            output: self.output.take_sequences(count),
            by: Gradient {
                output: of(&mut self.by.output),
                h_n: of(&mut self.by.h_n),
                c_n: of(&mut self.by.c_n),
            },
            to_start: self.to_start,
            cells: self.cells.take_sequences(count),
            blocks: self.blocks.take_sequences(count),
            d_input: self.d_input.as_mut().map(|d| d.take_sequences(count)),
            d_h: self.d_h.take_sequences(count),
            d_c: self.d_c.take_sequences(count),
            d_hidden: self.d_hidden.take_sequences(count),
            d_projected: self.d_projected.take_sequences(count),
            d_bias,
            d_h_0: self.d_h_0.take_sequences(count),
            d_c_0: self.d_c_0.take_sequences(count),
        }
    }
}

impl<E: Equations> WithSimd for Part<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Dims { time, batch, .. } = self.dims;
        for b in 0..batch {
            start(self.d_h.row_mut(0, b), self.by.h_n, b);
            start(self.d_c.row_mut(0, b), self.by.c_n, b);
        }
        let chunk = self.dims.chunk(batch);
        let mut end = time;
        while end > 0 {
            let steps = end.saturating_sub(chunk)..end;
            for step in steps.clone().rev() {
                self.step(simd, step);
            }
            if let (Some(matrix), Some(d_input)) = (&self.weights.weight_ih, &mut self.d_input) {
                let places = self.dims.places(&steps);
                let [_, _, blocks_width] = self.blocks.shape();
                let blocks = of_input::<E>(self.blocks.as_rows(), blocks_width / E::BLOCKS);
                Product {
                    terms: [(blocks.steps(places.clone()), matrix)],
                    places: self.schedule.steps(places.clone()),
                    panels: matrix.all(),
                    target: Write {
                        add_to: AddTo::Nothing,
                        result: &mut d_input.steps(places),
                    },
                }
                .run(simd);
            }
            end = steps.start;
        }
        if self.to_start {
            for b in 0..batch {
                let d_h_0 = self.d_h_0.row_mut(0, b);
                d_h_0.copy_from_slice(&self.d_h.row_mut(0, b)[..d_h_0.len()]);
                let d_c_0 = self.d_c_0.row_mut(0, b);
                d_c_0.copy_from_slice(&self.d_c.row_mut(0, b)[..d_c_0.len()]);
            }
        }
    }
}

/// What comes from after the last step.
fn start(row: &mut [f32], from: Option<Rows<'_>>, sequence: usize) {
    row.fill(0.0);
    if let Some(from) = from {
        let from = from.row(0, sequence);
        row[..from.len()].copy_from_slice(from);
    }
}

impl<E: Equations> Part<'_, E> {
    #[inline(always)]
    fn step<S: Simd>(&mut self, simd: S, step: usize) {
        let place = self.dims.place(step);
        if let Some(matrix) = &self.weights.weight_hr {
            self.gather_projected(place);
            let by = self.d_projected.as_rows().steps(place..place + 1);
            Product {
                terms: [(by, matrix)],
                places: self.schedule.steps(place..place + 1),
                panels: matrix.all(),
                target: Write {
                    add_to: AddTo::Nothing,
                    result: &mut self.d_hidden,
                },
            }
            .run(simd);
        }
        simd.vectorize(Sums {
            part: self,
            step,
            place,
        });
        if step > 0 || self.to_start {
            let [_, _, blocks_width] = self.blocks.shape();
            let blocks = of_state::<E>(self.blocks.as_rows(), blocks_width / E::BLOCKS);
            let matrix = &self.weights.weight_hh;
            Product {
                terms: [(blocks.steps(place..place + 1), matrix)],
                places: self.schedule.steps(place..place + 1),
                panels: matrix.all(),
                target: Write {
                    add_to: match E::HAS_PATH {
                        true => AddTo::Result,
                        false => AddTo::Nothing,
                    },
                    result: &mut self.d_h,
                },
            }
            .run(simd);
        }
    }

    /// The gradients by what was made smaller, at one step.
    fn gather_projected(&mut self, place: usize) {
        for [_, b] in self.schedule.steps(place..place + 1).iter() {
            let row = self.d_projected.row_mut(place, b);
            let later = &self.d_h.row_mut(0, b)[..row.len()];
            row.copy_from_slice(later);
            if let Some(by_output) = self.by.output {
                for (sum, by) in row.iter_mut().zip(by_output.row(place, b)) {
                    *sum += by;
                }
            }
        }
    }
}
