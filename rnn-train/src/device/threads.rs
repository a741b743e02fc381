use std::num::NonZeroUsize;

use super::error::DeviceError;

/// Sets how many threads the CPU backends use (`ndarray` in its kernels alone) and returns the
/// number; without `threads`, as many as there are processors, or `RAYON_NUM_THREADS`. Call it
/// once, before the first tensor.
///
/// # Errors
///
/// If `threads` is 0 or the pool of threads is already running.
pub fn set_threads(threads: Option<usize>) -> Result<usize, DeviceError> {
    if let Some(threads) = threads {
        let fail = |reason: String| DeviceError::Threads { threads, reason };
        let number =
            NonZeroUsize::new(threads).ok_or_else(|| fail("at least 1 is needed".to_owned()))?;
        // For the operations of Burn's `flex`.
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|error| fail(error.to_string()))?;
        rnn_model::set_threads(number);
    }
    let threads = rnn_model::threads().get();
    #[cfg(feature = "tch")]
    tch::set_num_threads(threads as i32);
    Ok(threads)
}
