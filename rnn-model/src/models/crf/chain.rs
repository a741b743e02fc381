//! The algorithms over the tags of one sentence, on plain numbers.

/// The weights of a field. With K tags, what goes from tag i to tag j stands at `i·K + j`. In 64 bits,
/// since scores grow with the sentence.
pub struct Chain {
    start: Vec<f64>,
    transitions: Vec<f64>,
    end: Vec<f64>,
    /// The largest of the transitions, and `exp` of each less that one, by columns: what goes to tag j
    /// from tag i stands at `j·K + i`.
    largest: f64,
    to: Vec<f64>,
    /// The same by rows.
    from: Vec<f64>,
}

impl Chain {
    pub fn new(start: &[f32], transitions: &[f32], end: &[f32]) -> Self {
        let tags = start.len();
        let transitions = wide(transitions);
        let largest = transitions
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let from: Vec<f64> = transitions.iter().map(|t| (t - largest).exp()).collect();
        let to = (0..tags * tags).map(|at| from[at % tags * tags + at / tags]);
        Self {
            start: wide(start),
            end: wide(end),
            largest,
            to: to.collect(),
            from,
            transitions,
        }
    }

    fn tags(&self) -> usize {
        self.start.len()
    }

    /// The tags with the highest score; of equal ones the first.
    ///
    /// - `logits`: at least one word's, K each
    pub fn best(&self, logits: &[f32]) -> Vec<usize> {
        let tags = self.tags();
        let words = logits.len() / tags;
        let mut scores = add(&self.start, &wide(&logits[..tags]));
        // The tag before each tag on the best way to it, for all words but the first.
        let mut before = Vec::with_capacity((words - 1) * tags);
        for word in logits.chunks(tags).skip(1) {
            let from: Vec<usize> = (0..tags)
                .map(|tag| first_largest((0..tags).map(|i| scores[i] + self.step(i, tag))))
                .collect();
            let best = |(tag, &from): (usize, &usize)| scores[from] + self.step(from, tag);
            let best: Vec<f64> = from.iter().enumerate().map(best).collect();
            scores = add(&best, &wide(word));
            before.extend(from);
        }
        let last = first_largest(add(&scores, &self.end));
        let mut path = vec![last];
        for from in before.chunks(tags).rev() {
            path.push(from[path[path.len() - 1]]);
        }
        path.reverse();
        path
    }

    /// The probability of each tag at each word, K each.
    ///
    /// - `logits`: at least one word's, K each
    pub fn marginals(&self, logits: &[f32]) -> Vec<f32> {
        let tags = self.tags();
        let words = logits.len() / tags;
        let logits = |word: usize| wide(&logits[word * tags..][..tags]);
        let mut sums = add(&self.start, &logits(0));
        let mut forward = sums.clone();
        for word in 1..words {
            let column = |tag: usize| (0..tags).map(move |i| self.step(i, tag));
            sums = add(&self.through(&sums, &self.to, column), &logits(word));
            forward.extend_from_slice(&sums);
        }
        let mut after = self.end.clone();
        let mut marginals = vec![0.0; words * tags];
        for word in (0..words).rev() {
            let row = add(&forward[word * tags..][..tags], &after);
            let whole = log_sum_exp(row.iter().copied());
            for (probability, sum) in marginals[word * tags..].iter_mut().zip(row) {
                *probability = (sum - whole).exp() as f32;
            }
            let ahead = add(&after, &logits(word));
            let row = |tag: usize| (0..tags).map(move |j| self.step(tag, j));
            after = self.through(&ahead, &self.from, row);
        }
        marginals
    }

    /// For each tag the logarithm of the sum of `exp(scores + transitions)`: with `exp` of the transitions
    /// at hand, that of the scores is taken once for all tags.
    ///
    /// - `factors`: `exp` of the transitions less the largest, K for each tag
    /// - `transitions`: those of a tag
    fn through<T: Iterator<Item = f64>>(
        &self,
        scores: &[f64],
        factors: &[f64],
        transitions: impl Fn(usize) -> T,
    ) -> Vec<f64> {
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
        let of_tag = |(tag, factors): (usize, &[f64])| {
            let products = weights
                .iter()
                .zip(factors)
                .map(|(weight, factor)| weight * factor);
            match products.sum::<f64>() {
                sum if sum >= f64::MIN_POSITIVE => most + self.largest + sum.ln(),
                // Too small a number: a tag that is as good as forbidden here.
                _ => {
                    let all: Vec<f64> = scores
                        .iter()
                        .zip(transitions(tag))
                        .map(|(a, b)| a + b)
                        .collect();
                    log_sum_exp(all.into_iter())
                }
            }
        };
        factors
            .chunks(scores.len())
            .enumerate()
            .map(of_tag)
            .collect()
    }

