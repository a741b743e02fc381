//! Steps of a few sequences, without a backward pass: the time goes into reading the weights, once a
//! step.
//!
//! A tile of one or two sequences does not make packed weights any faster, and threads can't share so
//! few sequences. So the weights are read as they lie: each row is multiplied by all states. Threads
//! share the units, and meet after each step.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use smallvec::SmallVec;

use super::equations::{Equations, MOST_BLOCKS, State};
use super::inputs::{Direction, Inputs, Outputs};
use super::prepared::Prepared;
use crate::kernel::cpu::buffer::Buffer;
use crate::kernel::cpu::dots::{Dots, MOST_ROWS};
use crate::kernel::cpu::positions::Positions;
use crate::kernel::cpu::product::{AddTo, Product, Write};
use crate::kernel::cpu::rows::{Rows, RowsMut};
use crate::kernel::cpu::threads;
use crate::kernel::cpu::vectors::{load, store};

/// The most sequences for which this is faster than packing.
const MOST_SEQUENCES: usize = 4;

/// Units that are not shared: the widest vector there is.
const SHARE: usize = 16;

/// Units whose sums are held until they are activated. Each gate's rows are read in one go, and a
/// reader that jumps often waits for each start.
const UNITS: usize = MOST_ROWS;

impl Inputs<'_> {
    /// Whether a pass that keeps nothing reads the weights as they lie and needs none prepared.
    pub fn is_single_step(&self) -> bool {
        let [time, _, _] = self.input.shape();
        time == 1 && self.is_narrow()
    }

    /// Whether a pass that keeps nothing is better done step by step, with the units shared.
    pub(super) fn is_better_by_steps(&self) -> bool {
        let [time, _, _] = self.input.shape();
        let weights = self.directions[0].weight_hh.len();
        let is_shared = threads::are_worth(weights * WORK_PER_WEIGHT);
        self.is_narrow() && (time == 1 || is_shared)
    }

    fn is_narrow(&self) -> bool {
        let [_, batch, _] = self.input.shape();
        let is_projected = self.directions.iter().any(|d| d.weight_hr.is_some());
        batch <= MOST_SEQUENCES && self.lengths.is_none() && !is_projected
    }
}

/// Reading a weight takes as long as so many multiplications.
const WORK_PER_WEIGHT: usize = 8;

