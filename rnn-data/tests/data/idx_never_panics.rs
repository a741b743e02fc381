//! Samples cut and changed at every byte, and bytes at random: an error each time, and no panic.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use rnn_data::{Dtype, Idx, IdxData};

fn samples() -> Vec<Idx> {
    vec![
        Idx::new(vec![], vec![5u8]).unwrap(),
        Idx::new(vec![7], vec![-3i8; 7]).unwrap(),
        Idx::new(vec![2, 3], (0..6i16).collect::<Vec<_>>()).unwrap(),
        Idx::new(vec![2, 2, 2], (0..8i32).collect::<Vec<_>>()).unwrap(),
        Idx::new(vec![1, 2, 1, 2], vec![0.5f32, 1.5, -2.5, 3.5]).unwrap(),
        Idx::new(vec![3, 1], vec![1.0f64, 2.0, 3.0]).unwrap(),
    ]
}

#[test]
fn cut_at_every_byte() {
    for idx in samples() {
        for bytes in [idx.to_bytes(), idx.to_gzip().unwrap()] {
            assert_eq!(Idx::decode(&bytes).unwrap(), idx);
            for end in 0..bytes.len() {
                assert!(
                    Idx::decode(&bytes[..end]).is_err(),
                    "{end} of {}",
                    bytes.len()
                );
                assert!(
                    Idx::parse(&bytes[..end]).is_err(),
                    "{end} of {}",
                    bytes.len()
                );
            }
            let longer = [&bytes[..], &[0]].concat();
            assert!(Idx::decode(&longer).is_err());
        }
    }
}

#[test]
fn changed_at_every_bit() {
    for idx in samples() {
        for mut bytes in [idx.to_bytes(), idx.to_gzip().unwrap()] {
            for bit in 0..bytes.len() * 8 {
                bytes[bit / 8] ^= 1 << (bit % 8);
                // Some of these are arrays too; they must be sound.
                if let Ok(changed) = Idx::decode(&bytes) {
                    assert_sound(&changed);
                }
                bytes[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }
}

#[test]
fn random_bytes() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut arrays = 0;
    for round in 0..200_000 {
        let mut bytes = vec![0; (rng.next_u32() % 80) as usize];
        rng.fill_bytes(&mut bytes);
        // Most random bytes fail at the first one. Let some get further.
        let start: &[u8] = match round % 4 {
            0 => &[],
            1 => &[0x1f, 0x8b, 8, 0],
            2 => &[0, 0, 8],
            _ => &[0, 0, 8, 1, 0, 0, 0],
        };
        let len = start.len().min(bytes.len());
        bytes[..len].copy_from_slice(&start[..len]);
        if let Ok(idx) = Idx::decode(&bytes) {
            assert_sound(&idx);
            arrays += 1;
        }
    }
    // Otherwise the rounds above have not come as far as they should.
    assert!(arrays > 10, "{arrays}");
}

#[test]
fn random_arrays_come_back() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..2_000 {
        let rank = rng.next_u32() % 5;
        let shape: Vec<usize> = (0..rank).map(|_| (rng.next_u32() % 6) as usize).collect();
        let len = shape.iter().product();
        let mut bytes = vec![0; len];
        rng.fill_bytes(&mut bytes);
        let data: IdxData = match rng.next_u32() % 3 {
            0 => bytes.into(),
            1 => bytes
                .iter()
                .map(|&b| i32::from(b) << 20)
                .collect::<Vec<_>>()
                .into(),
            _ => bytes
                .iter()
                .map(|&b| 1.0 / f64::from(b))
                .collect::<Vec<_>>()
                .into(),
        };
        let idx = Idx::new(shape, data).unwrap();
        assert_eq!(Idx::decode(&idx.to_bytes()).unwrap(), idx);
        assert_eq!(Idx::decode(&idx.to_gzip().unwrap()).unwrap(), idx);
    }
}

fn assert_sound(idx: &Idx) {
    // The product of 255 lengths overflows, unless the array is empty.
    let len = if idx.shape().contains(&0) {
        0
    } else {
        idx.shape().iter().product()
    };
    assert_eq!(idx.data().len(), len);
    assert!(Dtype::from_code(idx.dtype().code()).is_ok());
}
