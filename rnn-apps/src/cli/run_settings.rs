//! The settings in a run's `config.json` under the names of the flags that set them, and what they say
//! of its length.

use serde_json::{Map, Value};

use crate::ui::progress::Measure;

/// Replaces the optimiser and the schedule in the JSON of a `FitConfig` by what the flags are called:
/// `{"schedule": {"cosine": {"warmup": 0.1}}}` becomes `{"schedule": "cosine", "warmup": 0.1}`. Epochs
/// that do not count are left out.
pub fn name_as_flags(fit: &mut Map<String, Value>) {
    remove_unused(fit);
    if let Some(Value::Object(mut optimizer)) = fit.remove("optimizer") {
        let name = optimizer.remove("name");
        fit.extend(name.map(|name| ("optimizer".to_owned(), name)));
        fit.extend(optimizer);
    }
    if let Some(Value::Object(schedule)) = fit.get("schedule").cloned() {
        for (name, values) in schedule {
            fit.insert("schedule".to_owned(), Value::String(name));
            for (name, value) in values.as_object().cloned().unwrap_or_default() {
                let flag = match name.as_str() {
                    "every" => "step_epochs",
                    "factor" => "gamma",
                    "patience" => "plateau_patience",
                    name => name,
                };
                fit.insert(flag.to_owned(), value);
            }
        }
    }
}

/// Leaves out the epochs of a training that ends after a number of steps.
fn remove_unused(fit: &mut Map<String, Value>) {
    if fit.get("max_steps").is_some_and(Value::is_u64) {
        fit.remove("epochs");
    }
}

/// A run's settings to be shown: without those that do not count.
pub fn for_display(mut settings: Value) -> Value {
    if let Some(fit) = settings
        .pointer_mut("/training/fit")
        .and_then(Value::as_object_mut)
    {
        remove_unused(fit);
    }
    settings
}

/// What a run with these settings is measured in; `epochs` is for settings that do not say how many
/// there are.
pub fn measure_of(settings: &Value, epochs: usize) -> Measure {
    let number = |name: &str| {
        let number = settings.pointer("/training/fit")?.get(name)?.as_u64()?;
        usize::try_from(number).ok()
    };
    let steps = number("max_steps");
    // Written only where it is not the default.
    let by_steps = settings.pointer("/training/fit/valid_every").is_some();
    match steps.is_some() || by_steps {
        true => Measure::Steps(steps),
        false => Measure::Epochs(number("epochs").unwrap_or(epochs)),
    }
}

/// The task whose run a `config.json` with these entries describes; `None` if it is no such file.
pub fn task_of(settings: &Map<String, Value>) -> Option<&str> {
    match (settings.get("command"), settings.get("versions")) {
        (Some(Value::String(task)), Some(Value::Object(_))) => Some(task),
        _ => None,
    }
}

/// All values in a run's settings, without their sections. Some are no flags.
pub fn flat(settings: Map<String, Value>) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (name, value) in settings {
        match value {
            // A second place for the seed of all randomness, and no flags.
            Value::Object(mut fit) if name == "fit" => {
                fit.remove("seed");
                name_as_flags(&mut fit);
                all.extend(flat(fit));
            }
            // The flag is where the weights came from; their fingerprint is a record.
            Value::Object(mut origin) if name == "init_from" => {
                all.extend(origin.remove("path").map(|path| (name, path)));
            }
            Value::Object(section) => all.extend(flat(section)),
            Value::Null => {}
            value => all.push((name, value)),
        }
    }
    all
}
