//! Work over threads: the caller's, and as many of rayon's as make up the number that rayon was given.
//!
//! A sequence's kernel runs for a fraction of a millisecond, and waking a thread that sleeps can take a
//! tenth of one. So helpers look for more work for a while before they go back to rayon, and do rayon's
//! other work in that time. Whoever posts a job works on it too and depends on nobody: parts that no
//! helper has taken it does itself.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{hint, thread};

/// How long a helper looks for more work.
const LINGER: Duration = Duration::from_micros(500);

/// Jobs whose parts are not all taken.
static JOBS: Mutex<Vec<Arc<Job>>> = Mutex::new(Vec::new());
static POSTED: AtomicUsize = AtomicUsize::new(0);
/// Threads that look for jobs.
static HELPERS: AtomicUsize = AtomicUsize::new(0);
/// Looks of a waiting thread between those at the clock and at the other threads' needs: about ten
/// microseconds.
const LOOKS: usize = 400;

/// How many parts a batch is cut into, and where they end. Each part is a thread's, from the first
/// step to the last: threads that never wait for each other lose nothing to a slow one in between.
///
/// - `work`: multiplications of all sequences together
pub fn parts(batch: usize, work: usize) -> Vec<usize> {
    /// Multiplications that take about as long as it takes to hand over a part.
    const WORTH_A_THREAD: usize = 1 << 20;
    let most = rayon::current_num_threads().min(batch);
    let parts = (work / WORTH_A_THREAD).clamp(1, most.max(1));
    (1..=parts).map(|part| batch * part / parts).collect()
}

/// Runs `work` on each part, on several threads.
///
/// # Panics
///
/// If `work` does, after all parts are done.
pub fn run<P: Send>(parts: Vec<P>, work: impl Fn(P) + Sync) {
    if parts.len() < 2 {
        return parts.into_iter().for_each(work);
    }
    let parts: Vec<_> = parts
        .into_iter()
        .map(|part| Mutex::new(Some(part)))
        .collect();
    let take = |i: usize| {
        let part = lock(&parts[i]).take();
        part.into_iter().for_each(&work);
    };
    let work: &(dyn Fn(usize) + Sync) = &take;
    // SAFETY: only the lifetime changes. The job is called for parts that were taken and not yet
    // finished, and `finish` below returns when all were taken and all are finished.
    let work: &'static (dyn Fn(usize) + Sync) = unsafe { std::mem::transmute(work) };
    let job = Arc::new(Job {
        work,
        parts: parts.len(),
        taken: AtomicUsize::new(0),
        finished: AtomicUsize::new(0),
        panicked: AtomicBool::new(false),
    });
    lock(&JOBS).push(job.clone());
    POSTED.fetch_add(1, Ordering::SeqCst);
    let wanted = rayon::current_num_threads().min(job.parts) - 1;
    while HELPERS.load(Ordering::SeqCst) < wanted {
        HELPERS.fetch_add(1, Ordering::SeqCst);
        rayon::spawn(help);
    }
    job.finish();
}

struct Job {
    work: &'static (dyn Fn(usize) + Sync),
    parts: usize,
    taken: AtomicUsize,
    finished: AtomicUsize,
    panicked: AtomicBool,
}

impl Job {
    fn is_open(&self) -> bool {
        self.taken.load(Ordering::Relaxed) < self.parts
    }

    /// Works on parts until all are taken.
    fn help(&self) {
        loop {
            let part = self.taken.fetch_add(1, Ordering::Relaxed);
            if part >= self.parts {
                return;
            }
            let done = panic::catch_unwind(AssertUnwindSafe(|| (self.work)(part)));
            if done.is_err() {
                self.panicked.store(true, Ordering::Relaxed);
            }
            self.finished.fetch_add(1, Ordering::Release);
        }
    }

    /// Works on parts until all are finished.
    fn finish(self: Arc<Self>) {
        self.help();
        lock(&JOBS).retain(|job| !Arc::ptr_eq(job, &self));
        POSTED.fetch_sub(1, Ordering::SeqCst);
        let is_finished = || self.finished.load(Ordering::Acquire) == self.parts;
        while !is_finished() {
            if (0..LOOKS).all(|_| {
                hint::spin_loop();
                !is_finished()
            }) {
                // Whoever has the last part may be in need of this processor.
                thread::yield_now();
            }
        }
        assert!(!self.panicked.load(Ordering::Relaxed), "a thread panicked");
    }
}

/// A thread that looks for jobs.
fn help() {
    let mut until = Instant::now() + LINGER;
    loop {
        // Most looks are at a number alone.
        for _ in 0..LOOKS {
            if POSTED.load(Ordering::Relaxed) > 0
                && let Some(job) = open_job()
            {
                job.help();
                until = Instant::now() + LINGER;
            }
            hint::spin_loop();
        }
        if Instant::now() < until {
            if rayon::yield_now() == Some(rayon::Yield::Idle) {
                thread::yield_now();
            }
        } else {
            HELPERS.fetch_sub(1, Ordering::SeqCst);
            // A job that was posted before that counted on this thread.
            if open_job().is_none() {
                return;
            }
            HELPERS.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn open_job() -> Option<Arc<Job>> {
    lock(&JOBS).iter().find(|job| job.is_open()).cloned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
