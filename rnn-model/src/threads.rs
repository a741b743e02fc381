use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The number of threads; 0 before it is set or asked for.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Sets how many threads this crate's kernels for CPUs use, those that call them included.
///
/// It holds for the whole process, from the next call of a kernel on. The threads are the kernels'
/// own; those of a backend (LibTorch's, or rayon's for Burn's `flex`) are set there.
///
/// ```
/// let two = std::num::NonZeroUsize::new(2).expect("not zero");
/// rnn_model::set_threads(two);
/// assert_eq!(rnn_model::threads(), two);
/// ```
pub fn set_threads(threads: NonZeroUsize) {
    THREADS.store(threads.get(), Ordering::Relaxed);
}

/// How many threads this crate's kernels for CPUs use: the number that was
/// [set](set_threads), else that of the environment variable `RAYON_NUM_THREADS`, else one for each
/// processor that is available.
pub fn threads() -> NonZeroUsize {
    let set = || NonZeroUsize::new(THREADS.load(Ordering::Relaxed));
    set().unwrap_or_else(|| {
        let threads = default_threads();
        // Unless another thread was faster.
        let _ = THREADS.compare_exchange(0, threads.get(), Ordering::Relaxed, Ordering::Relaxed);
        set().unwrap_or(threads)
    })
}

fn default_threads() -> NonZeroUsize {
    let variable = std::env::var("RAYON_NUM_THREADS").ok();
    let from_variable = variable.and_then(|number| number.parse().ok());
    from_variable
        .or_else(|| thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}
