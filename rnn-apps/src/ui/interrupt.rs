//! Handles SIGINT, SIGTERM and SIGHUP: the first signal asks a training to stop, the second one
//! ends the program. Before and after a training, a signal ends the program at once.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{
    register, register_conditional_default, register_conditional_shutdown, register_usize,
};
use signal_hook::low_level::unregister;

use super::quoted;

/// Sent by Ctrl-C, `kill`, and a terminal that is closed.
#[cfg(unix)]
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// By a shell's convention, the exit code of a process that a signal ended is this plus the
/// signal's number.
const SIGNALLED: i32 = 128;

/// Records the signals that arrive during one training. There can be one of these values at a time.
pub struct Interrupt {
    stop: Arc<AtomicBool>,
    signal: Arc<AtomicUsize>,
    /// This training's handlers, which must not outlive it: its `stop` may be set for good.
    handlers: Vec<SigId>,
    /// Whether signals have their default action.
    idle: Arc<AtomicBool>,
    _message: Waiting,
}

impl Interrupt {
    /// Catches signals from now on.
    pub fn watch() -> io::Result<Self> {
        let mut interrupt = Self {
            stop: Arc::default(),
            signal: Arc::default(),
            handlers: Vec::new(),
            idle: default_actions()?,
            _message: Waiting::start(|_| {
                // A step may take long, and a second signal loses it. On a line of its own, beside the bar.
                let _ = writeln!(
                    io::stderr(),
                    "\nstopping after this step, to save it; a second signal ends the program unsaved"
                );
            })?,
        };
        for number in SIGNALS {
            let (stop, signal) = (interrupt.stop.clone(), interrupt.signal.clone());
            // The order matters: at the first signal `stop` is still false when the conditional
            // shutdown checks it.
            interrupt.handlers.extend([
                register_conditional_shutdown(number, SIGNALLED + number, stop.clone())?,
                register_usize(number, signal, number as usize)?,
                register(number, stop)?,
            ]);
        }
        interrupt.idle.store(false, Ordering::SeqCst);
        Ok(interrupt)
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
        // First, so that no signal in between is lost.
        self.idle.store(true, Ordering::SeqCst);
        for handler in self.handlers.drain(..) {
            unregister(handler);
        }
    }
}

/// Gives the signals handlers, once in the life of the program, that do what happens without any as
/// long as the returned flag is set. A signal whose last handler is unregistered would be ignored.
fn default_actions() -> io::Result<Arc<AtomicBool>> {
    static IDLE: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);
    let mut registered = IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(idle) = &*registered {
        return Ok(idle.clone());
    }
    let idle = Arc::new(AtomicBool::new(true));
    for number in SIGNALS {
        register_conditional_default(number, idle.clone())?;
    }
    Ok(registered.insert(idle).clone())
}

/// A thread that waits for a signal, until it is dropped. Only on Unix; elsewhere there is none.
struct Waiting {
    #[cfg(unix)]
    thread: Option<(signal_hook::iterator::Handle, std::thread::JoinHandle<()>)>,
}

impl Waiting {
    /// Calls `act` with the number of the first signal.
    #[cfg(unix)]
    fn start(act: impl FnOnce(i32) + Send + 'static) -> io::Result<Self> {
        let mut signals = signal_hook::iterator::Signals::new(SIGNALS)?;
        let handle = signals.handle();
        let thread = std::thread::spawn(move || {
            if let Some(number) = signals.forever().next() {
                act(number);
            }
        });
        Ok(Self {
            thread: Some((handle, thread)),
        })
    }

    #[cfg(not(unix))]
    fn start(_: impl FnOnce(i32) + Send + 'static) -> io::Result<Self> {
        Ok(Self {})
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some((handle, thread)) = self.thread.take() {
            handle.close();
            // A panic in it has been reported.
            let _ = thread.join();
        }
    }
}

/// Keeps a message ready for a signal that ends the program.
pub struct MessageOnSignal {
    idle: Arc<AtomicBool>,
    _waiting: Waiting,
}

/// Prints `message` if a signal ends the program before the result is dropped. Only on Unix.
pub fn message_on_signal(message: String) -> io::Result<MessageOnSignal> {
    let idle = default_actions()?;
    let waiting = Waiting::start(move |number| {
        let _ = writeln!(io::stderr(), "{message}");
        // Without exit handlers, since another thread still computes.
        signal_hook::low_level::exit(SIGNALLED + number);
    })?;
    idle.store(cfg!(not(unix)), Ordering::SeqCst);
    Ok(MessageOnSignal {
        idle,
        _waiting: waiting,
    })
}

impl Drop for MessageOnSignal {
    fn drop(&mut self) {
        self.idle.store(true, Ordering::SeqCst);
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
            quoted(&self.run)
        )
    }
}

impl std::error::Error for Interrupted {}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, ExitStatus};

    use signal_hook::low_level::raise;

    use super::*;

    /// The environment variable that tells a child process what to do.
    const SCENE: &str = "RNN_TEST_SIGNALS";

    /// Runs a scene of [`in_a_child_process`] in a process of its own.
    fn ends(scene: &str) -> ExitStatus {
        let name = "ui::interrupt::tests::in_a_child_process";
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", name, "--ignored"])
            .env(SCENE, scene)
            .output();
        child.expect("a child").status
    }

    #[test]
    #[ignore = "the child process of other tests"]
    fn in_a_child_process() {
        let scene = std::env::var(SCENE).expect("set by the test that starts this one");
        // Each training is stopped by its first signal.
        for number in [SIGINT, SIGTERM, SIGINT] {
            let interrupt = Interrupt::watch().expect("handlers");
            let stop = interrupt.stop();
            assert!(!stop.load(Ordering::Relaxed), "stopped from the start");
            assert_eq!(interrupt.code(), 130);
            raise(number).expect("a signal");
            assert!(stop.load(Ordering::Relaxed), "not stopped");
            assert_eq!(i32::from(interrupt.code()), 128 + number);
        }
        match scene.as_str() {
            "between trainings" => raise(SIGTERM).expect("a signal"),
            "after a training without signals" => {
                drop(Interrupt::watch().expect("handlers"));
                raise(SIGINT).expect("a signal");
            }
            "twice in a training" => {
                let _interrupt = Interrupt::watch().expect("handlers");
                raise(SIGINT).expect("a signal");
                raise(SIGTERM).expect("a signal");
            }
            _ => {}
        }
    }

    #[test]
    fn every_training_is_stopped_by_its_own_first_signal() {
        let status = ends("none");
        assert!(status.success(), "{status}");
    }

    #[test]
    fn between_trainings_a_signal_ends_the_program() {
        assert_eq!(ends("between trainings").signal(), Some(SIGTERM));
        let after = ends("after a training without signals");
        assert_eq!(after.signal(), Some(SIGINT));
    }

    #[test]
    fn the_second_signal_in_a_training_ends_the_program() {
        let code = SIGNALLED + SIGTERM;
        assert_eq!(ends("twice in a training").code(), Some(code));
    }
}
