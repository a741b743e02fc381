//! Sequences in memory: a row of features for each step of each sequence.
//!
//! Threads share a batch by taking some of its sequences each, so the rows of one thread lie between
//! those of another. That is more than a slice can say; [`Rows`] and [`RowsMut`] are the slices, shared
//! and exclusive, of rows that lie apart.

use std::marker::PhantomData;
use std::ops::Range;
use std::slice;

use super::buffer::Buffer;

/// Where rows lie: `[time, batch, width]`, the numbers of a row side by side.
#[derive(Clone, Copy)]
struct Layout {
    time: usize,
    batch: usize,
    width: usize,
    /// From a step to the next, and from a sequence to the next.
    strides: [usize; 2],
}

impl Layout {
    fn contiguous([time, batch, width]: [usize; 3]) -> Self {
        Self {
            time,
            batch,
            width,
            strides: [batch * width, width],
        }
    }

    /// # Panics
    ///
    /// If the last row ends beyond `len` numbers.
    fn check(&self, len: usize) {
        if self.time * self.batch > 0 {
            let [step, sequence] = self.strides;
            let end = || {
                let steps = (self.time - 1).checked_mul(step)?;
                let sequences = (self.batch - 1).checked_mul(sequence)?;
                steps.checked_add(sequences)?.checked_add(self.width)
            };
            assert!(end().is_some_and(|end| end <= len), "rows out of memory");
        }
    }

    #[inline(always)]
    fn offset(&self, step: usize, sequence: usize) -> usize {
        assert!(step < self.time && sequence < self.batch, "no such row");
        step * self.strides[0] + sequence * self.strides[1]
    }

    /// From each row to the next, step by step; none if these distances differ.
    fn distance(&self) -> Option<usize> {
        let [step, sequence] = self.strides;
        match (self.time, self.batch) {
            (_, 1) => Some(step),
            (1, _) => Some(sequence),
            (_, batch) => (step == batch * sequence).then_some(sequence),
        }
    }
}

/// Rows to read.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// The first row.
    start: *const f32,
    layout: Layout,
    memory: PhantomData<&'a [f32]>,
}

// SAFETY: it stands for shared slices, which may go to other threads.
unsafe impl Send for Rows<'_> {}
// SAFETY: as above.
unsafe impl Sync for Rows<'_> {}

impl<'a> Rows<'a> {
    /// `[time, batch, width]` rows with the given distances between steps and between sequences.
    ///
    /// # Panics
    ///
    /// If a row lies outside of `data`.
    pub fn new(data: &'a [f32], [time, batch, width]: [usize; 3], strides: [usize; 2]) -> Self {
        let layout = Layout {
            time,
            batch,
            width,
            strides,
        };
        layout.check(data.len());
        Self {
            start: data.as_ptr(),
            layout,
            memory: PhantomData,
        }
    }

    /// Rows one after another, step by step.
    pub fn contiguous(data: &'a [f32], shape: [usize; 3]) -> Self {
        Self::new(data, shape, Layout::contiguous(shape).strides)
    }

    /// `[time, batch, width]`
    pub fn shape(&self) -> [usize; 3] {
        [self.layout.time, self.layout.batch, self.layout.width]
    }

    #[inline(always)]
    pub fn row(&self, step: usize, sequence: usize) -> &'a [f32] {
        let offset = self.layout.offset(step, sequence);
        // SAFETY: `offset` panics unless it is one of our rows.
        unsafe { slice::from_raw_parts(self.start.add(offset), self.layout.width) }
    }

    /// The same rows at equal distances, as one step: as they lie, or copied into `copy`.
    pub fn evenly<'b>(&self, copy: &'b mut Option<Buffer>) -> Rows<'b>
    where
        'a: 'b,
    {
        let [time, batch, width] = self.shape();
        match self.layout.distance() {
            Some(distance) => {
                let mut even = *self;
                even.layout.time = 1;
                even.layout.batch = time * batch;
                even.layout.strides = [0, distance];
                even
            }
            None => {
                let positions = (0..time * batch).map(|i| [i / batch, i % batch]);
                let copy = copy.insert(self.gather(time * batch, positions));
                Rows::contiguous(copy, [1, time * batch, width])
            }
        }
    }

    /// Some rows, one after another.
    pub fn gather(&self, count: usize, positions: impl Iterator<Item = [usize; 2]>) -> Buffer {
        let width = self.layout.width;
        let mut all = Buffer::new(count * width);
        for ([step, sequence], row) in positions.zip(all.chunks_exact_mut(width.max(1))) {
            row.copy_from_slice(self.row(step, sequence));
        }
        all
    }

    /// Where the first row starts and how far the next ones are, if these distances are equal.
    pub fn start_and_distance(&self) -> Option<(*const f32, usize)> {
        Some((self.start, self.layout.distance()?))
    }

    /// Some of the columns.
    pub fn columns(&self, columns: Range<usize>) -> Self {
        let is_there = columns.start <= columns.end && columns.end <= self.layout.width;
        assert!(is_there, "no such columns");
        let mut part = *self;
        part.layout.width = columns.len();
        part.start = part.start.wrapping_add(columns.start);
        part
    }

    /// Some of the steps.
    pub fn steps(&self, steps: Range<usize>) -> Self {
        let mut part = *self;
        part.layout.time = steps.len();
        if !steps.is_empty() {
            assert!(steps.end <= self.layout.time, "no such steps");
            // SAFETY: the first row of a step that is there.
            part.start = unsafe { self.start.add(self.layout.offset(steps.start, 0)) };
        }
        part
    }

    /// Takes the first `count` sequences off.
    pub fn take_sequences(&mut self, count: usize) -> Self {
        assert!(count <= self.layout.batch, "no such sequences");
        let mut first = *self;
        first.layout.batch = count;
        self.layout.batch -= count;
        self.start = self.start.wrapping_add(count * self.layout.strides[1]);
        first
    }
}

