use crate::kernel::cpu::packed::Packed;
use crate::kernel::cpu::recurrent::equations::Equations;
use crate::kernel::cpu::recurrent::inputs::Inputs;
use crate::kernel::cpu::vectors::Vectors;

/// Weights as the backward pass reads them.
pub struct Transposed {
    /// `[gates·width, input_size]`, if the input's gradient is wanted.
    pub weight_ih: Option<Packed>,
    /// `[gates·width, output_size]`
    pub weight_hh: Packed,
    /// `[output_size, hidden_size]`
    pub weight_hr: Option<Packed>,
}

impl Transposed {
    /// Those of all directions.
    ///
    /// - `input`: whether the input's gradient is wanted
    pub fn of<E: Equations>(
        vectors: Vectors,
        inputs: &Inputs<'_>,
        width: usize,
        input: bool,
    ) -> Vec<Self> {
        let [_, _, input_size] = inputs.input.shape();
        let [_, _, output_size] = inputs.h_0.shape();
        let in_order: Vec<usize> = (0..E::GATES).collect();
        let of = |weights, gates: &[usize], columns| {
            Packed::by_gates(vectors, weights, gates, columns, width)
        };
        let transposed = inputs.directions.iter().map(|direction| Self {
            weight_ih: input.then(|| of(direction.weight_ih, &in_order, input_size)),
            weight_hh: of(direction.weight_hh, E::STATE_GATES, output_size),
            weight_hr: direction.weight_hr.map(|weight| {
                let hidden_size = weight.len() / output_size;
                Packed::by_gates(vectors, weight, &[0], hidden_size, output_size)
            }),
        });
        transposed.collect()
    }
}
