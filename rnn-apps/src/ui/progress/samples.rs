use std::cell::Cell;
use std::rc::Rc;

use rnn_train::progress::{EpochReport, Observer};

use crate::ui::Output;

/// An observer that prints what the model can do, after the line of a validation.
pub struct Samples {
    out: Output,
    next: Rc<Cell<Option<String>>>,
}

impl Samples {
    pub fn new(out: Output) -> Self {
        Self {
            out,
            next: Rc::default(),
        }
    }

    /// Where a hook puts the text to be printed next.
    pub fn next(&self) -> Rc<Cell<Option<String>>> {
        self.next.clone()
    }
}

impl Observer for Samples {
    fn epoch(&mut self, _: &EpochReport) {
        if let Some(text) = self.next.take() {
            // A closed pipe must not stop the training, which still has its weights to save.
            let _ = self.out.line(text);
        }
    }
}
