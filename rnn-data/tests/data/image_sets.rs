//! Views of a set, and what makes one.

use rnn_data::{DatasetError, Idx, ImageSet};

/// Ten pictures of two rows and three columns; picture `i` is all `i`, of class `i % 3`.
fn set() -> ImageSet {
    let pixels = (0..60).map(|i| i / 6).collect();
    let labels = (0..10).map(|i| i % 3).collect();
    ImageSet::new(2, 3, pixels, labels, 3).unwrap()
}

fn labels(set: &ImageSet) -> Vec<u8> {
    set.labels().to_vec()
}

#[test]
fn pictures_and_labels() {
    let set = set();
    assert_eq!(
        (set.len(), set.rows(), set.cols(), set.num_classes()),
        (10, 2, 3, 3)
    );
    assert!(!set.is_empty());
    assert_eq!(set.image(9), [9; 6]);
    assert_eq!(set.label(8), 2);
    assert_eq!(set.class_counts(), [4, 3, 3]);
    assert_eq!(set.iter().len(), 10);
    for (i, (image, label)) in set.iter().enumerate() {
        assert_eq!((image, label), (set.image(i), set.label(i)));
    }
}

#[test]
fn views_share_memory() {
    let set = set();
    let part = set.slice(2..8).slice(1..4);
    assert_eq!(part.len(), 3);
    assert_eq!(part.image(0), [3; 6]);
    assert_eq!(labels(&part), [0, 1, 2]);
    assert_eq!(part.pixels().as_ptr(), set.image(3).as_ptr());
    // A part is equal to a set of its own with the same pictures.
    let (images, classes) = part.to_idx().unwrap();
    assert_eq!(ImageSet::from_idx(images, classes, 3).unwrap(), part);
    assert_ne!(set.slice(0..3), set.slice(3..6));
}

#[test]
fn taking_and_splitting() {
    let set = set();
    assert_eq!(set.take(4).len(), 4);
    assert_eq!(set.take(99), set);
    assert!(set.take(0).is_empty());
    let lengths = |(a, b): (ImageSet, ImageSet)| (a.len(), b.len());
    assert_eq!(lengths(set.split_at(7)), (7, 3));
    assert_eq!(lengths(set.split_at(99)), (10, 0));
    assert_eq!(lengths(set.split_off(0.1)), (9, 1));
    assert_eq!(lengths(set.split_off(0.25)), (7, 3));
    assert_eq!(lengths(set.split_off(-1.0)), (10, 0));
    assert_eq!(lengths(set.split_off(2.0)), (0, 10));
    assert_eq!(lengths(set.split_off(f64::NAN)), (10, 0));
    assert_eq!(set.split_off(0.2).1.image(0), [8; 6]);
}

#[test]
#[should_panic(expected = "slice 3..11 of a set of 10 pictures")]
fn a_slice_past_the_end() {
    set().slice(3..11);
}

#[test]
#[should_panic]
fn a_view_ends_where_it_ends() {
    set().take(3).image(3);
}

#[test]
fn parts_that_make_no_set() {
    let new = |rows, cols, pixels: usize, labels: Vec<u8>| {
        ImageSet::new(rows, cols, vec![0; pixels], labels, 10).unwrap_err()
    };
    assert!(matches!(
        new(2, 2, 0, vec![]),
        DatasetError::Empty { shape: [0, 2, 2] }
    ));
    assert!(matches!(new(0, 2, 0, vec![1]), DatasetError::Empty { .. }));
    assert!(matches!(
        new(2, 2, 9, vec![1, 2]),
        DatasetError::PixelCount { found: 9, .. }
    ));
    assert!(matches!(
        new(usize::MAX, 2, 8, vec![1]),
        DatasetError::PixelCount { .. }
    ));
    assert!(matches!(
        new(2, 2, 8, vec![1]),
        DatasetError::Count {
            images: 2,
            labels: 1
        }
    ));
    assert!(matches!(
        new(2, 2, 8, vec![1, 10]),
        DatasetError::Label { index: 1, .. }
    ));
}

#[test]
fn a_label_beyond_the_classes_is_named() {
    let mut labels = vec![3u8; 20];
    labels[17] = 10;
    let bytes = Idx::new(vec![20], labels.clone()).unwrap().to_bytes();
    let error = ImageSet::new(1, 1, vec![0; 20], labels.clone(), 10).unwrap_err();
    assert!(matches!(
        error,
        DatasetError::Label {
            index: 17,
            offset: 25,
            num_classes: 10,
            found: 10,
        }
    ));
    // The offset is where the byte is in a file.
    assert_eq!(bytes[25], 10);
    assert_eq!(
        error.to_string(),
        "label 17 at byte 25: expected a class below 10, found 10"
    );

    let set = ImageSet::new(1, 1, vec![0; 20], labels, 11).unwrap();
    assert_eq!(
        set.clone().with_num_classes(256).unwrap().num_classes(),
        256
    );
    assert!(matches!(
        set.clone().with_num_classes(10),
        Err(DatasetError::Label { index: 17, .. })
    ));
    // Only the pictures of this view count.
    assert!(set.take(17).with_num_classes(10).is_ok());
}

#[test]
fn a_part_is_written_without_the_rest() {
    let (images, labels) = set().slice(4..6).to_idx().unwrap();
    assert_eq!(images.shape(), [2, 2, 3]);
    assert_eq!(labels, Idx::new(vec![2], vec![1u8, 2]).unwrap());
    // An empty part can be written, but is no set.
    let (images, labels) = set().take(0).to_idx().unwrap();
    let error = ImageSet::from_idx(images, labels, 3).unwrap_err();
    assert!(matches!(error, DatasetError::Empty { shape: [0, 2, 3] }));
}
