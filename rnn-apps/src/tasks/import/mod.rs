//! Makes runs of weights that were trained elsewhere.

mod check;
mod encoder;
mod network;
mod scores;
mod symbols;
mod weights;

use std::path::Path;

use anyhow::Context as _;
use burn::module::Module;
use rnn_model::{Listing, StateDict};
use rnn_train::RunDir;
use serde_json::{Map, Value};

use super::recurrent::{RecurrentDescription, split};
use super::settings::{Settings, create};
use crate::context::Context;
pub use check::Expected;
pub use encoder::Encoder;
pub use network::{Network, Outputs};
pub use scores::{at_all_steps, ids_of};
pub use symbols::Symbols;
pub use weights::Selection;
use weights::Weights;

/// A run of imported weights.
pub struct Imported {
    pub run: RunDir,
    pub parameters: usize,
    /// A command to suggest.
    pub next: String,
    /// What a check found, if there was one.
    pub agreement: Option<check::Agreement>,
    /// The settings that weights don't tell and the description does not say, with what they are.
    pub assumed: Vec<(&'static str, Value)>,
}

/// What a run is made from.
pub struct Import<'a> {
    /// What the description says of the model, as JSON.
    pub description: Map<String, Value>,
    /// The file of the description; paths in it are relative to its folder.
    pub file: &'a Path,
    /// The file of the weights.
    pub weights: &'a Path,
    /// Which of them are imported.
    pub selection: Selection,
    /// What PyTorch's network gave for an input, if it is to be compared.
    pub expected: Option<Expected>,
    /// The folder for the run; the next free one if there is none.
    pub run: Option<&'a Path>,
}

/// A network as it is described.
struct Described<N: Network> {
    settings: N::Settings,
    assets: N::Assets,
}

impl<N: Network> Described<N> {
    /// Reads a description; paths in it are relative to `folder`.
    fn read(description: Map<String, Value>, folder: &Path) -> anyhow::Result<Self> {
        let keys = [RecurrentDescription::KEYS, Selection::KEYS].concat();
        let (own, recurrent) = split(description, &keys)?;
        let recurrent = RecurrentDescription::into(recurrent);
        let (settings, assets) = N::from_description(own, recurrent, folder)?;
        Ok(Self { settings, assets })
    }
}

impl Import<'_> {
    /// Makes a run of network `N`.
    pub fn run<N: Network>(self, context: &Context) -> anyhow::Result<Imported> {
        let folder = self.file.parent().unwrap_or(Path::new(""));
        let named = || self.file.display().to_string();
        // With outputs to compare with, the description need not say what they tell.
        let mut description = self.description.clone();
        if self.expected.is_some() {
            for (key, values) in N::untold(&description) {
                let default = values.into_iter().next().unwrap_or_default();
                description.entry(key).or_insert(default);
            }
        }
        let mut described = Described::<N>::read(description, folder).with_context(named)?;
        let parameters = N::num_params(&described.settings).with_context(named)?;
        let listing = Listing::read(self.weights)?;
        Weights::check_size(self.weights, &listing, parameters)?;
        let blank = N::init(&described.settings, &context.device).with_context(named)?;
        let parameters_of = StateDict::of(&blank);
        let wanted = parameters_of.iter();
        let wanted = wanted.map(|(name, data)| (name.to_owned(), data.shape().to_vec()));
        let wanted: Vec<_> = wanted.collect();
        let finish = |weights| N::imported(&described.settings, weights);
        let weights = Weights::read(self.weights, &listing, self.selection, &wanted, finish)?;
        let mut loaded = weights.load_into(blank)?;

        let mut agreement = None;
        let mut assumed = Vec::new();
        if self.expected.is_none() {
            for (key, values) in N::untold(&self.description) {
                if !self.description.contains_key(key) {
                    assumed.push((key, values.into_iter().next().unwrap_or_default()));
                }
            }
        }
        if let Some(expected) = self.expected {
            let found = expected.compare::<N>(&self.description, folder, &weights, context)?;
            let mut description = self.description;
            description.extend(found.settings.iter().cloned());
            described = Described::read(description, folder).with_context(named)?;
            loaded = weights.load_into(N::init(&described.settings, &context.device)?)?;
            agreement = Some(found);
        }

        let settings = Settings::<_, ()> {
            imported: Some(weights.origin),
            ..Settings::new(context, N::NAME, described.settings)
        };
        let (run, _lock) = create(self.run, N::NAME, &settings, |run| {
            N::write_assets(&settings.model, &described.assets, run)?;
            Ok(run.save_model(&loaded)?)
        })?;
        Ok(Imported {
            next: N::next_command(&run)?,
            parameters: loaded.num_params(),
            agreement,
            assumed,
            run,
        })
    }
}
