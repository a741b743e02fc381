/// Why a training stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// All its epochs or steps are done.
    Finished,
    /// The monitored metric has not improved for [`patience`](crate::FitConfig::patience)
    /// validations.
    OutOfPatience,
    /// A hook stopped it with [`EpochEnd::stop`](crate::progress::EpochEnd::stop).
    StoppedByHook,
    /// The flag of [`with_stop`](crate::Trainer::with_stop), or the dashboard, stopped it: there is
    /// more to do.
    Interrupted,
}
