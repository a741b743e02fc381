use burn::lr_scheduler::{LrScheduler, LrSchedulerRecord};

use super::anneal;

/// The one-cycle policy with cosine annealing (Smith and Topin, [Super-convergence], 2018), the
/// learning rate of PyTorch's `OneCycleLR` with `cycle_momentum=False`: from 1/25 of the maximum up to
/// the maximum over the first 30 % of the steps, then down to 1/10,000 of the initial rate.
///
/// ```
/// use burn::lr_scheduler::LrScheduler;
/// let mut schedule = rnn_train::optim::OneCycle::new(0.1, 10);
/// let rates: Vec<f64> = (0..10).map(|_| schedule.step()).collect();
/// assert!((rates[0] - 0.1 / 25.0).abs() < 1e-12);
/// assert!((rates[2] - 0.1).abs() < 1e-12);
/// assert!(rates[9] < 1e-6);
/// ```
///
/// [Super-convergence]: https://arxiv.org/abs/1708.07120
#[derive(Clone, Debug)]
pub struct OneCycle {
    max: f64,
    total_steps: usize,
    step: usize,
}

impl OneCycle {
    const RISE: f64 = 0.3;
    const DIV_FACTOR: f64 = 25.0;
    const FINAL_DIV_FACTOR: f64 = 1e4;

    /// `total_steps` steps with `max` as the highest rate. Past the last step it stays there.
    pub fn new(max: f64, total_steps: usize) -> Self {
        Self {
            max,
            total_steps,
            step: 0,
        }
    }

    pub(super) fn rate(&self, step: usize) -> f64 {
        let initial = self.max / Self::DIV_FACTOR;
        let total = self.total_steps.max(1) as f64;
        // Below four steps the peak lies before the first one, as in PyTorch.
        let (last, peak) = (total - 1.0, Self::RISE * total - 1.0);
        let step = (step as f64).min(last);
        if step < peak {
            anneal(initial, self.max, step / peak)
        } else {
            let end = initial / Self::FINAL_DIV_FACTOR;
            anneal(self.max, end, (step - peak) / (last - peak))
        }
    }
}

impl LrScheduler for OneCycle {
    fn step(&mut self) -> f64 {
        let rate = self.rate(self.step);
        self.step += 1;
        rate
    }

    fn to_record(&self) -> LrSchedulerRecord {
        LrSchedulerRecord::new().with_scalar("step", self.step as u64)
    }

    fn load_record(&mut self, record: LrSchedulerRecord) {
        if let Some(step) = record.scalar::<u64>("step") {
            self.step = step as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    // schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.1, total_steps=12)
    // for _ in range(12): print(optimiser.param_groups[0]["lr"]); optimiser.step(); schedule.step()
    // (torch 2.9.0)
    #[rustfmt::skip]
    const PYTORCH: [f64; 12] = [
        0.0040000000000000036, 0.0349789654219583, 0.08792851591221287,
        0.09944154354509119, 0.09330129698414118, 0.0811745653949763,
        0.06473789976951033, 0.046263710266697504, 0.028306099820869922,
        0.01334775301888306, 0.0034566987425395223, 4e-07,
    ];

    #[test]
    fn rates_are_those_of_pytorch() {
        let mut schedule = OneCycle::new(0.1, 12);
        for (step, expected) in PYTORCH.into_iter().enumerate() {
            let found = schedule.step();
            assert!(
                (found - expected).abs() < 1e-12,
                "step {step}: {found}, expected {expected}"
            );
        }
    }

    #[test]
    fn a_restored_schedule_goes_on_where_it_was() {
        let mut whole = OneCycle::new(1e-3, 50);
        for _ in 0..20 {
            whole.step();
        }
        let mut restored = OneCycle::new(1e-3, 50);
        restored.load_record(whole.to_record());
        assert_eq!(restored.step(), whole.step());
    }
}
