//! The metrics of Burn's dashboard.

use burn::tensor::TensorReadError;
use burn::train::metric::{
    AccuracyInput, AccuracyMetric, Adaptor, LossInput, Metric, MetricAttributes, MetricMetadata,
    MetricName, Numeric, NumericEntry, SerializedEntry,
};

use super::StepOutput;

impl<S> Adaptor<LossInput> for StepOutput<S> {
    fn adapt(&self) -> LossInput {
        // Burn weights a loss by its number of elements: one per prediction, so that a short last
        // batch has its weight.
        let loss = self.loss.loss.clone();
        LossInput::new(loss.expand([self.loss.count]))
    }
}

/// The classes of a batch; none if the model predicts no classes.
pub(super) struct ClassesInput(Option<AccuracyInput>);

impl<S> Adaptor<ClassesInput> for StepOutput<S> {
    fn adapt(&self) -> ClassesInput {
        ClassesInput(
            self.loss
                .classes
                .as_ref()
                .map(|classes| AccuracyInput::new(classes.logits.clone(), classes.targets.clone())),
        )
    }
}

/// Burn's accuracy, for models that may predict no classes: the learner's metrics are registered before
/// the first batch shows whether they do.
#[derive(Clone, Default)]
pub(super) struct ClassAccuracy {
    accuracy: AccuracyMetric,
    has_classes: bool,
}

impl Metric for ClassAccuracy {
    type Input = ClassesInput;

    fn name(&self) -> MetricName {
        self.accuracy.name()
    }

    fn attributes(&self) -> MetricAttributes {
        self.accuracy.attributes()
    }

    fn update(
        &mut self,
        input: &ClassesInput,
        metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        match &input.0 {
            Some(classes) => {
                self.has_classes = true;
                self.accuracy.update(classes, metadata)
            }
            None => Ok(SerializedEntry::not_available(None)),
        }
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        match self.has_classes {
            true => self.accuracy.compute(),
            false => Ok(SerializedEntry::not_available(None)),
        }
    }

    fn clear(&mut self) {
        self.accuracy.clear();
    }
}

impl Numeric for ClassAccuracy {
    fn value(&self) -> Option<NumericEntry> {
        self.accuracy.value().filter(|_| self.has_classes)
    }

    fn running_value(&self) -> Option<NumericEntry> {
        self.accuracy.running_value().filter(|_| self.has_classes)
    }

    fn final_value(&self) -> NumericEntry {
        self.accuracy.final_value()
    }
}
