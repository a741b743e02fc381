//! How often the kernels ran on this thread, for tests: nothing may fall back unnoticed.

use std::cell::Cell;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static PREPARATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Counts a call of the layers' kernel.
pub fn count_call() {
    CALLS.set(CALLS.get() + 1);
}

/// Counts a layer whose weights are packed.
pub fn count_preparation() {
    PREPARATIONS.set(PREPARATIONS.get() + 1);
}

/// Calls of the layers' kernel so far.
pub fn calls() -> usize {
    CALLS.get()
}

/// Layers whose weights were packed so far.
pub fn preparations() -> usize {
    PREPARATIONS.get()
}
