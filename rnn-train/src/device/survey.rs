use super::kind::Kind;

/// A kind of device, and whether it can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceKind {
    /// The name that selects it: `libtorch:cuda`, `ndarray`, …
    pub name: &'static str,
    /// The feature that compiles it in.
    pub feature: &'static str,
    /// What a machine must have for it, beside the program.
    pub needs: &'static str,
    /// Whether it is there.
    pub presence: Presence,
}

/// Whether a kind of device is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The names of the devices that were found, at least one.
    Found(Vec<String>),
    /// It is compiled in, and the machine lacks it: what is missing.
    Absent(&'static str),
    /// The build lacks it.
    NotCompiled,
}

/// Lists all kinds of device, the preferred first, with what this build and this machine have of
/// them.
///
/// ```
/// for kind in rnn_train::device::survey() {
///     println!("{}: {:?}", kind.name, kind.presence);
/// }
/// ```
pub fn survey() -> Vec<DeviceKind> {
    let presence = |kind: Kind| {
        if !kind.is_compiled() {
            return Presence::NotCompiled;
        }
        match kind.found().len() {
            0 => Presence::Absent(kind.absence()),
            found => Presence::Found((0..found).map(|index| kind.device_name(index)).collect()),
        }
    };
    Kind::BY_PREFERENCE
        .into_iter()
        .map(|kind| DeviceKind {
            name: kind.name(),
            feature: kind.feature(),
            needs: kind.needs(),
            presence: presence(kind),
        })
        .collect()
}
