mod units;

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use self::units::Units;
use super::equations::Equations;
use super::inputs::{Dims, Inputs, Outputs};
use super::prepared::Prepared;
use super::reserve::Reserve;
use super::step;
use crate::kernel::cpu::buffer::Buffer;
use crate::kernel::cpu::positions::ActiveSteps;
use crate::kernel::cpu::product::{AddTo, Product, Write};
use crate::kernel::cpu::rows::{Rows, RowsMut};
use crate::kernel::cpu::threads;

/// Runs a layer.
///
/// - `prepared`: of its weights; not needed for a [single step](Inputs::is_single_step) of which
///   nothing is kept
///
/// Returns what the backward pass needs of each direction, if `keep`.
///
/// # Panics
///
/// If what is needed was not prepared.
pub fn forward<E: Equations>(
    arch: Arch,
    equations: E,
    inputs: &Inputs<'_>,
    prepared: Option<&[Prepared]>,
    keep: bool,
    outputs: Outputs<'_>,
) -> Vec<Reserve> {
    if !keep && inputs.is_better_by_steps() {
        step::forward(arch, equations, inputs, prepared, outputs);
        return Vec::new();
    }
    let Outputs { output, h_n, c_n } = outputs;
    let ranges = inputs.parts();
    let [time, batch, _] = inputs.input.shape();
    let smallest = ranges.iter().map(ExactSizeIterator::len).min();
    let prepared = prepared.expect("a sequence's weights are prepared");
    let mut reserves: Vec<Reserve> = (prepared.iter().enumerate())
        .map(|(direction, weights)| {
            let dims = inputs.dims::<E>(direction);
            let width = weights.width;
            let (steps, states) = match keep {
                true => (time, time + 1),
                false => (dims.chunk(smallest.unwrap_or(1)), 2),
            };
            let of_cell = |len| if E::HAS_CELL_STATE { len } else { 0 };
            let of_projection = |len| weights.weight_hr.as_ref().map_or(0, |_| len);
            Reserve {
                blocks: Buffer::new(steps * batch * E::BLOCKS * width),
                cells: Buffer::new(of_cell(states * batch * width)),
                hidden: Buffer::new(of_projection(steps * batch * width)),
                width,
            }
        })
        .collect();

    let directions = inputs.directions.len();
    let [_, _, output_size] = inputs.h_0.shape();
    let [_, _, cell_size] = inputs.c_0.shape();
    let mut output = RowsMut::new(output, [time, batch, directions * output_size]);
    let mut h_n = RowsMut::new(h_n, [directions, batch, output_size]);
    let mut c_n = RowsMut::new(c_n, [directions, batch, cell_size]);
    let mut parts = Vec::with_capacity(directions * ranges.len());
    for (direction, (weights, reserve)) in prepared.iter().zip(&mut reserves).enumerate() {
        let rows = |memory, width| {
            let memory: &mut Buffer = memory;
            let steps = memory.len() / (batch * width);
            let width = if steps == 0 { 0 } else { width };
            RowsMut::new(memory, [steps, batch, width])
        };
        let width = reserve.width;
        let mut all = Part {
            equations,
            dims: inputs.dims::<E>(direction),
            // Each part has its own.
            active: ActiveSteps::default(),
            weights,
            input: inputs.input,
            h_0: inputs.h_0.steps(direction..direction + 1),
            c_0: inputs.c_0.steps(direction..direction + 1),
            keep,
            output: output.take_columns(output_size),
            blocks: rows(&mut reserve.blocks, E::BLOCKS * width),
            first_place: 0,
            cells: rows(&mut reserve.cells, width),
            hidden: rows(&mut reserve.hidden, width),
            h_n: h_n.take_steps(1),
            c_n: c_n.take_steps(1),
        };
        for range in &ranges {
            parts.push(all.take(range.len(), inputs.active(range.clone())));
        }
    }
    threads::run_if_worth(parts, inputs.work(), |part| arch.dispatch(part));
    if keep { reserves } else { Vec::new() }
}