/// As [`forward`](super::forward()).
///
/// - `prepared`: of all directions; not needed for a [single step](Inputs::is_single_step)
pub fn forward<E: Equations>(
    arch: Arch,
    equations: E,
    inputs: &Inputs<'_>,
    prepared: Option<&[Prepared]>,
    outputs: Outputs<'_>,
) {
    let [time, batch, _] = inputs.input.shape();
    let [directions, _, hidden_size] = inputs.h_0.shape();
    let [_, _, cell_size] = inputs.c_0.shape();
    let mut output = RowsMut::new(outputs.output, [time, batch, directions * hidden_size]);
    let mut h_n = RowsMut::new(outputs.h_n, [directions, batch, hidden_size]);
    let mut c_n = RowsMut::new(outputs.c_n, [directions, batch, cell_size]);
    let prepared = prepared.filter(|_| time > 1);
    let mut runs: SmallVec<[Run<'_>; 2]> = (0..directions)
        .map(|direction| {
            let mut cells = Buffer::new(2 * batch * cell_size);
            let mut before = RowsMut::new(&mut cells, [2, batch, cell_size]);
            for b in 0..batch {
                before
                    .row_mut(0, b)
                    .copy_from_slice(inputs.c_0.row(direction, b));
            }
            Run {
                projected: prepared.map(|all| project::<E>(arch, inputs, &all[direction])),
                output: output.take_columns(hidden_size),
                cells,
            }
        })
        .collect();
    let work = match prepared {
        Some(_) => batch * directions * inputs.directions[0].weight_hh.len(),
        None => inputs.work(),
    };
    let shares = hidden_size.div_ceil(SHARE);
    let shares = threads::parts(shares, work * WORK_PER_WEIGHT, directions);
    for step in 0..time {
        let mut parts = Vec::with_capacity(directions * shares.len());
        for (direction, run) in runs.iter_mut().enumerate() {
            let dims = inputs.dims::<E>(direction);
            let place = dims.place(step);
            let (h_before, mut h) = match step {
                0 => {
                    let h_0 = inputs.h_0.steps(direction..direction + 1);
                    (h_0, run.output.steps(place..place + 1))
                }
                _ => run.output.two_steps(dims.place(step - 1), place),
            };
            let cells = RowsMut::new(&mut run.cells, [2, batch, cell_size]);
            let (c_before, mut c) = cells.into_two_steps(step % 2, (step + 1) % 2);
            let projected = run.projected.as_ref().map(|rows| {
                let width = rows.len() / (time * batch);
                Rows::contiguous(rows, [time, batch, width]).steps(place..place + 1)
            });
            let mut start = 0;
            for end in &shares {
                let end = (end * SHARE).min(hidden_size);
                let units = std::mem::replace(&mut start, end)..end;
                parts.push(Part {
                    equations,
                    weights: &inputs.directions[direction],
                    input: inputs.input.steps(place..place + 1),
                    projected,
                    h_before,
                    c_before,
                    h: h.take_columns(units.len()),
                    c: c.take_columns(units.len().min(cell_size)),
                    units,
                });
            }
        }
        threads::run_if_worth(parts, work * WORK_PER_WEIGHT, |part| arch.dispatch(part));
    }
    for (direction, run) in runs.iter_mut().enumerate() {
        let last = inputs.dims::<E>(direction).place(time - 1);
        let cells = Rows::contiguous(&run.cells, [2, batch, cell_size]);
        for b in 0..batch {
            let row = h_n.row_mut(direction, b);
            row.copy_from_slice(run.output.row_mut(last, b));
            c_n.row_mut(direction, b)
                .copy_from_slice(cells.row(time % 2, b));
        }
    }
}

/// The buffers of one direction during a pass.
struct Run<'a> {
    /// What the inputs of all steps contribute, with the biases, `[time, batch, gates·width]`; none if
    /// each step reads its input itself.
    projected: Option<Buffer>,
    output: RowsMut<'a>,
    /// The cell state before a step and after it, in turns, `[2, batch, hidden_size]`.
    cells: Buffer,
}

/// What the inputs of all steps contribute, with the biases.
fn project<E: Equations>(arch: Arch, inputs: &Inputs<'_>, weights: &Prepared) -> Buffer {
    let [time, batch, _] = inputs.input.shape();
    let columns = E::GATES * weights.width;
    let mut projected = Buffer::new(time * batch * columns);
    let mut result = RowsMut::new(&mut projected, [time, batch, columns]);
    let ends = threads::parts(time, time * batch * weights.weight_ih.len(), 1);
    let parts = ends.iter().scan(0, |start, &end| {
        let steps = std::mem::replace(start, end)..end;
        let result = result.take_steps(steps.len());
        Some((inputs.input.steps(steps), result))
    });
    threads::run(parts.collect(), |(input, mut result)| {
        let [steps, sequences, _] = input.shape();
        Product {
            terms: &[(input, &weights.weight_ih)],
            positions: Positions::Rectangular { steps, sequences },
            target: Write {
                add_to: AddTo::Row(&weights.bias[E::INPUT_FIRST * weights.width..]),
                result: &mut result,
            },
        }
        .dispatch(arch);
    });
    projected
}

/// Some units of all sequences, at one step.
struct Part<'a, E> {
    equations: E,
    weights: &'a Direction<'a>,
    input: Rows<'a>,
    /// What the input contributes, if that is known.
    projected: Option<Rows<'a>>,
    h_before: Rows<'a>,
    c_before: Rows<'a>,
    units: Range<usize>,
    h: RowsMut<'a>,
    c: RowsMut<'a>,
}

impl<E: Equations> WithSimd for Part<'_, E> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let [_, batch, _] = self.input.shape();
        match batch {
            1 => self.run::<S, 1>(simd),
            2 => self.run::<S, 2>(simd),
            3 => self.run::<S, 3>(simd),
            _ => self.run::<S, MOST_SEQUENCES>(simd),
        }
    }
}

