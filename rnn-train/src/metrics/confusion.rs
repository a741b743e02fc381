use crate::metrics::Evaluation;

/// How often each class was taken for which.
///
/// ```
/// let confusion = rnn_train::Confusion::count(3, [(0, 0), (1, 2), (1, 1), (1, 2)]);
/// assert_eq!(confusion.counts()[1], [0, 1, 2]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    counts: Vec<Vec<usize>>,
}

impl Confusion {
    /// Counts pairs of the right class and the predicted one.
    ///
    /// # Panics
    ///
    /// If a class is not below `classes`.
    pub fn count(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut counts = vec![vec![0; classes]; classes];
        for (right, predicted) in pairs {
            counts[right][predicted] += 1;
        }
        Self { counts }
    }

    /// Counts an evaluation's predictions.
    ///
    /// # Panics
    ///
    /// If a class is not below `classes`.
    pub fn of(evaluation: &Evaluation, classes: usize) -> Self {
        let right = evaluation.targets.iter().copied();
        Self::count(classes, right.zip(evaluation.predictions.iter().copied()))
    }

    /// A row per right class, with a count per predicted one.
    pub fn counts(&self) -> &[Vec<usize>] {
        &self.counts
    }
}
