use burn::data::dataloader::Progress;
use burn::module::Module;
use burn::train::{InferenceStep, LearnerEvent, TrainingItem};

use super::Training;
use crate::data::{Loader, Split};
use crate::error::TrainError;
use crate::fit::learner::StepInput;
use crate::metrics::{NotFinite, RunningSums, Sums};
use crate::objective::Objective;

impl<M: Objective> Training<M> {
    /// Makes a pass over the validation data, for the report of that number; none if it was interrupted.
    pub(super) fn validate(
        &mut self,
        loader: &Loader<M::Batch>,
        report: usize,
    ) -> Result<Option<Sums>, TrainError> {
        let total_items = loader.num_items();
        self.valid_event(LearnerEvent::StartSplit {
            epoch_number: report,
            total_items,
        });
        let model = self.learner.model().valid();
        let device = self.setup.device.clone().without_autodiff();
        let mut sums = RunningSums::of_validation();
        let mut state = None;
        for (number, batch) in loader.batches(&device, 0).enumerate() {
            let batch = batch.map_err(|source| TrainError::Data {
                data: Split::Validation,
                batch: number,
                source: source.into(),
            })?;
            let mut output = InferenceStep::step(
                &model,
                StepInput {
                    batch,
                    state: state.take(),
                    noise_seed: 0,
                },
            );
            let left = output.state.take();
            if self.setup.config.carry_state {
                state = left;
            }
            output.loss.check().map_err(|source| TrainError::Class {
                data: Split::Validation,
                batch: number,
                source,
            })?;
            sums.add(self.setup.position.steps_done, number, &output.loss)?;
            let not_finite = sums.read_some()?;
            self.fail_in_validation(not_finite)?;
            if self.setup.dashboard {
                let items = loader.item_count().of_first(number + 1);
                let progress = Progress::new(items, total_items, Some("items".to_owned()));
                let item = TrainingItem::new(output, progress, Some(number + 1), None);
                self.valid_event(LearnerEvent::ProcessedItem(item));
            }
            if self.is_told_to_stop() {
                return Ok(None);
            }
        }
        let not_finite = sums.read()?;
        self.valid_event(LearnerEvent::EndSplit(report));
        self.fail_in_validation(not_finite)?;
        if sums.sums.predictions == 0 {
            let data = Split::Validation;
            return Err(TrainError::NoPredictions { data });
        }
        Ok(Some(sums.sums))
    }

    fn fail_in_validation(&self, not_finite: Option<NotFinite>) -> Result<(), TrainError> {
        let Some(found) = not_finite else {
            return Ok(());
        };
        let is_finite = self.has_finite_weights();
        Err(self.diverged(found, Split::Validation, Some(is_finite)))
    }
}
