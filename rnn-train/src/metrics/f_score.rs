/// How well something is found: a class, or spans of words.
///
/// ```
/// use rnn_train::metrics::FScore;
///
/// // Of 8 that there are, 6 were found, and 4 others that there are not.
/// let score = FScore { correct: 6, predicted: 10, right: 8 };
/// assert_eq!((score.precision(), score.recall()), (Some(0.6), Some(0.75)));
/// assert_eq!(score.f1(), Some(2.0 * 6.0 / 18.0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FScore {
    /// How many were predicted where they are.
    pub correct: usize,
    /// How many were predicted.
    pub predicted: usize,
    /// How many there are.
    pub right: usize,
}

impl FScore {
    /// The share of what was predicted that is right, 0 to 1; none if nothing was predicted.
    pub fn precision(&self) -> Option<f64> {
        share(self.correct, self.predicted)
    }

    /// The share of what there is that was predicted, 0 to 1; none if there is nothing.
    pub fn recall(&self) -> Option<f64> {
        share(self.correct, self.right)
    }

    /// The harmonic mean of precision and recall, 0 to 1; none if there is nothing and nothing was
    /// predicted.
    pub fn f1(&self) -> Option<f64> {
        share(2 * self.correct, self.predicted + self.right)
    }
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl std::ops::AddAssign for FScore {
    fn add_assign(&mut self, other: Self) {
        self.correct += other.correct;
        self.predicted += other.predicted;
        self.right += other.right;
    }
}
