//! Scratch memory that is used again.
//!
//! A training step keeps megabytes for its backward pass. Memory fresh from the system costs a page
//! fault per 4 KiB, milliseconds per step, so buffers go back to a pool. It holds at most what was in
//! use at one time.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use bytemuck::{Pod, Zeroable};

/// A cache line, so that no vector load touches two of them.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

const LINE: usize = 16;

static POOL: Mutex<Vec<Vec<Line>>> = Mutex::new(Vec::new());

/// Numbers at the start of a cache line.
pub struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

impl Buffer {
    /// `len` numbers, whichever.
    pub fn new(len: usize) -> Self {
        let needed = len.div_ceil(LINE);
        let mut lines = take(needed);
        // Only what is beyond the lines that were used before is written.
        lines.resize(needed.max(lines.len()), Line::zeroed());
        Self { lines, len }
    }

    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let mut buffer = Self::new(len);
        buffer.fill(0.0);
        buffer
    }
}

/// The smallest buffer of the pool that is large enough. If there is none, a new one, and the largest
/// of the pool is dropped for it: it would be too small next time too.
fn take(lines: usize) -> Vec<Line> {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let fits = |buffer: &Vec<Line>| buffer.capacity() >= lines;
    let found = (0..pool.len())
        .filter(|&i| fits(&pool[i]))
        .min_by_key(|&i| pool[i].capacity());
    if let Some(i) = found {
        return pool.swap_remove(i);
    }
    if let Some(i) = (0..pool.len()).max_by_key(|&i| pool[i].capacity()) {
        pool.swap_remove(i);
    }
    drop(pool);
    Vec::with_capacity(lines)
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        POOL.lock().unwrap_or_else(PoisonError::into_inner).push(lines);
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}
