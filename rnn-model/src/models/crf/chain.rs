//! The algorithms over the tags of one sentence, on plain numbers.

/// The weights of a field. With K tags, what goes from tag i to tag j stands at `i·K + j`.
pub struct Chain {
    pub start: Vec<f32>,
    pub transitions: Vec<f32>,
    pub end: Vec<f32>,
}

impl Chain {
    fn tags(&self) -> usize {
        self.start.len()
    }

    /// The tags with the highest score; of equal ones the first.
    ///
    /// - `logits`: at least one word's, K each
    pub fn best(&self, logits: &[f32]) -> Vec<usize> {
        let tags = self.tags();
        let words = logits.len() / tags;
        let mut scores: Vec<f32> = add(&self.start, &logits[..tags]);
        // The tag before each tag on the best way to it, for all words but the first.
        let mut before = Vec::with_capacity((words - 1) * tags);
        for word in logits.chunks(tags).skip(1) {
            let from: Vec<usize> = (0..tags)
                .map(|tag| first_largest((0..tags).map(|i| scores[i] + self.step(i, tag))))
                .collect();
            let best = |(tag, &from): (usize, &usize)| scores[from] + self.step(from, tag);
            scores = add(&from.iter().enumerate().map(best).collect::<Vec<_>>(), word);
            before.extend(from);
        }
        let last = first_largest(add(&scores, &self.end).into_iter());
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
        let mut forward = add(&self.start, &logits[..tags]);
        for word in 1..words {
            let sums = &forward[(word - 1) * tags..];
            let sum = |tag| log_sum_exp((0..tags).map(|i| sums[i] + self.step(i, tag)));
            let next: Vec<f32> = (0..tags).map(sum).collect();
            forward.extend(add(&next, &logits[word * tags..][..tags]));
        }
        let mut backward = self.end.clone();
        let mut marginals = forward;
        for word in (0..words).rev() {
            let row = &mut marginals[word * tags..][..tags];
            row.iter_mut()
                .zip(&backward)
                .for_each(|(sum, after)| *sum += after);
            let whole = log_sum_exp(row.iter().copied());
            row.iter_mut().for_each(|sum| *sum = (*sum - whole).exp());
            let ahead = add(&backward, &logits[word * tags..][..tags]);
            let sum = |tag| log_sum_exp((0..tags).map(|j| self.step(tag, j) + ahead[j]));
            backward = (0..tags).map(sum).collect();
        }
        marginals
    }

    fn step(&self, from: usize, to: usize) -> f32 {
        self.transitions[from * self.tags() + to]
    }
}

fn add(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// The index of the first of the largest numbers.
fn first_largest(numbers: impl Iterator<Item = f32>) -> usize {
    let start = (0, f32::NEG_INFINITY);
    let (index, _) = numbers.enumerate().fold(start, |best, (index, number)| {
        if number > best.1 {
            (index, number)
        } else {
            best
        }
    });
    index
}

fn log_sum_exp(numbers: impl Iterator<Item = f32> + Clone) -> f32 {
    let largest = numbers.clone().fold(f32::NEG_INFINITY, f32::max);
    largest
        + numbers
            .map(|number| (number - largest).exp())
            .sum::<f32>()
            .ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAGS: usize = 3;

    fn chain() -> Chain {
        let number = |i: usize| ((i * 37 + 11) % 19) as f32 / 7.0 - 1.2;
        Chain {
            start: (0..TAGS).map(number).collect(),
            transitions: (5..5 + TAGS * TAGS).map(number).collect(),
            end: (20..20 + TAGS).map(number).collect(),
        }
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
            let at_words: f32 = (0..words).map(|t| logits[t * TAGS + path[t]]).sum();
            let steps: f32 = path.windows(2).map(|two| chain.step(two[0], two[1])).sum();
            f64::from(chain.start[path[0]] + at_words + steps + chain.end[path[words - 1]])
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
}
