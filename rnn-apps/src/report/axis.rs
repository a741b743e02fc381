//! Chooses the ends of an axis and its ticks at round numbers. Those that `plotters` chooses
//! include half epochs and have at most five decimals.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// The largest magnitude that is drawn; differences of larger values overflow.
const LARGEST: f64 = 1e100;

/// Whether an axis can show the value.
pub fn is_drawable(value: f64) -> bool {
    value.is_finite() && value.abs() <= LARGEST
}

/// An axis from `low` to `high`, with a tick at every multiple of `step`.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    pub low: f64,
    pub high: f64,
    step: f64,
}

impl Axis {
    /// An axis for epochs or steps: ticks are whole numbers, and a single one is in the middle.
    pub fn of_counts(counts: impl Iterator<Item = f64>) -> Self {
        let (first, last) = min_max(counts).unwrap_or((1.0, 1.0));
        let (low, high) = widened(first.floor(), last.ceil(), 0.5);
        // Keeps the first and the last marker off the edge.
        let gap = 0.02 * (high - low);
        let step = round_step((high - low) / 10.0).max(1.0);
        Self {
            low: low - gap,
            high: high + gap,
            step,
        }
    }

    /// An axis for values, a little longer than their range. For values from 0 on it has no
    /// negative part, and for percentages no part above 100.
    pub fn of_values(values: impl Iterator<Item = f64> + Clone, unit: &str) -> Self {
        let (least, most) = min_max(values).unwrap_or((0.0, 1.0));
        let (mut low, mut high) = widened(least, most, 0.1 * least.abs());
        let gap = 0.06 * (high - low);
        (low, high) = (low - gap, high + gap);
        if least >= 0.0 {
            low = low.max(0.0);
        }
        if unit == "%" && most <= 100.0 {
            high = high.min(100.0);
        }
        Self {
            low,
            high,
            step: round_step((high - low) / 6.0),
        }
    }

    pub fn ticks(&self) -> Vec<f64> {
        // A tick at the end may be outside by a rounding error.
        let first = (self.low / self.step - 1e-6).ceil() as i64;
        let last = (self.high / self.step + 1e-6).floor() as i64;
        (first..=last).map(|i| i as f64 * self.step).collect()
    }

    /// A tick's label, with as many digits as distinguish it from the next.
    pub fn label(&self, tick: f64) -> String {
        let most = self.low.abs().max(self.high.abs());
        let (most, step) = (most.log10().floor(), (1.001 * self.step).log10().floor());
        if tick == 0.0 {
            "0".to_owned()
        } else if most >= 6.0 || step < -6.0 {
            let digits = (most - step).max(0.0) as usize;
            format!("{tick:.digits$e}")
        } else {
            let digits = (-step).max(0.0) as usize;
            format!("{tick:.digits$}")
        }
    }
}

impl Ranged for Axis {
    type ValueType = f64;
    type FormatOption = NoDefaultFormatting;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let part = (value - self.low) / (self.high - self.low);
        from + (part * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // No minor grid lines.
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.ticks()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, tick: &f64) -> String {
        self.label(*tick)
    }
}

fn min_max(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |ends, value| match ends {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

/// The two ends, moved apart by `gap` on each side if they are equal up to rounding errors.
fn widened(low: f64, high: f64, gap: f64) -> (f64, f64) {
    let most = low.abs().max(high.abs());
    let least_difference = (1e-9 * most).max(1e-100);
    if high - low > least_difference {
        return (low, high);
    }
    let gap = if gap > 1e-100 { gap } else { 1.0 };
    let gap = gap.max(least_difference);
    (low - gap, high + gap)
}

/// The smallest of 1, 2, 5, 10, 20, … that is at least `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|&step| step >= least)
        .unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis) -> Vec<String> {
        let ticks = axis.ticks();
        ticks.into_iter().map(|tick| axis.label(tick)).collect()
    }

    #[test]
    fn epochs_have_whole_ticks() {
        let axis = |epochs: &[f64]| labels(Axis::of_counts(epochs.iter().copied()));
        assert_eq!(axis(&[1.0]), ["1"]);
        assert_eq!(axis(&[1.0, 2.0, 3.0]), ["1", "2", "3"]);
        assert_eq!(axis(&[0.25, 0.5]), ["0", "1"]);
        assert_eq!(
            axis(&[1.0, 5000.0]),
            [
                "0", "500", "1000", "1500", "2000", "2500", "3000", "3500", "4000", "4500", "5000"
            ]
        );
        assert_eq!(axis(&[]), ["1"]);
    }

    #[test]
    fn values_have_round_ticks() {
        let axis = |values: &[f64], unit| labels(Axis::of_values(values.iter().copied(), unit));
        assert_eq!(axis(&[0.03, 2.3], ""), ["0", "0.5", "1.0", "1.5", "2.0"]);
        assert_eq!(axis(&[-1.0, 1.0], ""), ["-1.0", "-0.5", "0", "0.5", "1.0"]);
        assert_eq!(axis(&[97.0, 99.9], "%").last().expect("a tick"), "100");
        assert_eq!(axis(&[1e7, 3e7], "")[1], "1.5e7");
        assert_eq!(axis(&[0.0, 2e-9], "")[1], "5.0e-10");
    }

    #[test]
    fn constant_values_have_ticks_around_them() {
        for value in [
            0.0,
            0.5,
            100.0,
            -3.0,
            1e-300,
            1e100,
            -1e100,
            f64::MIN_POSITIVE,
        ] {
            for unit in ["%", "nats"] {
                let axis = Axis::of_values([value, value].into_iter(), unit);
                assert!(axis.low < axis.high, "{axis:?}");
                assert!(axis.low <= value && value <= axis.high, "{axis:?}");
                assert!((2..=12).contains(&axis.ticks().len()), "{axis:?}");
            }
        }
    }

    #[test]
    fn the_largest_and_the_closest_values_have_ticks() {
        for values in [
            [-1e100, 1e100],
            [1.0, 1.0 + 1e-15],
            [0.0, 5e-324],
            [1e50, 1e100],
        ] {
            for axis in [
                Axis::of_values(values.into_iter(), ""),
                Axis::of_counts(values.into_iter()),
            ] {
                assert!((1..=15).contains(&axis.ticks().len()), "{axis:?}");
            }
        }
    }
}
