//! What the units of a layer do along a text.

use serde::Serialize;

/// The values of a layer's units after each character of a text.
#[derive(Debug)]
pub struct Activity {
    /// By unit, then by character.
    values: Vec<Vec<f32>>,
}

/// What one unit does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unit {
    /// Its number in the layer.
    #[serde(rename = "unit")]
    pub index: usize,
    pub min: f32,
    pub max: f32,
    pub variance: f64,
    #[serde(skip)]
    pub values: Vec<f32>,
}

impl Activity {
    /// No characters yet, of a layer with so many units.
    pub fn new(num_units: usize) -> Self {
        Self {
            values: vec![Vec::new(); num_units],
        }
    }

    /// Adds the values of all units after the next character.
    pub fn push(&mut self, values: &[f32]) {
        for (unit, &value) in self.values.iter_mut().zip(values) {
            unit.push(value);
        }
    }

    /// The units with these numbers; a number that no unit has is left out.
    pub fn units(&self, indices: &[usize]) -> Vec<Unit> {
        let known = indices.iter().filter(|&&index| index < self.values.len());
        known
            .map(|&index| Unit::new(index, &self.values[index]))
            .collect()
    }

    /// At most `count` units, those whose values vary most first. Of units that vary alike, the one with
    /// the lower number comes first.
    pub fn most_varying(&self, count: usize) -> Vec<Unit> {
        let mut variances: Vec<(usize, f64)> = self
            .values
            .iter()
            .map(|values| variance(values))
            .enumerate()
            .collect();
        // Stable, so that equal ones stay in order.
        variances.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        let indices: Vec<usize> = variances.iter().map(|&(index, _)| index).collect();
        self.units(&indices[..count.min(indices.len())])
    }
}

impl Unit {
    fn new(index: usize, values: &[f32]) -> Self {
        Self {
            index,
            min: values.iter().copied().fold(f32::INFINITY, f32::min),
            max: values.iter().copied().fold(f32::NEG_INFINITY, f32::max),
            variance: variance(values),
            values: values.to_vec(),
        }
    }
}

/// The mean squared distance from the mean; 0 of no values.
fn variance(values: &[f32]) -> f64 {
    let count = values.len().max(1) as f64;
    let values = || values.iter().map(|&value| f64::from(value));
    let mean = values().sum::<f64>() / count;
    values().map(|value| (value - mean).powi(2)).sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of four units after three characters.
    fn activity() -> Activity {
        let mut activity = Activity::new(4);
        activity.push(&[0.5, -1.0, 0.0, 0.0]);
        activity.push(&[0.5, 1.0, 0.6, -0.6]);
        activity.push(&[0.5, 0.0, 0.0, 0.0]);
        activity
    }

    fn indices(units: &[Unit]) -> Vec<usize> {
        units.iter().map(|unit| unit.index).collect()
    }

    #[test]
    fn units_that_vary_most_come_first() {
        let activity = activity();
        // 2 and 3 vary alike.
        assert_eq!(indices(&activity.most_varying(4)), [1, 2, 3, 0]);
        assert_eq!(indices(&activity.most_varying(2)), [1, 2]);
        assert_eq!(indices(&activity.most_varying(100)), [1, 2, 3, 0]);
    }

    #[test]
    fn a_unit_has_its_values_and_their_range() {
        let units = activity().units(&[3, 1, 4]);
        assert_eq!(indices(&units), [3, 1]);
        assert_eq!(units[0].values, [0.0, -0.6, 0.0]);
        let Unit {
            min, max, variance, ..
        } = units[1];
        assert_eq!((min, max), (-1.0, 1.0));
        assert!((variance - 2.0 / 3.0).abs() < 1e-12, "{variance}");
    }

    #[test]
    fn after_one_character_nothing_has_varied() {
        let mut activity = Activity::new(2);
        activity.push(&[0.9, -0.3]);
        let units = activity.most_varying(2);
        assert_eq!(indices(&units), [0, 1]);
        assert_eq!(
            (units[1].variance, units[1].min, units[1].max),
            (0.0, -0.3, -0.3)
        );
    }
}
