//! Ctrl-C, `kill`, a terminal that is closed: the first one asks a training to stop, the second one ends the
//! program.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};

/// Ctrl-C, `kill`, and a terminal that is closed.
#[cfg(unix)]
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// What a shell adds to a signal's number for the exit code of what it ended.
const SIGNALLED: i32 = 128;

/// Whether a signal has come.
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
            // In this order: the first signal finds `stop` false, and sets it.
            register_conditional_shutdown(number, SIGNALLED + number, stop.clone())?;
            register_usize(number, signal.clone(), number as usize)?;
            register(number, stop.clone())?;
        }
        Ok(Self { stop, signal })
    }

    /// Becomes true with the first signal.
    pub fn stop(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// The exit code of a program that was stopped by the signal that came; by Ctrl-C if none has.
    pub fn code(&self) -> u8 {
        let signal = match self.signal.load(Ordering::Relaxed) {
            0 => SIGINT,
            signal => signal as i32,
        };
        u8::try_from(SIGNALLED + signal).unwrap_or(1)
    }
}

/// From here on there is nothing to save, and the first signal ends the program.
impl Drop for Interrupt {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// A training was stopped, and saved.
#[derive(Debug)]
pub struct Interrupted {
    /// The program's exit code.
    pub code: u8,
    /// Steps that were done.
    pub steps: usize,
    /// The command that the run is of.
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
