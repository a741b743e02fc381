//! The kernels on every instruction set of this processor, against the equations written down plainly
//! in 64-bit numbers. Gradients are held against differences of the plain loss along random directions,
//! in which every number of a tensor takes part.

mod case;
mod models;

use pulp::Arch;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};

use self::case::{CELLS, Case, Cell, Shape, draw, name};
use super::recurrent::cut;

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

/// What is chosen at run time is among them.
#[test]
fn the_instruction_set_of_this_processor_is_tested() {
    let chosen = format!("{:?}", Arch::new());
    let all: Vec<_> = instruction_sets()
        .iter()
        .map(|a| format!("{a:?}"))
        .collect();
    assert_eq!(all.last(), Some(&chosen), "{all:?}");
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
            // One sequence as long as the parts of several threads together.
            let mut uneven = vec![1; batch];
            uneven[batch - 1] = time;
            for lengths in [shape.lengths.clone(), Some(uneven), None] {
                let shape = Shape {
                    lengths,
                    ..shape.clone()
                };
                check(shape, &mut rng);
            }
        }
    }
}

/// Few sequences, weights that threads share.
#[test]
fn large_layers_over_few_sequences_are_too() {
    let mut rng = StdRng::seed_from_u64(7);
    for cell in CELLS {
        for directions in [1, 2] {
            let shape = Shape {
                time: 4,
                batch: 1 + directions,
                input_size: 5,
                proj_size: None,
                lengths: None,
                directions,
                ..any(cell, 530, &mut rng)
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
        let all = instruction_sets();
        let run = |case: &Case| all.iter().map(|&arch| case.fused_by_cell(arch)).collect();
        let clean: Vec<_> = run(&case);
        let features = case.shape.input_size;
        for (sequence, ends) in [(0, 2), (2, 1)] {
            for step in ends..4 {
                case.tensors[0][(step * 3 + sequence) * features..][..features].fill(f32::NAN);
            }
        }
        let found: Vec<_> = run(&case);
        assert_eq!(found, clean, "{:?}", case.shape);
    }
}

#[test]
fn a_batch_is_cut_where_its_steps_are() {
    let cases: [(&[usize], usize, &[usize]); 6] = [
        (&[5, 5, 5, 5], 2, &[2, 4]),
        (&[1, 40], 2, &[2]),
        (&[40, 1], 2, &[1, 2]),
        (&[100, 1, 1, 1], 4, &[1, 2, 3, 4]),
        (&[1, 1, 1, 100], 4, &[4]),
        (&[3], 1, &[1]),
    ];
    for (lengths, parts, expected) in cases {
        assert_eq!(cut(lengths, parts), expected, "{lengths:?} into {parts}");
    }
}