/// Rows to write: those of some sequences. Others of the same memory may be written by other threads
/// at the same time.
pub struct RowsMut<'a> {
    start: *mut f32,
    layout: Layout,
    memory: PhantomData<&'a mut [f32]>,
}

// SAFETY: it stands for exclusive slices, which may go to another thread.
unsafe impl Send for RowsMut<'_> {}

impl<'a> RowsMut<'a> {
    /// Rows one after another, step by step.
    ///
    /// # Panics
    ///
    /// If a row lies outside of `data`.
    pub fn new(data: &'a mut [f32], shape: [usize; 3]) -> Self {
        let layout = Layout::contiguous(shape);
        layout.check(data.len());
        Self {
            start: data.as_mut_ptr(),
            layout,
            memory: PhantomData,
        }
    }

    /// Takes the first `count` sequences off.
    pub fn take_sequences(&mut self, count: usize) -> Self {
        assert!(count <= self.layout.batch, "no such sequences");
        let mut first = self.same();
        first.layout.batch = count;
        self.layout.batch -= count;
        self.start = self.start.wrapping_add(count * self.layout.strides[1]);
        first
    }

    /// Takes the first `count` steps off.
    pub fn take_steps(&mut self, count: usize) -> Self {
        assert!(count <= self.layout.time, "no such steps");
        let mut first = self.same();
        first.layout.time = count;
        self.layout.time -= count;
        self.start = self.start.wrapping_add(count * self.layout.strides[0]);
        first
    }

    /// Takes the first `count` columns of all rows off.
    pub fn take_columns(&mut self, count: usize) -> Self {
        assert!(count <= self.layout.width, "no such columns");
        let mut first = self.same();
        first.layout.width = count;
        self.layout.width -= count;
        self.start = self.start.wrapping_add(count);
        first
    }

    /// The same rows again. Invariant: the caller makes the two disjoint before either is used.
    fn same(&self) -> Self {
        Self {
            start: self.start,
            layout: self.layout,
            memory: PhantomData,
        }
    }

    /// `[time, batch, width]`
    pub fn shape(&self) -> [usize; 3] {
        [self.layout.time, self.layout.batch, self.layout.width]
    }

    #[inline(always)]
    pub fn row_mut(&mut self, step: usize, sequence: usize) -> &mut [f32] {
        let offset = self.layout.offset(step, sequence);
        // SAFETY: `offset` panics unless it is one of our rows, which no other part has.
        unsafe { slice::from_raw_parts_mut(self.start.add(offset), self.layout.width) }
    }

    /// All rows of one step, to read, and of another, to write.
    pub fn two_steps(&mut self, from: usize, to: usize) -> (Rows<'_>, RowsMut<'_>) {
        self.same().into_two_steps(from, to)
    }

    /// As [`two_steps`](Self::two_steps), for as long as the memory is there.
    pub fn into_two_steps(self, from: usize, to: usize) -> (Rows<'a>, RowsMut<'a>) {
        assert_ne!(from, to, "a step can't be read and written");
        let step = |step: usize| {
            let rows = self.as_rows().steps(step..step + 1);
            (rows.start, rows.layout)
        };
        let ((from, layout), (to, _)) = (step(from), step(to));
        // Different steps have different rows.
        let from = Rows {
            start: from,
            layout,
            memory: PhantomData,
        };
        let to = RowsMut {
            start: to.cast_mut(),
            layout,
            memory: PhantomData,
        };
        (from, to)
    }

    /// The same rows, to read.
    pub fn as_rows(&self) -> Rows<'_> {
        Rows {
            start: self.start,
            layout: self.layout,
            memory: PhantomData,
        }
    }

    /// Some of the steps.
    pub fn steps(&mut self, steps: Range<usize>) -> RowsMut<'_> {
        RowsMut {
            start: self.as_rows().steps(steps.clone()).start.cast_mut(),
            layout: Layout {
                time: steps.len(),
                ..self.layout
            },
            memory: PhantomData,
        }
    }
}
