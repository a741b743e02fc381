//! Elements of tensors that do not lie in memory in the order of their indices.

/// The most axes of a tensor; PyTorch and NumPy have no more.
pub(super) const MAX_AXES: usize = 64;

/// What elements of `size` bytes take in all; none if a number cannot be that large, of the axes that are not
/// empty alone either.
pub(super) fn byte_length(shape: &[usize], size: usize) -> Option<u64> {
    let of_others = shape
        .iter()
        .try_fold(size, |bytes, &n| bytes.checked_mul(n.max(1)))?;
    match shape.contains(&0) {
        true => Some(0),
        false => Some(of_others as u64),
    }
}

/// The last element of a view, counted from the beginning of what it views; none if a number cannot be that
/// large, or there is no element.
pub(super) fn last_element(offset: usize, shape: &[usize], stride: &[usize]) -> Option<usize> {
    let mut axes = shape.iter().zip(stride);
    axes.try_fold(offset, |at, (&n, &step)| {
        at.checked_add(n.checked_sub(1)?.checked_mul(step)?)
    })
}

/// The elements of a view of `bytes`, `size` bytes each, the last axis moving fastest; `offset` and `stride`
/// are in elements. None if it leaves `bytes`.
pub(super) fn gather(
    bytes: &[u8],
    size: usize,
    offset: usize,
    shape: &[usize],
    stride: &[usize],
) -> Option<Vec<u8>> {
    if shape.len() != stride.len() {
        return None;
    }
    if shape.contains(&0) {
        return Some(Vec::new());
    }
    // Along an axis of one element nothing moves.
    let axes: Vec<(usize, usize)> = shape
        .iter()
        .copied()
        .zip(stride.iter().copied())
        .filter(|&(n, _)| n > 1)
        .collect();
    let count = axes
        .iter()
        .try_fold(1usize, |count, (n, _)| count.checked_mul(*n))?;
    if last_element(offset, shape, stride)? >= bytes.len() / size {
        return None;
    }
    let mut next = 1;
    let is_contiguous = axes.iter().rev().all(|&(n, step)| {
        let is_next = step == next;
        next *= n;
        is_next
    });
    if is_contiguous {
        return Some(bytes[offset * size..][..count * size].to_vec());
    }
    let mut gathered = Vec::with_capacity(count * size);
    let mut index = vec![0; axes.len()];
    let mut at = offset;
    for _ in 0..count {
        gathered.extend_from_slice(&bytes[at * size..][..size]);
        for (i, &(n, step)) in index.iter_mut().zip(&axes).rev() {
            *i += 1;
            if *i < n {
                at += step;
                break;
            }
            *i = 0;
            at -= (n - 1) * step;
        }
    }
    Some(gathered)
}

#[cfg(test)]
mod tests {
    use super::{byte_length, gather};

    #[test]
    fn views_are_gathered_in_order() {
        let bytes: Vec<u8> = (0..12).collect();
        for (offset, shape, stride, expected) in [
            (0, &[3, 2][..], &[2, 1][..], Some(&[0, 1, 2, 3, 4, 5][..])),
            (1, &[2, 3], &[1, 4], Some(&[1, 5, 9, 2, 6, 10])),
            (4, &[2, 1, 2], &[0, 9, 3], Some(&[4, 7, 4, 7])),
            (3, &[], &[], Some(&[3])),
            (0, &[0, 5], &[1, 1], Some(&[])),
            (8, &[4], &[1], Some(&[8, 9, 10, 11])),
            (9, &[4], &[1], None),
            (12, &[], &[], None),
            (0, &[2], &[1, 1], None),
            (usize::MAX, &[2], &[1], None),
            (0, &[usize::MAX, 3], &[0, usize::MAX], None),
        ] {
            let found = gather(&bytes, 1, offset, shape, stride);
            assert_eq!(found.as_deref(), expected, "{offset} {shape:?} {stride:?}");
        }
        assert_eq!(byte_length(&[2, 3], 4), Some(24));
        assert_eq!(byte_length(&[2, 0, 3], 4), Some(0));
        assert_eq!(byte_length(&[usize::MAX, 3, 0], 1), None);
        // Elements of two bytes.
        let found = gather(&bytes, 2, 0, &[2, 2], &[1, 2]);
        assert_eq!(found, Some(vec![0, 1, 4, 5, 2, 3, 6, 7]));
    }
}
