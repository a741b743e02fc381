//! Work over threads: the caller's and helpers, together at most [`threads`](crate::threads::threads).
//!
//! Callers that are here at the same time share that number: each has helpers for its part of it, and
//! from as many callers on as there may be threads, none has any. What a job's parts are does not depend
//! on it, so that results have the same bits however many callers there are.
//!
//! A sequence's kernel runs for a fraction of a millisecond, and to wake a thread that sleeps can take a
//! tenth of one. So helpers look for more work for a while before they sleep. The thread that posts a
//! job works on it too and depends on no other: it works itself on the parts that no helper has taken.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{hint, mem, thread};

use smallvec::SmallVec;

use crate::threads::threads;

/// How long a helper looks for more work.
const LINGER: Duration = Duration::from_micros(500);
/// Looks of a waiting thread between those at the clock and at other threads' needs: about ten
/// microseconds.
const LOOKS: usize = 400;

static HELPERS: Mutex<Helpers> = Mutex::new(Helpers {
    jobs: Vec::new(),
    threads: 0,
    asleep: 0,
});
static WAKE: Condvar = Condvar::new();
/// Places for helpers in the jobs that are posted: what helpers look at, without a lock. It is changed
/// with one.
static PLACES: AtomicUsize = AtomicUsize::new(0);
/// Threads that are in [`run`] with several parts.
static CALLERS: AtomicUsize = AtomicUsize::new(0);

struct Helpers {
    jobs: Vec<Arc<Job>>,
    threads: usize,
    asleep: usize,
}

impl Helpers {
    /// A job that has a part and a place for a helper, which the one that asks now takes.
    fn join_job(&self) -> Option<Arc<Job>> {
        let job = self.jobs.iter().find(|job| job.is_open())?;
        job.places.fetch_sub(1, Ordering::Relaxed);
        PLACES.fetch_sub(1, Ordering::Relaxed);
        Some(job.clone())
    }
}

/// A caller, as long as it works.
struct Caller;