impl<E: Equations> Part<'_, E> {
    #[inline(always)]
    fn run<S: Simd, const M: usize>(mut self, simd: S) {
        let [_, batch, _] = self.input.shape();
        assert_eq!(batch, M, "sequences");
        let (mut inputs, mut states) = ([&[][..]; M], [&[][..]; M]);
        for m in 0..M {
            (inputs[m], states[m]) = (self.input.row(0, m), self.h_before.row(0, m));
        }
        let first = self.units.start;
        for start in self.units.clone().step_by(UNITS) {
            let units = start..(start + UNITS).min(self.units.end);
            let mut sums = [[[0.0; UNITS]; M]; MOST_BLOCKS];
            for block in 0..E::BLOCKS {
                self.block(simd, block, &units, inputs, states, &mut sums[block]);
            }
            for m in 0..M {
                for lane in (0..units.len()).step_by(S::F32_LANES) {
                    let mut blocks = [simd.splat_f32s(0.0); MOST_BLOCKS];
                    for block in 0..E::BLOCKS {
                        blocks[block] = load(simd, &sums[block][m], lane);
                    }
                    let mut before = State {
                        h: load(simd, self.h_before.row(0, m), start + lane),
                        c: simd.splat_f32s(0.0),
                    };
                    if E::HAS_CELL_STATE {
                        before.c = load(simd, self.c_before.row(0, m), start + lane);
                    }
                    let (_, after) = self.equations.forward(simd, blocks, before);
                    let column = start - first + lane;
                    store(simd, self.h.row_mut(0, m), column, after.h);
                    if E::HAS_CELL_STATE {
                        store(simd, self.c.row_mut(0, m), column, after.c);
                    }
                }
            }
        }
    }

    /// What some units of a block add up to.
    #[inline(always)]
    fn block<S: Simd, const M: usize>(
        &self,
        simd: S,
        block: usize,
        units: &Range<usize>,
        inputs: [&[f32]; M],
        states: [&[f32]; M],
        sums: &mut [[f32; UNITS]; M],
    ) {
        let weights = self.weights;
        let (input_size, hidden_size) = (inputs[0].len(), states[0].len());
        let input_gate = block.checked_sub(E::INPUT_FIRST);
        let input_gate = input_gate.filter(|&gate| gate < E::GATES);
        let state_gate = E::STATE_GATES.get(block).copied();
        let projected = self.projected.zip(input_gate);
        let row = |gate: usize| gate * hidden_size + units.start;
        let input_term = (input_gate.filter(|_| projected.is_none()))
            .map(|gate| (&weights.weight_ih[row(gate) * input_size..], inputs));
        let state_term =
            state_gate.map(|gate| (&weights.weight_hh[row(gate) * hidden_size..], states));
        let both = [
            input_term.unwrap_or((&[], [&[]; M])),
            state_term.unwrap_or((&[], [&[]; M])),
        ];
        Dots {
            terms: match (input_term, state_term) {
                (Some(_), Some(_)) => &both,
                (Some(_), None) => &both[..1],
                (None, Some(_)) => &both[1..],
                (None, None) => &[],
            },
            rows: units.len(),
            products: sums,
        }
        .run(simd);
        if let Some((rows, gate)) = projected {
            // The biases are in there.
            let [_, _, columns] = rows.shape();
            let column = gate * (columns / E::GATES) + units.start;
            for m in 0..M {
                let row = &rows.row(0, m)[column..];
                for (sum, other) in sums[m].iter_mut().zip(&row[..units.len()]) {
                    *sum += other;
                }
            }
        } else if let Some([by_input, by_state]) = weights.bias {
            for (gate, bias) in [(input_gate, by_input), (state_gate, by_state)] {
                let Some(gate) = gate else { continue };
                let bias = &bias[gate * hidden_size + units.start..][..units.len()];
                for m in 0..M {
                    for (sum, bias) in sums[m].iter_mut().zip(bias) {
                        *sum += bias;
                    }
                }
            }
        }
    }
}
