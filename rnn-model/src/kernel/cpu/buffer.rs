//! Scratch memory that is used again.
//!
//! A training step keeps megabytes for its backward pass. Memory fresh from the system costs a page
//! fault per 4 KiB, milliseconds per step, so buffers go back to a pool. With what is in use it holds
//! at most what was in use together; what is not wanted for a while it drops.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytemuck::{Pod, Zeroable};

/// A cache line, so that no vector load touches two of them.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

const LINE: usize = 16;

static POOL: Mutex<Pool> = Mutex::new(Pool {
    free: Vec::new(),
    free_lines: 0,
    used_lines: 0,
    most_lines: 0,
    taken: 0,
});

struct Pool {
    /// Those that came back first lie first, each with how many had been taken by then.
    free: Vec<(u64, Vec<Line>)>,
    free_lines: usize,
    used_lines: usize,
    /// In use at one time.
    most_lines: usize,
    /// Buffers taken since the start.
    taken: u64,
}

/// A buffer that was of no use to so many is dropped: some tens of training steps.
const UNWANTED: u64 = 1000;

impl Pool {
    /// A buffer of at least `lines`, without numbers if it is new.
    fn take(&mut self, lines: usize) -> Vec<Line> {
        // One that is much too large would be missed where it fits.
        let fits = |buffer: &Vec<Line>| (lines..=2 * lines).contains(&buffer.capacity());
        let found = (0..self.free.len())
            .filter(|&i| fits(&self.free[i].1))
            .min_by_key(|&i| self.free[i].1.capacity());
        self.taken += 1;
        let buffer = match found {
            Some(i) => {
                let (_, buffer) = self.free.remove(i);
                self.free_lines -= buffer.capacity();
                buffer
            }
            None => Vec::with_capacity(lines),
        };
        self.used_lines += buffer.capacity();
        self.most_lines = self.most_lines.max(self.used_lines);
        self.trim();
        buffer
    }

    fn give_back(&mut self, buffer: Vec<Line>) {
        self.used_lines -= buffer.capacity();
        self.free_lines += buffer.capacity();
        self.free.push((self.taken, buffer));
    }

    /// Drops what has not been wanted for longest, if there is too much or it was too long.
    fn trim(&mut self) {
        while let Some((since, oldest)) = self.free.first() {
            let unwanted = self.taken - since > UNWANTED;
            if !unwanted && self.used_lines + self.free_lines <= self.most_lines {
                break;
            }
            self.free_lines -= oldest.capacity();
            if unwanted {
                // That much is no longer needed at one time.
                let now = self.used_lines + self.free_lines;
                self.most_lines = self.most_lines.min(now).max(self.used_lines);
            }
            self.free.remove(0);
        }
    }
}

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Numbers at the start of a cache line.
pub struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

impl Buffer {
    /// `len` numbers with arbitrary values.
    pub fn new(len: usize) -> Self {
        let needed = len.div_ceil(LINE);
        let mut lines = pool().take(needed);
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

impl Drop for Buffer {
    fn drop(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        pool().give_back(lines);
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
