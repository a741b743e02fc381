use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::FitConfig;
use crate::data::Loader;

/// What identifies the training that a checkpoint belongs to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    pub identity: String,
    pub config: FitConfig,
    pub train: Data,
    pub valid: Option<Data>,
}

/// What identifies data, short of their values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub items: usize,
    pub batch_size: usize,
    pub shuffle: Option<u64>,
    /// Whether items of similar length share a batch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bucketed: bool,
}

impl Data {
    pub fn of<B: 'static>(loader: &Loader<B>) -> Self {
        Self {
            items: loader.num_items(),
            batch_size: loader.batch_size(),
            shuffle: loader.shuffle(),
            bucketed: loader.is_bucketed(),
        }
    }
}

/// What differs first, the identity, the data or the settings, and what it is in each: of data and
/// settings those keys that differ, with their values.
pub(super) fn differences(ours: &About, theirs: &About) -> Option<(&'static str, [String; 2])> {
    if ours.identity != theirs.identity {
        let texts = [ours, theirs].map(|about| match about.identity.as_str() {
            "" => "none".to_owned(),
            identity => identity.to_owned(),
        });
        return Some(("identity", texts));
    }
    let parts = [
        ("training data", [json(&ours.train), json(&theirs.train)]),
        ("validation data", [json(&ours.valid), json(&theirs.valid)]),
        ("settings", [json(&ours.config), json(&theirs.config)]),
    ];
    let differing = parts.into_iter().find(|(_, [a, b])| a != b);
    differing.map(|(what, [a, b])| {
        let mut texts = [Vec::new(), Vec::new()];
        compare("", Some(&a), Some(&b), &mut texts);
        (what, texts.map(|text| text.join(", ")))
    })
}

fn json(value: &impl Serialize) -> Value {
    // All of them are objects or nothing, of numbers and text.
    serde_json::to_value(value).unwrap_or_default()
}

/// Adds `key value` of each, where they differ; keys inside keys with a dot between them.
fn compare(key: &str, a: Option<&Value>, b: Option<&Value>, texts: &mut [Vec<String>; 2]) {
    if a == b {
        return;
    }
    if let (Some(Value::Object(a_fields)), Some(Value::Object(b_fields))) = (a, b) {
        let only_b = b_fields.keys().filter(|key| !a_fields.contains_key(*key));
        for field in a_fields.keys().chain(only_b) {
            let inner = match key {
                "" => field.clone(),
                key => format!("{key}.{field}"),
            };
            compare(&inner, a_fields.get(field), b_fields.get(field), texts);
        }
        return;
    }
    for (text, value) in texts.iter_mut().zip([a, b]) {
        let value = match value {
            None | Some(Value::Null) => "none".to_owned(),
            Some(value) => value.to_string(),
        };
        let separator = if key.is_empty() { "" } else { " " };
        text.push(format!("{key}{separator}{value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Monitor;
    use crate::optim::{Optimizer, Schedule};

    fn about(config: FitConfig) -> About {
        let train = Data {
            items: 40,
            batch_size: 10,
            shuffle: Some(1),
            bucketed: false,
        };
        About {
            identity: "a".to_owned(),
            config,
            train,
            valid: None,
        }
    }

    fn texts(ours: &About, theirs: &About) -> Option<(&'static str, String, String)> {
        differences(ours, theirs).map(|(what, [a, b])| (what, a, b))
    }

    #[test]
    fn only_the_keys_that_differ_are_named() {
        let ours = about(FitConfig::new(2));
        assert_eq!(texts(&ours, &ours), None);

        let theirs = about(FitConfig {
            learning_rate: 0.5,
            optimizer: Optimizer::AdamW { weight_decay: 0.25 },
            schedule: Schedule::Cosine { warmup: 0.5 },
            clip_norm: Some(1.0),
            monitor: Monitor::highest("accuracy"),
            ..FitConfig::new(2)
        });
        let (what, expected, found) = texts(&ours, &theirs).expect("a difference");
        assert_eq!(what, "settings");
        assert_eq!(
            expected,
            r#"learning_rate 0.001, optimizer.name "adam", optimizer.weight_decay none, schedule "constant", clip_norm none, monitor none"#
        );
        assert_eq!(
            found,
            r#"learning_rate 0.5, optimizer.name "adamw", optimizer.weight_decay 0.25, schedule {"cosine":{"warmup":0.5}}, clip_norm 1.0, monitor {"metric":"accuracy","goal":"highest"}"#
        );
    }

    #[test]
    fn data_come_before_settings_and_the_identity_before_both() {
        let ours = about(FitConfig::new(2));
        let mut theirs = about(FitConfig::new(3));
        theirs.valid = Some(Data {
            items: 7,
            batch_size: 7,
            shuffle: None,
            bucketed: false,
        });
        let (what, expected, found) = texts(&ours, &theirs).expect("a difference");
        assert_eq!((what, expected.as_str()), ("validation data", "none"));
        assert_eq!(found, r#"{"items":7,"batch_size":7,"shuffle":null}"#);

        theirs.train.shuffle = None;
        theirs.train.batch_size = 20;
        let (what, expected, found) = texts(&ours, &theirs).expect("a difference");
        assert_eq!(what, "training data");
        assert_eq!(
            (&*expected, &*found),
            ("batch_size 10, shuffle 1", "batch_size 20, shuffle none")
        );

        theirs.identity = "b".to_owned();
        let identity = Some(("identity", "a".to_owned(), "b".to_owned()));
        assert_eq!(texts(&ours, &theirs), identity);
        theirs.identity.clear();
        let identity = Some(("identity", "a".to_owned(), "none".to_owned()));
        assert_eq!(texts(&ours, &theirs), identity);
    }
}
