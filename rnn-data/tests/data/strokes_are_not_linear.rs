//! The digits are no toy: the best that a linear classifier of whole pictures makes of them stays
//! far behind what a recurrent network that reads them row by row does.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use rnn_data::{ImageSet, Strokes};

const PIXELS: usize = Strokes::SIDE * Strokes::SIDE;
const CLASSES: usize = 10;
const BATCH: usize = 50;
const EPOCHS: usize = 120;
const LEARNING_RATE: f32 = 0.05;
const MOMENTUM: f32 = 0.9;

/// Multinomial logistic regression on the pixels: one weight per pixel and class, and a bias.
struct Softmax {
    weight: Vec<[f32; CLASSES]>,
    velocity: Vec<[f32; CLASSES]>,
}

impl Softmax {
    fn new() -> Self {
        let zeros = vec![[0.0; CLASSES]; PIXELS + 1];
        Self {
            weight: zeros.clone(),
            velocity: zeros,
        }
    }

    fn logits(&self, image: &[f32]) -> [f32; CLASSES] {
        let mut logits = self.weight[PIXELS];
        for (pixel, weight) in image.iter().zip(&self.weight) {
            for (logit, w) in logits.iter_mut().zip(weight) {
                *logit += pixel * w;
            }
        }
        logits
    }

    /// One step of gradient descent with momentum on the mean cross-entropy of a batch.
    fn step(&mut self, batch: &[(&[f32], usize)], rate: f32) {
        for velocity in self.velocity.iter_mut().flatten() {
            *velocity *= MOMENTUM;
        }
        for &(image, label) in batch {
            let logits = self.logits(image);
            let most = logits.iter().fold(f32::MIN, |a, &b| a.max(b));
            let exps = logits.map(|logit| (logit - most).exp());
            let total: f32 = exps.iter().sum();
            let mut delta = exps.map(|exp| exp / total);
            delta[label] -= 1.0;
            let delta = delta.map(|d| d / batch.len() as f32);
            let pixels = image.iter().chain(&[1.0]);
            for (pixel, velocity) in pixels.zip(&mut self.velocity) {
                for (v, d) in velocity.iter_mut().zip(&delta) {
                    *v += pixel * d;
                }
            }
        }
        let velocities = self.velocity.iter().flatten();
        for (weight, velocity) in self.weight.iter_mut().flatten().zip(velocities) {
            *weight -= rate * velocity;
        }
    }

    fn accuracy(&self, data: &[(&[f32], usize)]) -> f64 {
        let right = |&&(image, label): &&(&[f32], usize)| {
            let logits = self.logits(image);
            logits.iter().all(|&logit| logit <= logits[label])
        };
        data.iter().filter(right).count() as f64 / data.len() as f64
    }
}

fn floats(set: &ImageSet) -> Vec<f32> {
    set.pixels().iter().map(|&p| f32::from(p) / 255.0).collect()
}

fn examples<'a>(pixels: &'a [f32], set: &ImageSet) -> Vec<(&'a [f32], usize)> {
    let labels = set.labels().iter().map(|&label| usize::from(label));
    pixels.chunks_exact(PIXELS).zip(labels).collect()
}

#[test]
fn softmax_regression_stays_below_85_percent() {
    let digits = Strokes::new(42).mnist(8_000, 2_000).unwrap();
    let (train_pixels, test_pixels) = (floats(&digits.train), floats(&digits.test));
    let mut train = examples(&train_pixels, &digits.train);
    let test = examples(&test_pixels, &digits.test);

    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut model = Softmax::new();
    let mut best = 0.0f64;
    for epoch in 0..EPOCHS {
        for last in (1..train.len()).rev() {
            train.swap(last, rng.next_u32() as usize % (last + 1));
        }
        // Falls to nothing, so that it ends where it converges.
        let rate = LEARNING_RATE * (1.0 - epoch as f32 / EPOCHS as f32);
        for batch in train.chunks(BATCH) {
            model.step(batch, rate);
        }
        // The best epoch counts, chosen on the test itself: no stopping rule can do better.
        best = best.max(model.accuracy(&test));
    }
    let (fitted, last) = (model.accuracy(&train), model.accuracy(&test));
    println!("softmax regression: train {fitted:.4}, test {last:.4}, best epoch {best:.4}");
    assert!(best < 0.85, "too easy: {best}");
    assert!(last > 0.40, "too hard, or not trained: {last}");
}
