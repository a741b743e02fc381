//! The numbers that golden/generate.py computes from tensors' names instead of storing them.

use burn::tensor::TensorData;

/// How many elements of a large tensor a golden file holds.
const PICKED: usize = 200;

/// Integers that follow from a name: SplitMix64 from its FNV-1a hash.
fn seeded_bits(name: &str) -> impl Iterator<Item = u64> {
    let seed = name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3)
    });
    (1u64..).map(move |i| {
        let z = seed.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

/// Numbers between `-scale` and `scale`.
pub fn formula(name: &str, shape: &[usize], scale: f32) -> TensorData {
    let len = shape.iter().product();
    // 24 bits are a float exactly.
    let number = |bits: u64| ((bits >> 40) as f32 / (1 << 23) as f32 - 1.0) * scale;
    let numbers: Vec<f32> = seeded_bits(name).map(number).take(len).collect();
    TensorData::new(numbers, shape.to_vec())
}

/// The elements of a large tensor that a golden file holds.
pub fn picked(name: &str, of: &TensorData) -> TensorData {
    let numbers: Vec<f32> = of.iter().collect();
    let places = seeded_bits(name).take(PICKED);
    let picked = places.map(|bits| numbers[(bits % numbers.len() as u64) as usize]);
    TensorData::new(picked.collect::<Vec<_>>(), [PICKED])
}

/// The sum of all elements and that of their magnitudes.
pub fn sums(of: &TensorData) -> [f64; 2] {
    let sum = |f: fn(f64) -> f64| of.iter::<f64>().map(f).sum();
    [sum(|x| x), sum(f64::abs)]
}
