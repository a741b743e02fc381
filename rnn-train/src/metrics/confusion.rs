use super::{Evaluation, FScore};

/// A confusion matrix: how often each class was predicted as which.
///
/// ```
/// use rnn_train::metrics::Confusion;
///
/// let confusion = Confusion::count(3, [(0, 0), (1, 2), (1, 1), (1, 2)]);
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
            let cell = counts.get_mut(right).and_then(|row| row.get_mut(predicted));
            *cell.unwrap_or_else(|| {
                panic!("expected classes below {classes}, found {right} predicted as {predicted}")
            }) += 1;
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

    /// Precision, recall and F1 of each class.
    ///
    /// ```
    /// use rnn_train::metrics::Confusion;
    ///
    /// let scores = Confusion::count(2, [(0, 0), (0, 1), (0, 0), (1, 1)]).scores();
    /// assert_eq!((scores[0].precision(), scores[0].recall()), (Some(1.0), Some(2.0 / 3.0)));
    /// assert_eq!(scores[1].f1(), Some(2.0 / 3.0));
    /// ```
    pub fn scores(&self) -> Vec<FScore> {
        let of = |class: usize| FScore {
            correct: self.counts[class][class],
            predicted: self.counts.iter().map(|row| row[class]).sum(),
            right: self.counts[class].iter().sum(),
        };
        (0..self.counts.len()).map(of).collect()
    }

    /// The matrix: a row per right class, a column per predicted one.
    pub fn counts(&self) -> &[Vec<usize>] {
        &self.counts
    }
}
