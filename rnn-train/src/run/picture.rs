use std::path::PathBuf;

use super::dir::RunDir;
use super::error::RunError;

/// A picture in a run's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    /// The loss over the epochs or steps, SVG.
    Loss,
    /// The accuracy over the epochs or steps, SVG.
    Accuracy,
    /// Which class was taken for which, SVG.
    Confusion,
    /// Images with what was predicted for them, PNG.
    Predictions,
    /// The most confident mistakes, PNG.
    Mistakes,
}

impl Picture {
    fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss.svg",
            Self::Accuracy => "accuracy.svg",
            Self::Confusion => "confusion.svg",
            Self::Predictions => "predictions.png",
            Self::Mistakes => "mistakes.png",
        }
    }
}

impl RunDir {
    /// Writes a picture, and returns where it is.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_picture(&self, picture: Picture, bytes: &[u8]) -> Result<PathBuf, RunError> {
        self.write(picture.name(), bytes)?;
        Ok(self.file(picture.name()))
    }
}