    fn step(&self, from: usize, to: usize) -> f64 {
        self.transitions[from * self.tags() + to]
    }
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().copied().map(f64::from).collect()
}

fn add(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// The index of the first of the largest numbers.
fn first_largest(numbers: impl IntoIterator<Item = f64>) -> usize {
    let start = (0, f64::NEG_INFINITY);
    let numbers = numbers.into_iter().enumerate();
    let (index, _) = numbers.fold(start, |best, (index, number)| {
        if number > best.1 {
            (index, number)
        } else {
            best
        }
    });
    index
}

fn log_sum_exp(numbers: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = numbers.clone().fold(f64::NEG_INFINITY, f64::max);
    largest
        + numbers
            .map(|number| (number - largest).exp())
            .sum::<f64>()
            .ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAGS: usize = 3;

    fn chain() -> Chain {
        let number = |i: usize| ((i * 37 + 11) % 19) as f32 / 7.0 - 1.2;
        let numbers = |range: std::ops::Range<usize>| range.map(number).collect::<Vec<_>>();
        let transitions = numbers(5..5 + TAGS * TAGS);
        Chain::new(&numbers(0..TAGS), &transitions, &numbers(20..20 + TAGS))
    }

    /// All taggings of `words` words with their scores.
    fn all(chain: &Chain, logits: &[f32]) -> Vec<(Vec<usize>, f64)> {
        let words = logits.len() / TAGS;
        let path = |number: usize| -> Vec<usize> {
            (0..words)
                .map(|t| number / TAGS.pow(t as u32) % TAGS)
                .collect()
        };
        let score = |path: &[usize]| {
            let at_words = (0..words).map(|t| f64::from(logits[t * TAGS + path[t]]));
            let steps = path.windows(2).map(|two| chain.step(two[0], two[1]));
            let ends = chain.start[path[0]] + chain.end[path[words - 1]];
            ends + at_words.chain(steps).sum::<f64>()
        };
        let paths = (0..TAGS.pow(words as u32)).map(path);
        paths.map(|path| (path.clone(), score(&path))).collect()
    }

    #[test]
    fn the_algorithms_agree_with_all_taggings_written_out() {
        let chain = chain();
        for words in 1..=5 {
            let logits: Vec<f32> = (0..words * TAGS)
                .map(|i| (i as f32 * 1.7).sin() * 2.0)
                .collect();
            let all = all(&chain, &logits);
            let best = all
                .iter()
                .max_by(|a, b| a.1.total_cmp(&b.1))
                .expect("a tagging");
            assert_eq!(chain.best(&logits), best.0, "{words} words");

            let sum: f64 = all.iter().map(|(_, score)| score.exp()).sum();
            let marginals = chain.marginals(&logits);
            assert_eq!(marginals.len(), words * TAGS);
            for word in 0..words {
                for tag in 0..TAGS {
                    let with = all.iter().filter(|(path, _)| path[word] == tag);
                    let expected = with.map(|(_, score)| score.exp()).sum::<f64>() / sum;
                    let found = f64::from(marginals[word * TAGS + tag]);
                    assert!(
                        (found - expected).abs() < 1e-5,
                        "{words}: {found}, {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn long_sentences_and_forbidden_steps_keep_their_probabilities() {
        // Each word by itself: two tags in the odds of their logits, however many words there are.
        let free = Chain::new(&[0.0; 2], &[0.0; 4], &[0.0; 2]);
        let logits = [9.5, 9.0].repeat(10_000);
        let expected = 1.0 / (1.0 + (-0.5_f64).exp());
        for two in free.marginals(&logits).chunks(2) {
            assert!((f64::from(two[0]) - expected).abs() < 1e-7, "{two:?}");
        }
        // Tag 1 may not follow tag 0, which the first word has to have; so the second has it too, against
        // its logits.
        let forbidden = [0.0, -1e4, 0.0, 0.0];
        let chain = Chain::new(&[0.0, -1e4], &forbidden, &[0.0; 2]);
        let logits = [0.0, 0.0, 0.0, 50.0];
        assert_eq!(chain.best(&logits), [0, 0]);
        assert_eq!(chain.marginals(&logits), [1.0, 0.0, 1.0, 0.0]);
        // Whatever follows tag 0 is as good as forbidden, and has to follow it.
        let chain = Chain::new(&[0.0, -1e4], &[-1e3, -1e3, 0.0, 0.0], &[0.0; 2]);
        assert_eq!(chain.marginals(&[0.0; 4]), [1.0, 0.0, 0.5, 0.5]);
    }
}
