use std::collections::{BTreeMap, HashSet};

use rnn_data::tagged::spans;

use super::FScore;

/// How well the spans that BIO tags mark are found, as `conlleval` counts: a span is right if its label
/// and both its ends are.
///
/// ```
/// use rnn_train::metrics::SpanScore;
///
/// let right = [["B-PER", "I-PER", "O", "B-LOC"]];
/// let predicted = [["B-PER", "I-PER", "O", "O"]];
/// let score = SpanScore::count(&right, &predicted);
/// assert_eq!((score.all().correct, score.all().predicted, score.all().right), (1, 1, 2));
/// assert_eq!(score.labels()["LOC"].recall(), Some(0.0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpanScore {
    labels: BTreeMap<String, FScore>,
}

impl SpanScore {
    /// Compares the tags `predicted` for each sentence with the right ones.
    ///
    /// # Panics
    ///
    /// If there are not as many sentences, or not as many tags in one.
    pub fn count<R: AsRef<str>, P: AsRef<str>>(
        right: &[impl AsRef<[R]>],
        predicted: &[impl AsRef<[P]>],
    ) -> Self {
        assert!(
            right.len() == predicted.len(),
            "expected tags for each of {} sentences, found those of {}",
            right.len(),
            predicted.len()
        );
        let mut score = Self::default();
        for (right, predicted) in right.iter().zip(predicted) {
            let (right, predicted) = (right.as_ref(), predicted.as_ref());
            assert!(
                right.len() == predicted.len(),
                "expected a tag for each of {} words, found {}",
                right.len(),
                predicted.len()
            );
            let (right, predicted) = (spans(right), spans(predicted));
            let found: HashSet<_> = right.iter().collect();
            for span in &right {
                score.of(span.label).right += 1;
            }
            for span in &predicted {
                let of_label = score.of(span.label);
                of_label.predicted += 1;
                of_label.correct += usize::from(found.contains(span));
            }
        }
        score
    }

    fn of(&mut self, label: &str) -> &mut FScore {
        self.labels.entry(label.to_owned()).or_default()
    }

    /// The score of each label.
    pub fn labels(&self) -> &BTreeMap<String, FScore> {
        &self.labels
    }

    /// The score of all spans.
    pub fn all(&self) -> FScore {
        let mut all = FScore::default();
        self.labels.values().for_each(|&score| all += score);
        all
    }
}
