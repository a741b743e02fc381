//! What is known of a text once it was gone through.

use sha2::{Digest, Sha256};

use super::cursor::Cursor;
use super::ids::Ids;
use super::{CHUNK, DocumentPart, Text, TextError, UnknownChars};
use crate::Vocab;

impl Text {
    /// The vocabulary of the text's characters, sorted, after a symbol that stands for all others.
    ///
    /// # Errors
    ///
    /// Those of reading: [`TextError::Io`] and [`TextError::Changed`], with the name of the file.
    ///
    /// ```
    /// use rnn_data::text::Text;
    ///
    /// let vocab = Text::from_string("word", "hello").vocab("<unk>")?;
    /// assert_eq!(vocab.iter().collect::<Vec<_>>(), ["<unk>", "e", "h", "l", "o"]);
    /// assert_eq!(vocab.unk_id(), Some(0));
    /// # Ok::<(), rnn_data::TextError>(())
    /// ```
    pub fn vocab(&self, unk: &str) -> Result<Vocab, TextError> {
        // By code point. A set would take ten times as long.
        let mut seen = vec![false; char::MAX as usize + 1];
        self.visit(|text| text.chars().for_each(|c| seen[c as usize] = true))?;
        let distinct: String = ('\0'..=char::MAX).filter(|c| seen[*c as usize]).collect();
        Ok(Vocab::builder().with_unk(unk).chars(&distinct))
    }

    /// The characters that a vocabulary does not have.
    ///
    /// # Errors
    ///
    /// Those of reading: [`TextError::Io`] and [`TextError::Changed`], with the name of the file.
    ///
    /// ```
    /// use rnn_data::Vocab;
    /// use rnn_data::text::Text;
    ///
    /// let unknown = Text::from_string("words", "hello yellow").count_unknown(&Vocab::chars("hello"))?;
    /// assert_eq!((unknown.count, &unknown.examples[..]), (3, &[' ', 'y', 'w'][..]));
    /// # Ok::<(), rnn_data::TextError>(())
    /// ```
    pub fn count_unknown(&self, vocab: &Vocab) -> Result<UnknownChars, TextError> {
        let ids = Ids::new(vocab);
        let mut unknown = UnknownChars::default();
        self.visit(|text| {
            for c in text.chars() {
                if ids.own(c).is_none() {
                    unknown.add(c);
                }
            }
        })?;
        Ok(unknown)
    }

    /// The SHA-256 of the text as UTF-8, as hexadecimal digits; of several documents, that of their
    /// SHA-256s, so that texts with other documents have another one.
    ///
    /// # Errors
    ///
    /// Those of reading: [`TextError::Io`] and [`TextError::Changed`], with the name of the file.
    ///
    /// ```
    /// use rnn_data::text::Text;
    ///
    /// let hash = Text::from_string("letters", "abc").hash()?;
    /// assert!(hash.starts_with("ba7816bf8f01cfea"));
    /// assert_ne!(Text::from_documents("letters", ["ab", "c"]).hash()?, hash);
    /// # Ok::<(), rnn_data::TextError>(())
    /// ```
    pub fn hash(&self) -> Result<String, TextError> {
        let mut cursor = Cursor::new(CHUNK);
        let mut hashes = Vec::new();
        for part in self.parts() {
            let mut hash = Sha256::new();
            cursor.visit(&self.corpus, &part, |text| hash.update(text))?;
            hashes.push(hash.finalize());
        }
        let hash = match hashes.as_slice() {
            [hash] => *hash,
            [] => Sha256::digest(""),
            several => Sha256::digest(several.concat()),
        };
        Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// How many bytes of UTF-8 the text has. Of a part, little more than its ends is read.
    ///
    /// # Errors
    ///
    /// Those of reading: [`TextError::Io`] and [`TextError::Changed`], with the name of the file.
    ///
    /// ```
    /// use rnn_data::text::Text;
    ///
    /// let text = Text::from_string("greeting", "grüß Gott");
    /// assert_eq!((text.bytes()?, text.part(3..5)?.bytes()?), (11, 3));
    /// # Ok::<(), rnn_data::TextError>(())
    /// ```
    pub fn bytes(&self) -> Result<u64, TextError> {
        let mut bytes = 0;
        for DocumentPart { document, range } in self.parts() {
            bytes += self.bytes_before(document, range.end)?;
            bytes -= self.bytes_before(document, range.start)?;
        }
        Ok(bytes)
    }

    /// How many bytes of UTF-8 come before a character of a document, or its end.
    fn bytes_before(&self, index: usize, position: u64) -> Result<u64, TextError> {
        let document = self.corpus.document(index);
        if position == document.num_chars() {
            return Ok(document.utf8_len());
        }
        let (marked, mark) = document.mark(position);
        let mut bytes = mark.utf8_offset;
        let rest = DocumentPart {
            document: index,
            range: marked..position,
        };
        Cursor::new(CHUNK).visit(&self.corpus, &rest, |text| bytes += text.len() as u64)?;
        Ok(bytes)
    }
}
