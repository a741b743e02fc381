use burn::tensor::Device;

use super::error::DeviceError;
use super::kind::Kind;

/// A device that was found, under the name that selects it.
#[derive(Clone, Debug)]
pub struct Selected {
    /// `libtorch:cuda:0`, `ndarray`, …
    pub name: String,
    /// Burn's device, without autodiff.
    pub device: Device,
}

/// Every device that is compiled in and present, the preferred first.
pub fn available() -> Vec<Selected> {
    present().collect()
}

/// The same, found one by one: taking the first does not initialise the drivers of the rest.
fn present() -> impl Iterator<Item = Selected> {
    Kind::BY_PREFERENCE.into_iter().flat_map(|kind| {
        kind.found()
            .into_iter()
            .enumerate()
            .map(move |(index, device)| Selected {
                name: kind.device_name(index),
                device,
            })
    })
}

/// The device called `name`. `auto` is the first of those [`available`]; any other name gives that
/// device or an error, never another one.
///
/// # Errors
///
/// If the name is unknown, its backend is not compiled in, or the machine lacks the device.
///
/// ```
/// let found = rnn_train::device::select("auto")?;
/// println!("training on {}", found.name);
/// assert!(rnn_train::device::select("abacus").is_err());
/// # Ok::<(), rnn_train::device::DeviceError>(())
/// ```
pub fn select(name: &str) -> Result<Selected, DeviceError> {
    if name == "auto" {
        return present().next().ok_or(DeviceError::None);
    }
    let (kind, index) = Kind::parse(name).ok_or_else(|| DeviceError::Unknown(name.to_owned()))?;
    if !kind.is_compiled() {
        return Err(DeviceError::NotCompiled {
            name: name.to_owned(),
            feature: kind.feature(),
            needs: kind.needs(),
        });
    }
    let mut found = kind.found();
    if index >= found.len() {
        let reason = match found.len() {
            0 => kind.absence().to_owned(),
            n => format!("there are {n}, counted from 0"),
        };
        return Err(DeviceError::Absent {
            name: name.to_owned(),
            reason,
        });
    }
    Ok(Selected {
        name: kind.device_name(index),
        device: found.swap_remove(index),
    })
}

/// Checks that `name` could select a device on some machine, and returns it: for command lines, which
/// check their arguments before anything else is done.
///
/// # Errors
///
/// If no device is called that.
pub fn check_name(name: &str) -> Result<String, DeviceError> {
    if name == "auto" || Kind::parse(name).is_some() {
        Ok(name.to_owned())
    } else {
        Err(DeviceError::Unknown(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_compiled_in_names_its_feature() {
        for kind in Kind::BY_PREFERENCE
            .into_iter()
            .filter(|kind| !kind.is_compiled())
        {
            let error = select(kind.name()).expect_err(kind.name()).to_string();
            assert!(
                error.contains(&format!("--features {}", kind.feature())),
                "{error}"
            );
        }
    }
}
