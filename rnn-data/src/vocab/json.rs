//! A vocabulary as JSON.

use serde_json::{Map, Value};

use super::parse::{PAD, SYMBOLS, UNK, parse};
use super::{Vocab, VocabError};

impl Vocab {
    /// The vocabulary as JSON: the two symbols with a meaning (or null), and all symbols by id, each
    /// on a line of its own.
    ///
    /// ```
    /// use rnn_data::Vocab;
    ///
    /// let vocab = Vocab::builder().with_unk("<unk>").words(["to", "be"]);
    /// let json = r#"{
    ///   "unk": "<unk>",
    ///   "pad": null,
    ///   "symbols": [
    ///     "<unk>",
    ///     "be",
    ///     "to"
    ///   ]
    /// }
    /// "#;
    /// assert_eq!(vocab.to_json(), json);
    /// assert_eq!(Vocab::from_json(json)?, vocab);
    /// # Ok::<(), rnn_data::VocabError>(())
    /// ```
    pub fn to_json(&self) -> String {
        let symbol = |id: Option<usize>| Value::from(id.and_then(|id| self.symbol(id)));
        let mut object = Map::new();
        object.insert(UNK.to_owned(), symbol(self.unk));
        object.insert(PAD.to_owned(), symbol(self.pad));
        object.insert(SYMBOLS.to_owned(), self.iter().collect());
        format!("{:#}\n", Value::Object(object))
    }

    /// Reads what [`Vocab::to_json`] has written. `unk` and `pad` may be left out.
    ///
    /// # Errors
    ///
    /// [`VocabError::Duplicate`], [`VocabError::NoSuchSymbol`], and [`VocabError::Json`] for all
    /// else: syntax, types, and fields that are missing, given twice, or unknown.
    ///
    /// ```
    /// use rnn_data::Vocab;
    ///
    /// let error = Vocab::from_json("{\"symbols\": [\"a\", \"b\",\n\"a\"]}").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "vocabulary, line 2, column 3: expected a symbol for id 2, found \"a\", which is the \
    ///      symbol of id 0"
    /// );
    /// ```
    pub fn from_json(json: &str) -> Result<Self, VocabError> {
        let content = parse(json, None)?;
        let id = |symbol: &Option<String>| symbol.as_ref().map(|s| content.ids.get(s).copied());
        let (unk, pad) = (id(&content.unk), id(&content.pad));
        if unk == Some(None) || pad == Some(None) {
            // `unk` and `pad` may come before the symbols that they must be among, so the position of
            // the error takes a second parse.
            parse(json, Some(&content.ids))?;
        }
        Ok(Self {
            symbols: content.symbols,
            ids: content.ids,
            unk: unk.flatten(),
            pad: pad.flatten(),
        })
    }
}
