use super::equations::Equations;
use super::inputs::Inputs;
use super::reserve::{Reserve, of_input, of_state};
use crate::kernel::cpu::buffer::Buffer;
use crate::kernel::cpu::positions::ActiveSteps;
use crate::kernel::cpu::rows::Rows;
use crate::kernel::cpu::transposed::add_transposed;

/// The loss's gradients with respect to the weights of one direction.
pub struct WeightGradients {
    pub weight_ih: Vec<f32>,
    pub weight_hh: Vec<f32>,
    /// With respect to the input's bias and to the state's.
    pub bias: [Vec<f32>; 2],
    pub weight_hr: Option<Vec<f32>>,
}

impl Inputs<'_> {
    /// The weights' gradients, over all steps at once.
    ///
    /// - `reserve`: in the blocks, the gradients with respect to the sums
    /// - `output`: the output of all directions
    /// - `d_projected`: the gradients with respect to the projection's output,
    ///   `[time, batch, output_size]`; empty without a projection
    /// - `d_bias`: sums of the blocks' gradients, of some parts
    pub(super) fn weight_gradients<E: Equations>(
        &self,
        direction: usize,
        reserve: &Reserve,
        output: Rows<'_>,
        d_projected: &[f32],
        d_bias: &[f32],
    ) -> WeightGradients {
        let shape = self.input.shape();
        let [time, batch, input_size] = shape;
        let dims = self.dims::<E>(direction);
        let (hidden_size, output_size) = (dims.hidden_size, dims.output_size);
        let width = reserve.width;
        let active = self.active(0..batch);
        let positions = active.all();
        let output = output.columns(direction * output_size..(direction + 1) * output_size);

        let (mut blocks_copy, mut input_copy) = (None, None);
        let blocks = these(reserve.blocks(shape), &active, &mut blocks_copy);
        let input = these(self.input, &active, &mut input_copy);
        let mut weight_ih = vec![0.0; E::GATES * hidden_size * input_size];
        let mut weight_hh = vec![0.0; E::GATES * hidden_size * output_size];
        let in_order: Vec<usize> = (0..E::GATES).collect();
        let by_input = of_input::<E>(blocks, width);
        add_gates(&mut weight_ih, &in_order, by_input, hidden_size, input);
        let mut add = |by: Rows<'_>, before: Rows<'_>| {
            let (mut by_copy, mut before_copy) = (None, None);
            let (by, before) = (by.evenly(&mut by_copy), before.evenly(&mut before_copy));
            add_gates(&mut weight_hh, E::STATE_GATES, by, hidden_size, before);
        };
        let h_0 = self.h_0.steps(direction..direction + 1);
        if active.is_ragged() {
            let mut before = Buffer::new(positions.len() * output_size);
            for ([place, b], row) in positions.iter().zip(before.chunks_exact_mut(output_size)) {
                row.copy_from_slice(match active.starts(place, dims.reverse, b) {
                    true => h_0.row(0, b),
                    false if dims.reverse => output.row(place + 1, b),
                    false => output.row(place - 1, b),
                });
            }
            let before = Rows::contiguous(&before, [1, positions.len(), output_size]);
            add(of_state::<E>(blocks, width), before);
        } else {
            // The state before a step is the output of the step before.
            let by_state = of_state::<E>(reserve.blocks(shape), width);
            let (first, later, before) = match dims.reverse {
                false => (0, 1..time, 0..time - 1),
                true => (time - 1, 0..time - 1, 1..time),
            };
            add(by_state.steps(later), output.steps(before));
            if (0..batch).any(|b| h_0.row(0, b).iter().any(|&h| h != 0.0)) {
                add(by_state.steps(first..first + 1), h_0);
            }
        }

        let weight_hr = self.directions[direction].weight_hr.map(|weight| {
            let mut d_weight = vec![0.0; weight.len()];
            let (mut by_copy, mut hidden_copy) = (None, None);
            let by = Rows::contiguous(d_projected, [time, batch, output_size]);
            let hidden = Rows::contiguous(&reserve.hidden, [time, batch, width]);
            add_transposed(
                &mut d_weight,
                these(by, &active, &mut by_copy),
                these(hidden.columns(0..hidden_size), &active, &mut hidden_copy),
            );
            d_weight
        });

        let mut bias = [(); 2].map(|()| vec![0.0; E::GATES * hidden_size]);
        let mut add = |which: usize, block: usize, gate: usize| {
            let sums: &mut [f32] = &mut bias[which][gate * hidden_size..][..hidden_size];
            for part in d_bias.chunks_exact(E::BLOCKS * width) {
                for (sum, part) in sums.iter_mut().zip(&part[block * width..]) {
                    *sum += part;
                }
            }
        };
        for gate in 0..E::GATES {
            add(0, E::INPUT_FIRST + gate, gate);
        }
        for (block, &gate) in E::STATE_GATES.iter().enumerate() {
            add(1, block, gate);
        }
        WeightGradients {
            weight_ih,
            weight_hh,
            bias,
            weight_hr,
        }
    }
}

/// The rows of the active steps, evenly spaced, as one step: as they lie if that is all of them.
fn these<'a>(rows: Rows<'a>, active: &ActiveSteps, copy: &'a mut Option<Buffer>) -> Rows<'a> {
    if !active.is_ragged() {
        return rows.evenly(copy);
    }
    let [_, _, width] = rows.shape();
    let positions = active.all();
    let copy = copy.insert(rows.gather(positions.len(), positions.iter()));
    Rows::contiguous(copy, [1, positions.len(), width])
}

/// Adds `byᵀ · rows` to `d`, which has a block of `units` rows per gate, where `by` has a block of
/// columns for each of `gates`.
fn add_gates(d: &mut [f32], gates: &[usize], by: Rows<'_>, units: usize, rows: Rows<'_>) {
    let [_, _, columns] = rows.shape();
    let [_, _, all] = by.shape();
    let width = all / gates.len();
    let mut block = 0;
    while block < gates.len() {
        // Gates that lie side by side in both, without gaps.
        let mut end = block + 1;
        while width == units && end < gates.len() && gates[end] == gates[end - 1] + 1 {
            end += 1;
        }
        let d = &mut d[gates[block] * units * columns..][..(end - block) * units * columns];
        let first = block * width;
        let by = by.columns(first..first + (end - block) * units);
        add_transposed(d, by, rows);
        block = end;
    }
}
