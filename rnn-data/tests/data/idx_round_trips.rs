//! Every element type and rank, written and read back, plain and compressed.

use rnn_data::{Dtype, Idx, IdxData};

/// Elements with all their bytes in use, so that a wrong byte order shows.
fn samples(len: usize) -> [IdxData; 6] {
    let n = 0..len as i32;
    [
        IdxData::U8(n.clone().map(|i| (i * 37 + 200) as u8).collect()),
        IdxData::I8(n.clone().map(|i| (i * 37 - 100) as i8).collect()),
        IdxData::I16(n.clone().map(|i| (i * 1237 - 30_000) as i16).collect()),
        IdxData::I32(n.clone().map(|i| i * 76_543_211 - 2_000_000_000).collect()),
        IdxData::F32(n.clone().map(|i| i as f32 * 0.37 - 1.0e-30).collect()),
        IdxData::F64(n.map(|i| f64::from(i) * -0.37e200 + 1.0e-300).collect()),
    ]
}

#[test]
fn all_types_and_ranks_come_back() {
    let shapes: [&[usize]; 9] = [
        &[],
        &[1],
        &[5],
        &[0],
        &[2, 3],
        &[3, 0],
        &[2, 1, 4],
        &[2, 3, 1, 2],
        &[1; 255],
    ];
    for shape in shapes {
        for data in samples(shape.iter().product()) {
            let idx = Idx::new(shape.to_vec(), data).unwrap();
            let bytes = idx.to_bytes();
            let size = idx.data().len() * idx.dtype().size();
            assert_eq!(bytes.len(), 4 + 4 * shape.len() + size);
            assert_eq!(Idx::parse(&bytes).unwrap(), idx, "{shape:?}");
            assert_eq!(Idx::decode(&bytes).unwrap(), idx, "{shape:?}");
            assert_eq!(
                Idx::decode(&idx.to_gzip().unwrap()).unwrap(),
                idx,
                "{shape:?}"
            );
        }
    }
}

/// Written out by hand from the format's description, not by our writer.
#[test]
fn bytes_are_big_endian() {
    let parse = |code: u8, element: &[u8]| {
        let bytes = [&[0, 0, code, 1, 0, 0, 0, 1], element].concat();
        Idx::parse(&bytes).unwrap().into_parts().1
    };
    assert_eq!(parse(0x08, &[0xfe]), IdxData::U8(vec![254]));
    assert_eq!(parse(0x09, &[0xfe]), IdxData::I8(vec![-2]));
    assert_eq!(parse(0x0b, &[0x01, 0x02]), IdxData::I16(vec![258]));
    assert_eq!(
        parse(0x0c, &[0xff, 0xff, 0xff, 0xfe]),
        IdxData::I32(vec![-2])
    );
    assert_eq!(parse(0x0d, &[0x3f, 0xc0, 0, 0]), IdxData::F32(vec![1.5]));
    let double = [0xc0, 0x04, 0, 0, 0, 0, 0, 0];
    assert_eq!(parse(0x0e, &double), IdxData::F64(vec![-2.5]));
}

#[test]
fn the_shape_is_big_endian_too() {
    let mut bytes = vec![0, 0, 0x08, 2, 0, 0, 1, 2, 0, 0, 0, 3];
    bytes.extend([9; 258 * 3]);
    assert_eq!(Idx::parse(&bytes).unwrap().shape(), [258, 3]);
}

#[test]
fn nan_and_infinity_keep_their_bits() {
    let values = vec![f32::NAN, f32::INFINITY, -0.0, f32::from_bits(0x7fa0_0001)];
    let bits: Vec<u32> = values.iter().map(|v| v.to_bits()).collect();
    let back = Idx::parse(&Idx::new(vec![4], values).unwrap().to_bytes()).unwrap();
    let IdxData::F32(back) = back.data() else {
        panic!("{:?}", back.dtype());
    };
    assert_eq!(back.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), bits);
}

#[test]
fn codes_and_sizes_of_the_types() {
    let types = [
        (Dtype::U8, 0x08, 1),
        (Dtype::I8, 0x09, 1),
        (Dtype::I16, 0x0b, 2),
        (Dtype::I32, 0x0c, 4),
        (Dtype::F32, 0x0d, 4),
        (Dtype::F64, 0x0e, 8),
    ];
    for (dtype, code, size) in types {
        assert_eq!((dtype.code(), dtype.size()), (code, size));
        assert_eq!(Dtype::from_code(code).unwrap(), dtype);
    }
}

#[test]
fn compressing_is_repeatable_and_members_may_be_many() {
    let idx = Idx::new(vec![300], vec![7u8; 300]).unwrap();
    assert_eq!(idx.to_gzip().unwrap(), idx.to_gzip().unwrap());

    // `cat a.gz b.gz` is a gzip file of the two contents, one after the other.
    use std::io::Write;
    let bytes = idx.to_bytes();
    let mut joined = Vec::new();
    for part in [&bytes[..3], &bytes[3..100], &[], &bytes[100..]] {
        let mut encoder = flate2::write::GzEncoder::new(&mut joined, flate2::Compression::fast());
        encoder.write_all(part).unwrap();
        encoder.finish().unwrap();
    }
    assert_eq!(Idx::decode(&joined).unwrap(), idx);
}
