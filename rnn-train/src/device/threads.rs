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
        if threads == 0 {
            return Err(fail("at least 1 is needed".to_owned()));
        }
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|error| fail(error.to_string()))?;
    }
    let threads = rayon::current_num_threads();
    #[cfg(feature = "tch")]
    tch::set_num_threads(threads as i32);
    Ok(threads)
}
