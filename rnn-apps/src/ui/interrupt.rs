//! Handles SIGINT, SIGTERM and SIGHUP: the first signal asks a training to stop, the second one
//! ends the program.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};

/// Sent by Ctrl-C, `kill`, and a terminal that is closed.
#[cfg(unix)]
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// By a shell's convention, the exit code of a process that a signal ended is this plus the
/// signal's number.
const SIGNALLED: i32 = 128;

/// Records the signals that have arrived.
pub struct Interrupt {
    stop: Arc<AtomicBool>,
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Catches signals from now on.
    pub fn watch() -> io::Result<Self> {
        let (stop, signal) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        for number in SIGNALS {
            // The order matters: at the first signal `stop` is still false when the conditional
            // shutdown checks it.
            register_conditional_shutdown(number, SIGNALLED + number, stop.clone())?;
            register_usize(number, signal.clone(), number as usize)?;
            register(number, stop.clone())?;
        }
        Ok(Self { stop, signal })
    }

    /// A flag that the first signal sets.
    pub fn stop(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// The exit code for the signal that arrived, or for SIGINT if none has.
    pub fn code(&self) -> u8 {
        let signal = match self.signal.load(Ordering::Relaxed) {
            0 => SIGINT,
            signal => signal as i32,
        };
        u8::try_from(SIGNALLED + signal).unwrap_or(1)
    }
}

/// After the training there is nothing to save, so the next signal ends the program at once.
impl Drop for Interrupt {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The error of a training that a signal stopped and that was saved.
#[derive(Debug)]
pub struct Interrupted {
    /// The program's exit code.
    pub code: u8,
    /// Number of completed steps.
    pub steps: usize,
    /// The task's command.
    pub command: &'static str,
    /// The run's folder.
    pub run: PathBuf,
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "stopped after step {}, and saved; go on with: {} train --resume {}",
            self.steps,
            self.command,
            self.run.display()
        )
    }
}

impl std::error::Error for Interrupted {}
