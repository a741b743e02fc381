//! Reads a text for what the units of a layer do along it.

use anyhow::ensure;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rnn_data::text::Text;
use rnn_model::{AnyState, ModuleState};
use rnn_train::language::CharModel;

use super::activity::Activity;

/// Characters that are not shown are read so many at a time, so that the memory for them is bounded.
const PIECE: usize = 1024;

/// Reads texts, the state carried on from character to character.
pub struct Reader<'a> {
    model: &'a CharModel,
    /// The layer whose units are asked for.
    layer: usize,
    device: &'a Device,
    state: Option<AnyState>,
}

impl<'a> Reader<'a> {
    pub fn new(model: &'a CharModel, layer: usize, device: &'a Device) -> Self {
        Self {
            model,
            layer,
            device,
            state: None,
        }
    }

    /// Reads a text up to `start + length` characters. Gives the last `length` of them, or as many as
    /// there are, and what the layer's `num_units` units do along these. The state starts anew at each
    /// document.
    ///
    /// # Errors
    ///
    /// If the text has no more than `start` characters or can't be read, the model does not know a
    /// character and has no symbol for unknown ones, or its state is not finite.
    pub fn read_text(
        &mut self,
        text: &Text,
        start: usize,
        length: usize,
        num_units: usize,
    ) -> anyhow::Result<(String, Activity)> {
        let (name, all) = (text.path().display(), text.num_chars());
        ensure!(all > 0, "{name}: expected a text, found no characters");
        let start = start as u64;
        ensure!(
            start < all,
            "{name}: expected more than {start} characters, since --start is {start}, found {all}"
        );
        let (mut shown, mut activity) = (String::new(), Activity::new(num_units));
        let part = text.part(0..all.min(start + length as u64))?;
        let (mut end, mut number) = (0, start);
        for document in part.documents() {
            let first = end;
            end += document.num_chars();
            // The state would not outlast it.
            if end <= start {
                continue;
            }
            self.state = None;
            let skipped = start.saturating_sub(first);
            for begin in (0..skipped).step_by(PIECE) {
                let piece = document.read(begin..skipped.min(begin + PIECE as u64))?;
                let ids = self.encode(&piece, text)?;
                self.read(&ids);
            }
            let piece = document.read(skipped..document.num_chars())?;
            for id in self.encode(&piece, text)? {
                let state = self.read(&[id]);
                let units = self.units(state);
                number += 1;
                ensure!(
                    units.iter().all(|value| value.is_finite()),
                    "{name}: expected a finite state of the model after character {number}, found one \
                     that is not"
                );
                activity.push(&units);
            }
            shown += &piece;
        }
        Ok((shown, activity))
    }

    /// The ids of a piece of `text`.
    fn encode(&self, piece: &str, text: &Text) -> anyhow::Result<Vec<usize>> {
        let ids = self.model.vocab().encode_chars(piece);
        ids.map_err(|_| {
            anyhow::anyhow!(
                "{}: the model does not know these characters, and has no symbol for unknown ones: {:?}",
                text.path().display(),
                self.model.unknown(piece)
            )
        })
    }

    /// Reads the next characters; the state after them.
    fn read(&mut self, ids: &[usize]) -> AnyState {
        let ids: Vec<i64> = ids.iter().map(|&id| id as i64).collect();
        let shape = [1, ids.len()];
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, shape), self.device);
        let (_, state) = self.model.model().forward(ids, self.state.take());
        self.state.insert(state.detach()).clone()
    }

    /// The values of the layer's units in a state: the tanh of an LSTM's cell state, another cell's
    /// hidden state.
    fn units(&self, state: AnyState) -> Vec<f32> {
        let (h, c) = state.into_parts();
        let units = match c {
            Some(c) => c.narrow(0, self.layer, 1).tanh(),
            None => h.narrow(0, self.layer, 1),
        };
        units.into_data().iter::<f32>().collect()
    }
}

#[cfg(test)]
mod tests {
    use rnn_data::Vocab;
    use rnn_model::{AnyConfig, GruConfig, LanguageModelConfig, LstmConfig};

    use super::*;

    const TEXT: &str = "abcab cab";

    fn model(rnn: impl Into<AnyConfig>) -> (CharModel, Device) {
        let device = Device::default();
        let vocab = Vocab::chars(TEXT);
        let model = LanguageModelConfig::new(rnn.into(), vocab.len()).init(&device);
        (CharModel::new(model, vocab).expect("a model"), device)
    }

    /// What five units of the last layer do along a text.
    fn along(
        (model, device): &(CharModel, Device),
        text: &Text,
        start: usize,
    ) -> anyhow::Result<(String, Activity)> {
        Reader::new(model, 1, device).read_text(text, start, 4, 5)
    }

    fn values(activity: &Activity) -> Vec<Vec<f32>> {
        let units = activity.units(&[0, 1, 2, 3, 4]).into_iter();
        units.map(|unit| unit.values).collect()
    }

    #[test]
    fn characters_before_the_start_are_read_but_not_shown() {
        let model = model(GruConfig::new(4, 5).with_num_layers(2));
        let text = Text::from_string("text", TEXT);
        let (shown, all) = along(&model, &text, 0).expect("units");
        assert_eq!(shown, "abca");
        let (shown, some) = along(&model, &text, 2).expect("units");
        assert_eq!(shown, "cab ");
        for (all, some) in values(&all).iter().zip(values(&some)) {
            assert_eq!((all.len(), some.len()), (4, 4));
            for (a, b) in all[2..].iter().zip(some) {
                assert!((a - b).abs() < 1e-5, "{a} and {b}");
            }
        }
        let (shown, _) = along(&model, &text, 8).expect("units");
        assert_eq!(shown, "b");
    }

    #[test]
    fn a_document_begins_from_zeros() {
        let model = model(GruConfig::new(4, 5).with_num_layers(2));
        let documents = Text::from_documents("texts", ["ca", "ab", " c"]);
        let (shown, both) = along(&model, &documents, 2).expect("units");
        assert_eq!(shown, "ab c");
        let (_, alone) = along(&model, &Text::from_string("text", "ab"), 0).expect("units");
        for (both, alone) in values(&both).iter().zip(values(&alone)) {
            assert_eq!(both[..2], alone);
        }
    }

    #[test]
    fn units_of_an_lstm_are_its_cell_states() {
        let lstm = LstmConfig::new(4, 5).with_num_layers(2).with_proj_size(3);
        let (model, device) = model(lstm);
        let mut reader = Reader::new(&model, 1, &device);
        let state = reader.read(&[0, 1]);
        let (h, c) = state.clone().into_parts();
        assert_eq!(h.dims(), [2, 1, 3]);
        let c: Vec<f32> = c.expect("a cell state").into_data().iter::<f32>().collect();
        let units = reader.units(state);
        assert_eq!(units.len(), 5);
        for (unit, c) in units.iter().zip(&c[5..]) {
            assert!((unit - c.tanh()).abs() < 1e-5, "{unit} and {c}");
        }
    }

    #[test]
    fn a_text_without_what_to_show_is_refused() {
        let model = model(GruConfig::new(4, 5).with_num_layers(2));
        for (text, start, message) in [
            ("", 0, "text: expected a text, found no characters"),
            (
                "ab",
                2,
                "text: expected more than 2 characters, since --start is 2, found 2",
            ),
            (
                "abxx",
                0,
                "text: the model does not know these characters, and has no symbol for unknown ones: ['x']",
            ),
        ] {
            let error = along(&model, &Text::from_string("text", text), start);
            assert_eq!(error.expect_err("nothing to show").to_string(), message);
        }
    }
}
