use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use burn::data::dataset::DatasetError;

/// How many batches wait to be taken.
const AHEAD: usize = 2;

/// The batches of an epoch, made ahead of their use on a thread of their own.
///
/// Dropping it ends the thread.
pub struct Batches<B> {
    receiver: Option<Receiver<Result<B, DatasetError>>>,
    thread: Option<JoinHandle<()>>,
}

impl<B: Send + 'static> Batches<B> {
    /// Takes batches from `make` on a thread, a few ahead of their use.
    pub(super) fn ahead(
        make: impl Iterator<Item = Result<B, DatasetError>> + Send + 'static,
    ) -> Self {
        let (sender, receiver) = sync_channel(AHEAD);
        let send = move || {
            for batch in make {
                if sender.send(batch).is_err() {
                    break; // the receiver is gone: the training has stopped
                }
            }
        };
        Self {
            receiver: Some(receiver),
            thread: Some(std::thread::spawn(send)),
        }
    }
}

impl<B> Iterator for Batches<B> {
    type Item = Result<B, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.receiver.as_ref()?.recv().ok();
        if next.is_none()
            && let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
        {
            // A panic of the batcher must not pass for the end of the data.
            std::panic::resume_unwind(panic);
        }
        next
    }
}

impl<B> Drop for Batches<B> {
    fn drop(&mut self) {
        self.receiver = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
