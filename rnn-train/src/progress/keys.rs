//! Metrics among the other keys of an epoch's JSON, each under a prefix.

/// `train_<name>`, all but `train_loss`.
pub(super) mod train_keys {
    use serde::{Deserializer, Serializer};

    use crate::metrics::Metrics;

    pub fn serialize<S: Serializer>(metrics: &Metrics, serializer: S) -> Result<S::Ok, S::Error> {
        super::serialize("train_", metrics, serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Metrics, D::Error> {
        super::deserialize("train_", deserializer)
    }
}

/// `valid_<name>`, all but `valid_loss`.
pub(super) mod valid_keys {
    use serde::{Deserializer, Serializer};

    use crate::metrics::Metrics;

    pub fn serialize<S: Serializer>(metrics: &Metrics, serializer: S) -> Result<S::Ok, S::Error> {
        super::serialize("valid_", metrics, serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Metrics, D::Error> {
        super::deserialize("valid_", deserializer)
    }
}

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::Serializer;

use crate::metrics::Metrics;

fn serialize<S: Serializer>(
    prefix: &str,
    metrics: &Metrics,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let entries = metrics.iter();
    serializer.collect_map(entries.map(|(name, value)| (format!("{prefix}{name}"), value)))
}

fn deserialize<'de, D: Deserializer<'de>>(
    prefix: &'static str,
    deserializer: D,
) -> Result<Metrics, D::Error> {
    struct Prefixed(&'static str);

    impl<'de> Visitor<'de> for Prefixed {
        type Value = Metrics;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            write!(f, "an object with numbers under {}<name>", self.0)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metrics, A::Error> {
            let mut metrics = Metrics::default();
            while let Some(key) = map.next_key::<String>()? {
                match key.strip_prefix(self.0).filter(|name| *name != "loss") {
                    Some(name) => {
                        let value: Option<f64> = map.next_value()?;
                        metrics.insert(name, value.unwrap_or(f64::NAN));
                    }
                    None => {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
            }
            Ok(metrics)
        }
    }

    deserializer.deserialize_map(Prefixed(prefix))
}