/// Some sequences of the batch in one direction.
struct Part<'a, E> {
    equations: E,
    dims: Dims,
    active: ActiveSteps,
    weights: &'a Prepared,
    input: Rows<'a>,
    h_0: Rows<'a>,
    c_0: Rows<'a>,
    keep: bool,
    output: RowsMut<'a>,
    /// Of all places, or of some if nothing is kept.
    blocks: RowsMut<'a>,
    /// The place that the first of `blocks` is for.
    first_place: usize,
    cells: RowsMut<'a>,
    /// The hidden states before the projection, laid out as `blocks`; empty without a projection.
    hidden: RowsMut<'a>,
    h_n: RowsMut<'a>,
    c_n: RowsMut<'a>,
}

impl<E: Equations> Part<'_, E> {
    /// Takes the first `count` sequences off.
    fn take(&mut self, count: usize, active: ActiveSteps) -> Self {
        self.dims.batch -= count;
        Self {
            equations: self.equations,
            dims: Dims {
                batch: count,
                ..self.dims
            },
            active,
            weights: self.weights,
            input: self.input.take_sequences(count),
            h_0: self.h_0.take_sequences(count),
            c_0: self.c_0.take_sequences(count),
            keep: self.keep,
            output: self.output.take_sequences(count),
            blocks: self.blocks.take_sequences(count),
            first_place: self.first_place,
            cells: self.cells.take_sequences(count),
            hidden: self.hidden.take_sequences(count),
            h_n: self.h_n.take_sequences(count),
            c_n: self.c_n.take_sequences(count),
        }
    }
}

impl<E: Equations> WithSimd for Part<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let Dims { time, batch, .. } = self.dims;
        for b in 0..batch {
            self.start(0, b);
        }
        let chunk = self.chunk();
        for first in (0..time).step_by(chunk.unwrap_or(1)) {
            let steps = first..(first + chunk.unwrap_or(1)).min(time);
            let places = self.dims.places(&steps);
            if !self.keep {
                self.first_place = places.start;
            }
            if chunk.is_some() {
                self.project(simd, places);
            }
            for step in steps {
                self.step(simd, step, chunk.is_some());
            }
        }
    }
}

