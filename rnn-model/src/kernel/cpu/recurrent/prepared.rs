use pulp::Arch;

use super::equations::Equations;
use super::inputs::{Direction, Inputs};
use crate::kernel::cpu::buffer::Buffer;
use crate::kernel::cpu::packed::Packed;
use crate::kernel::cpu::vectors::Vectors;

/// The weights of a layer in one direction, as its steps read them: what is made of them once, for as
/// many passes as they stay the same.
pub struct Prepared {
    /// `[input_size, gates·width]`
    pub weight_ih: Packed,
    /// `[output_size, gates·width]`
    pub weight_hh: Packed,
    /// What the blocks' sums are added to, `[blocks·width]`.
    pub bias: Buffer,
    /// `[hidden_size, output_size]`
    pub weight_hr: Option<Packed>,
    /// `hidden_size`, up to a multiple of a vector.
    pub width: usize,
}

/// Packs the weights of all directions.
pub fn prepare<E: Equations>(arch: Arch, inputs: &Inputs<'_>) -> Vec<Prepared> {
    let [_, _, input_size] = inputs.input.shape();
    let [_, _, output_size] = inputs.h_0.shape();
    let vectors = Vectors::of(arch);
    let directions = inputs.directions.iter();
    directions
        .map(|direction| prepare_direction::<E>(vectors, direction, input_size, output_size))
        .collect()
}

fn prepare_direction<E: Equations>(
    vectors: Vectors,
    direction: &Direction<'_>,
    input_size: usize,
    output_size: usize,
) -> Prepared {
    let Direction {
        weight_ih,
        weight_hh,
        bias,
        weight_hr,
    } = *direction;
    let hidden_size = weight_ih.len() / (E::GATES * input_size);
    let width = vectors.fill_up(hidden_size);
    let mut starts = Buffer::zeros(E::BLOCKS * width);
    if let Some([by_input, by_state]) = bias {
        let mut add = |block: usize, gate: usize, bias: &[f32]| {
            let bias = &bias[gate * hidden_size..][..hidden_size];
            for (start, bias) in starts[block * width..].iter_mut().zip(bias) {
                *start += bias;
            }
        };
        for gate in 0..E::GATES {
            add(E::INPUT_FIRST + gate, gate, by_input);
        }
        for (block, &gate) in E::STATE_GATES.iter().enumerate() {
            add(block, gate, by_state);
        }
    }
    let in_order: Vec<usize> = (0..E::GATES).collect();
    Prepared {
        weight_ih: Packed::of_gates(vectors, weight_ih, &in_order, input_size, width),
        weight_hh: Packed::of_gates(vectors, weight_hh, E::STATE_GATES, output_size, width),
        bias: starts,
        weight_hr: weight_hr.map(|weight| {
            let width = vectors.fill_up(output_size);
            Packed::of_gates(vectors, weight, &[0], hidden_size, width)
        }),
        width,
    }
}
