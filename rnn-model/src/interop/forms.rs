//! Parameters in the other forms in which PyTorch's modules save them.

use std::collections::BTreeMap;

use burn::tensor::TensorData;

/// Takes the parameter `name` out of `tensors`: as it is, as a single cell's, which is called without the
/// number of its layer (`weight_ih` for `weight_ih_l0`), or as the direction and length of each of its
/// rows, from which weight normalisation makes it: `w = g · v / ‖v‖` (Salimans and Kingma 2016).
pub(super) fn take(tensors: &mut BTreeMap<String, TensorData>, name: &str) -> Option<TensorData> {
    names(name).find_map(|name| {
        tensors.remove(name).or_else(|| {
            normalized_names(name)
                .iter()
                .find_map(|[length, direction]| {
                    let weight = normalized(tensors.get(length)?, tensors.get(direction)?)?;
                    tensors.remove(length);
                    tensors.remove(direction);
                    Some(weight)
                })
        })
    })
}

/// Whether the parameter is among the names for which `contains` is true, in one of these forms.
pub(super) fn is_there(name: &str, contains: impl Fn(&str) -> bool) -> bool {
    names(name).any(|name| {
        contains(name)
            || normalized_names(name)
                .iter()
                .any(|pair| pair.iter().all(|name| contains(name)))
    })
}

/// What the name of an entry may end with that is there for a parameter.
pub(super) fn endings(name: &str) -> Vec<String> {
    names(name)
        .flat_map(|name| {
            let normalized = normalized_names(name).map(|[length, _]| length);
            [name.to_owned()].into_iter().chain(normalized)
        })
        .collect()
}

/// What a parameter may be called.
fn names(name: &str) -> impl Iterator<Item = &str> {
    [Some(name), of_cell(name)].into_iter().flatten()
}

/// The name in a cell of a parameter of a layer.
fn of_cell(name: &str) -> Option<&str> {
    let short = name.strip_suffix("_l0")?;
    let last = short.rsplit('.').next()?;
    matches!(last, "weight_ih" | "weight_hh" | "bias_ih" | "bias_hh").then_some(short)
}

/// What the length and the direction of a weight are called, by `torch.nn.utils.weight_norm` and by
/// `torch.nn.utils.parametrizations.weight_norm`.
fn normalized_names(name: &str) -> [[String; 2]; 2] {
    let (parent, last) = match name.rsplit_once('.') {
        Some((parent, last)) => (format!("{parent}."), last),
        None => (String::new(), name),
    };
    [
        [format!("{name}_g"), format!("{name}_v")],
        ["original0", "original1"].map(|part| format!("{parent}parametrizations.{last}.{part}")),
    ]
}

/// `g · v / ‖v‖`, the norm along all axes along which g has one element; none if they do not fit.
fn normalized(g: &TensorData, v: &TensorData) -> Option<TensorData> {
    let shape = v.shape().to_vec();
    // The length of all of it may be a scalar.
    let of_length = match g.shape().len() {
        0 => vec![1; shape.len()],
        _ => g.shape().to_vec(),
    };
    let fits = of_length.len() == shape.len()
        && of_length
            .iter()
            .zip(&shape)
            .all(|(&g, &n)| g == 1 || g == n);
    if !fits || !g.dtype().is_float() || !v.dtype().is_float() {
        return None;
    }
    // Where the elements of v find their length in g.
    let mut stride = vec![0; shape.len()];
    let mut next = 1;
    for (step, &size) in stride.iter_mut().zip(&of_length).rev() {
        *step = if size == 1 { 0 } else { next };
        next *= size;
    }
    let place = |mut element: usize| {
        let axes = shape.iter().zip(&stride).rev();
        axes.fold(0, |place, (&size, &step)| {
            let index = element % size;
            element /= size;
            place + index * step
        })
    };
    let lengths: Vec<f64> = g.iter::<f64>().collect();
    let directions: Vec<f64> = v.iter::<f64>().collect();
    let mut squares = vec![0.0; lengths.len()];
    for (element, x) in directions.iter().enumerate() {
        squares[place(element)] += x * x;
    }
    let weights: Vec<f64> = directions
        .iter()
        .enumerate()
        .map(|(element, x)| {
            let place = place(element);
            x * (lengths[place] / squares[place].sqrt())
        })
        .collect();
    Some(TensorData::new(weights, shape).convert_dtype(v.dtype()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensors(entries: &[(&str, TensorData)]) -> BTreeMap<String, TensorData> {
        let entries = entries.iter();
        entries
            .map(|(name, data)| ((*name).to_owned(), data.clone()))
            .collect()
    }

    #[test]
    fn the_parameters_of_a_cell_are_those_of_a_layer() {
        let bias = TensorData::from([1.0f32, 2.0]);
        let mut there = tensors(&[("rnn.bias_ih", bias.clone()), ("rnn.norm", bias.clone())]);
        assert_eq!(take(&mut there, "rnn.bias_ih_l1"), None);
        assert_eq!(take(&mut there, "rnn.norm_l0"), None);
        assert_eq!(take(&mut there, "rnn.bias_ih_l0"), Some(bias));
        assert_eq!(there.len(), 1);
    }

    #[test]
    fn normalised_weights_are_folded() {
        let v = TensorData::from([[3.0f32, 4.0], [0.0, 2.0]]);
        let rows = TensorData::from([[10.0f32], [1.0]]);
        let columns = TensorData::from([[6.0f32, 20.0]]);
        let root = 20f32.sqrt();
        for (g, expected) in [
            (rows, [[6.0f32, 8.0], [0.0, 1.0]]),
            (
                columns,
                [[6.0, 20.0 * 4.0 / root], [0.0, 20.0 * 2.0 / root]],
            ),
        ] {
            let names = [
                ("rnn.weight_hh_l0_g", "rnn.weight_hh_l0_v"),
                (
                    "rnn.parametrizations.weight_hh_l0.original0",
                    "rnn.parametrizations.weight_hh_l0.original1",
                ),
                ("rnn.weight_hh_g", "rnn.weight_hh_v"),
            ];
            for (length, direction) in names {
                let mut there = tensors(&[(length, g.clone()), (direction, v.clone())]);
                let weight = take(&mut there, "rnn.weight_hh_l0");
                assert_eq!(weight, Some(TensorData::from(expected)), "{length}");
                assert!(there.is_empty(), "{length}");
            }
        }
        // One length of the whole: the norm is the root of 29.
        let whole = TensorData::new(vec![29f32.sqrt()], Vec::<usize>::new());
        let mut there = tensors(&[("w_g", whole), ("w_v", v.clone())]);
        let weight = take(&mut there, "w").expect("a weight");
        weight.assert_approx_eq::<f32>(&v, burn::tensor::Tolerance::default());
    }

    #[test]
    fn lengths_that_do_not_fit_are_left() {
        let v = TensorData::from([[3.0f32, 4.0], [0.0, 2.0]]);
        let mut there = tensors(&[("w_g", TensorData::from([[1.0f32; 3]])), ("w_v", v)]);
        assert_eq!(take(&mut there, "w"), None);
        assert_eq!(there.len(), 2);
    }
}