impl Caller {
    /// With the number of callers that there are now.
    fn enter() -> (Self, usize) {
        (Self, CALLERS.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        CALLERS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Multiplications that take about as long as it takes to hand over a part.
const WORTH_A_THREAD: usize = 1 << 20;

/// So many parts take no memory.
pub const MOST_INLINE: usize = 4;

/// How many parts a batch is cut into, and where they end. Each part is a thread's, from the first
/// step to the last: threads that never wait for each other lose nothing to a slow one in between. The
/// first part is not larger than the others.
///
/// - `work`: multiplications of all sequences together
/// - `beside`: how many batches are done at the same time
pub fn parts(batch: usize, work: usize, beside: usize) -> SmallVec<[usize; MOST_INLINE]> {
    let most = threads().get().div_ceil(beside).min(batch);
    let parts = (work / WORTH_A_THREAD).clamp(1, most.max(1));
    (1..=parts).map(|part| batch * part / parts).collect()
}

/// Runs `work` on each part, on several threads.
///
/// # Panics
///
/// If `work` does, with what it panicked with first, after all parts are done.
pub fn run<P: Send>(parts: Vec<P>, work: impl Fn(P) + Sync) {
    if parts.len() < 2 {
        return parts.into_iter().for_each(work);
    }
    let (_caller, callers) = Caller::enter();
    let helpers = helpers_for(parts.len(), callers);
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
    // finished, and `finish` below returns when all were taken and all are finished. Nothing unwinds
    // before it.
    let work: &'static (dyn Fn(usize) + Sync) = unsafe { mem::transmute(work) };
    let job = Arc::new(Job {
        work,
        parts: parts.len(),
        helpers,
        places: AtomicUsize::new(helpers),
        taken: AtomicUsize::new(0),
        finished: AtomicUsize::new(0),
        panic: Mutex::new(None),
    });
    job.post();
    job.finish();
}

/// How many helpers a job of so many parts has, if so many callers share the threads.
fn helpers_for(parts: usize, callers: usize) -> usize {
    let share = threads().get() / callers;
    share.min(parts).saturating_sub(1)
}

/// The same for parts that there are anyway: on the caller's thread alone if it is little work.
///
/// - `multiplications`: of all parts together
pub fn run_if_worth<P: Send>(parts: Vec<P>, multiplications: usize, work: impl Fn(P) + Sync) {
    match are_worth(multiplications) {
        true => run(parts, work),
        false => parts.into_iter().for_each(work),
    }
}

/// Whether so many multiplications are worth more than one thread, and there are more.
pub fn are_worth(multiplications: usize) -> bool {
    multiplications / 2 >= WORTH_A_THREAD && threads().get() > 1
}

struct Job {
    work: &'static (dyn Fn(usize) + Sync),
    parts: usize,
    /// The most helpers.
    helpers: usize,
    /// Helpers that may still join; changed under the lock of [`HELPERS`].
    places: AtomicUsize,
    taken: AtomicUsize,
    finished: AtomicUsize,
    /// What the first part to panic panicked with.
    panic: Mutex<Option<Payload>>,
}

type Payload = Box<dyn Any + Send>;

impl Job {
    fn is_open(&self) -> bool {
        self.places.load(Ordering::Relaxed) > 0 && self.taken.load(Ordering::Relaxed) < self.parts
    }

    /// Offers the job to helpers, if it may have any.
    fn post(self: &Arc<Self>) {
        if self.helpers == 0 {
            return;
        }
        let mut helpers = lock(&HELPERS);
        helpers.jobs.push(self.clone());
        PLACES.fetch_add(self.helpers, Ordering::Relaxed);
        let wanted: usize = helpers.jobs.iter().map(|job| job.helpers).sum();
        while helpers.threads < wanted.min(threads().get() - 1) {
            let helper = thread::Builder::new().name("rnn-kernel".to_owned());
            if helper.spawn(help).is_err() {
                break;
            }
            helpers.threads += 1;
        }
        for _ in 0..helpers.asleep.min(self.helpers) {
            WAKE.notify_one();
        }
    }

    /// Works on parts until all are taken. Never unwinds: every part that was taken is counted as
    /// finished.
    fn work(&self) {
        loop {
            let part = self.taken.fetch_add(1, Ordering::Relaxed);
            if part >= self.parts {
                return;
            }
            let done = panic::catch_unwind(AssertUnwindSafe(|| (self.work)(part)));
            if let Err(panic) = done {
                self.keep(panic);
            }
            self.finished.fetch_add(1, Ordering::Release);
        }
    }

    /// Keeps a panic's payload for the caller, unless another part has panicked before.
    fn keep(&self, panic: Payload) {
        let mut kept = lock(&self.panic);
        if kept.is_none() {
            *kept = Some(panic);
            return;
        }
        drop(kept);
        // A payload is any value, so that dropping it may panic again, with a payload of which the same
        // is true: that one is leaked.
        let dropped = panic::catch_unwind(AssertUnwindSafe(|| drop(panic)));
        if let Err(again) = dropped {
            mem::forget(again);
        }
    }

    /// Works on parts until all are finished.
    fn finish(self: Arc<Self>) {
        self.work();
        if self.helpers > 0 {
            let mut helpers = lock(&HELPERS);
            helpers.jobs.retain(|job| !Arc::ptr_eq(job, &self));
            let left = self.places.swap(0, Ordering::Relaxed);
            PLACES.fetch_sub(left, Ordering::Relaxed);
        }
        let mut looks = 0;
        while self.finished.load(Ordering::Acquire) < self.parts {
            looks += 1;
            if looks % LOOKS == 0 {
                // The thread with the last part may need this processor.
                thread::yield_now();
            }
            hint::spin_loop();
        }
        let panic = lock(&self.panic).take();
        if let Some(panic) = panic {
            panic::resume_unwind(panic);
        }
    }
}

/// The loop of a helper thread.
fn help() {
    let mut until = Instant::now() + LINGER;
    loop {
        for _ in 0..LOOKS {
            if PLACES.load(Ordering::Relaxed) > 0 {
                let job = lock(&HELPERS).join_job();
                if let Some(job) = job {
                    job.work();
                    until = Instant::now() + LINGER;
                }
            }
            hint::spin_loop();
        }
        if Instant::now() < until {
            thread::yield_now();
            continue;
        }
        let mut helpers = lock(&HELPERS);
        while !helpers.jobs.iter().any(|job| job.is_open()) {
            helpers.asleep += 1;
            helpers = WAKE.wait(helpers).unwrap_or_else(PoisonError::into_inner);
            helpers.asleep -= 1;
        }
        until = Instant::now() + LINGER;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn every_part_is_done_once_for_any_caller() {
        let run_all = || {
            let mut done = vec![0; 7];
            run(done.iter_mut().collect(), |part: &mut i32| *part += 1);
            assert_eq!(done, [1; 7]);
        };
        // From several threads at once.
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| run_all()));
            }
        });
    }

    #[test]
    fn a_panic_comes_through_when_all_parts_are_done() {
        let done = AtomicUsize::new(0);
        let panic = panic::catch_unwind(AssertUnwindSafe(|| {
            run((0..5).collect(), |part: usize| {
                done.fetch_add(1, Ordering::Relaxed);
                assert!(part != 3, "part {part}");
            });
        }));
        let message = panic.expect_err("a part panicked");
        assert_eq!(message.downcast_ref(), Some(&"part 3".to_owned()));
        assert_eq!(done.into_inner(), 5);
    }

    /// Callers share the threads: with as many as there may be, each is on its own, so that none waits
    /// for a helper that has no processor.
    #[test]
    fn callers_at_the_same_time_share_the_threads() {
        let most = threads().get();
        assert_eq!(helpers_for(usize::MAX, 1), most - 1);
        assert_eq!(helpers_for(usize::MAX, 2), (most / 2).max(1) - 1);
        assert_eq!(helpers_for(usize::MAX, most), 0);
        assert_eq!(helpers_for(usize::MAX, most + 1), 0);
        assert_eq!(helpers_for(2, 1), usize::from(most > 1));

        let others: Vec<_> = (1..most).map(|_| Caller::enter()).collect();
        let here = thread::current().id();
        run((0..7).collect(), |_: usize| {
            assert_eq!(thread::current().id(), here, "whose thread");
        });
        drop(others);
    }

    /// Panics with itself as the payload whenever it is dropped outside of a panic.
    struct Thorn;

    impl Drop for Thorn {
        fn drop(&mut self) {
            if !thread::panicking() {
                panic::resume_unwind(Box::new(Thorn));
            }
        }
    }

    /// Such payloads used to leave the caller waiting forever, or to let it go on while parts were still
    /// being worked on.
    #[test]
    fn payloads_whose_drop_panics_hold_nothing_up() {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            for _ in 0..100 {
                let done = AtomicUsize::new(0);
                let panic = panic::catch_unwind(AssertUnwindSafe(|| {
                    run((0..8).collect(), |_: usize| {
                        done.fetch_add(1, Ordering::Relaxed);
                        panic::resume_unwind(Box::new(Thorn));
                    });
                }));
                let payload = panic.expect_err("every part panicked");
                let is_thorn = payload.is::<Thorn>();
                mem::forget(payload);
                let message = (is_thorn, done.into_inner());
                sender.send(message).expect("the test waits");
            }
        });
        for _ in 0..100 {
            let came = receiver.recv_timeout(Duration::from_secs(20));
            assert_eq!(
                came,
                Ok((true, 8)),
                "whether a payload came, and parts done"
            );
        }
    }
}