impl<E: Equations> Part<'_, E> {
    /// Puts a sequence's state before its first step where a step before would have left it.
    fn start(&mut self, step: usize, sequence: usize) {
        if E::HAS_CELL_STATE {
            let c_0 = self.c_0.row(0, sequence);
            let row = self.cells.row_mut(self.cell(step), sequence);
            row[..c_0.len()].copy_from_slice(c_0);
            row[c_0.len()..].fill(0.0);
        }
        if step > 0 {
            let before = self.dims.place(step - 1);
            let row = self.output.row_mut(before, sequence);
            row.copy_from_slice(self.h_0.row(0, sequence));
        }
    }

    /// Puts a sequence's state after its last step where it is wanted.
    fn end(&mut self, step: usize, sequence: usize) {
        let place = self.dims.place(step);
        let h_n = self.h_n.row_mut(0, sequence);
        h_n.copy_from_slice(self.output.row_mut(place, sequence));
        if E::HAS_CELL_STATE {
            let last = self.cell(step + 1);
            let c_n = self.c_n.row_mut(0, sequence);
            c_n.copy_from_slice(&self.cells.row_mut(last, sequence)[..c_n.len()]);
        }
    }

    /// How many steps' inputs are taken at once: so many that a part of the weights stays in a core's
    /// own cache for a while, and so few that what comes out does too. None if each step takes its
    /// input together with the state: a batch of some size, if all weights stay there.
    fn chunk(&self) -> Option<usize> {
        let weights = self.weights.weight_ih.len() + self.weights.weight_hh.len();
        let are_summed_together = E::BLOCKS == E::GATES;
        let stay = weights <= OWN_CACHE && self.dims.batch >= MANY;
        match are_summed_together && stay {
            true => None,
            false => Some(self.dims.chunk(self.dims.batch)),
        }
    }

    /// What the inputs of some places contribute, into where their blocks will be.
    #[inline(always)]
    fn project<S: Simd>(&mut self, simd: S, places: Range<usize>) {
        let slots = self.slot(places.start)..self.slot(places.end - 1) + 1;
        let mut result = self.blocks.steps(slots);
        let first = E::INPUT_FIRST * self.weights.width;
        result.take_columns(first);
        let matrix = &self.weights.weight_ih;
        Product {
            terms: &[(self.input.steps(places.clone()), matrix)],
            positions: self.active.steps(places),
            target: Write {
                add_to: AddTo::Row(&self.weights.bias[first..]),
                result: &mut result,
            },
        }
        .run(simd);
    }

    /// Where the blocks of a place are.
    fn slot(&self, place: usize) -> usize {
        place - self.first_place
    }

    /// Where the cell state before a step is.
    fn cell(&self, step: usize) -> usize {
        match E::HAS_CELL_STATE {
            true => step % self.cells.shape()[0],
            false => 0,
        }
    }

    #[inline(always)]
    fn step<S: Simd>(&mut self, simd: S, step: usize, has_inputs: bool) {
        let place = self.dims.place(step);
        if self.active.is_ragged() && self.dims.reverse && step > 0 {
            // Backwards, a shorter sequence starts here.
            let starting: Vec<usize> = self.active.ending(place).collect();
            for sequence in starting {
                self.start(step, sequence);
            }
        }
        let slot = self.slot(place);
        self.units(simd, step, slot, has_inputs);
        if let Some(matrix) = &self.weights.weight_hr {
            Product {
                terms: &[(self.hidden.as_rows().steps(slot..slot + 1), matrix)],
                positions: self.active.steps(place..place + 1),
                target: Write {
                    add_to: AddTo::Nothing,
                    result: &mut self.output.steps(place..place + 1),
                },
            }
            .run(simd);
        }
        self.leave(step, place);
    }

    /// All units of a step.
    #[inline(always)]
    fn units<S: Simd>(&mut self, simd: S, step: usize, slot: usize, has_inputs: bool) {
        let place = self.dims.place(step);
        let (from, to) = (self.cell(step), self.cell(step + 1));
        let weights = self.weights;
        let (before, mut output) = match step {
            0 => (self.h_0, self.output.steps(place..place + 1)),
            _ => self.output.two_steps(self.dims.place(step - 1), place),
        };
        if weights.weight_hr.is_some() {
            output = self.hidden.steps(slot..slot + 1);
        }
        let cells = E::HAS_CELL_STATE.then(|| self.cells.two_steps(from, to));
        let target = Units {
            equations: self.equations,
            bias: &weights.bias,
            has_inputs,
            blocks: self.blocks.steps(slot..slot + 1),
            keep: self.keep,
            before,
            cells,
            output,
        };
        let input = self.input.steps(place..place + 1);
        let terms = [(input, &weights.weight_ih), (before, &weights.weight_hh)];
        Product {
            terms: if has_inputs { &terms[1..] } else { &terms },
            positions: self.active.steps(place..place + 1),
            target,
        }
        .run(simd);
    }

    /// After a step.
    fn leave(&mut self, step: usize, place: usize) {
        let Dims { time, batch, .. } = self.dims;
        if !self.dims.reverse && self.active.is_ragged() {
            let ending: Vec<usize> = self.active.ending(place).collect();
            for sequence in ending {
                self.end(step, sequence);
            }
        } else if step + 1 == time {
            for sequence in 0..batch {
                self.end(step, sequence);
            }
            self.clear_starts();
        }
    }

    /// Backwards, a shorter sequence's initial state was put past its end.
    fn clear_starts(&mut self) {
        if !self.active.is_ragged() {
            return;
        }
        for place in 1..self.dims.time {
            for sequence in self.active.ending(place - 1) {
                self.output.row_mut(place, sequence).fill(0.0);
            }
        }
    }
}

/// Numbers of a core's own cache: half a mebibyte.
const OWN_CACHE: usize = 1 << 17;

/// Sequences that fill a few tiles.
const MANY: usize = 12;
