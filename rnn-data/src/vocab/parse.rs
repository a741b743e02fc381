//! The parser of a vocabulary's JSON, whose errors give line and column.
//!
//! What serde derives would check a list's symbols against each other only once all are read, when
//! it is too late to tell where the wrong one stands.

use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::VocabError;
use crate::fs::file::excerpt;

pub(super) const UNK: &str = "unk";
pub(super) const PAD: &str = "pad";
pub(super) const SYMBOLS: &str = "symbols";
const FIELDS: &[&str] = &[UNK, PAD, SYMBOLS];

/// An object's fields, not yet checked against each other.
pub(super) struct Content {
    pub(super) symbols: Vec<String>,
    pub(super) ids: HashMap<String, usize>,
    pub(super) unk: Option<String>,
    pub(super) pad: Option<String>,
}

/// An error in the content; the JSON parser adds line and column.
enum Problem {
    Duplicate {
        symbol: String,
        first: usize,
        second: usize,
    },
    NoSuchSymbol {
        field: &'static str,
        symbol: String,
        len: usize,
    },
}

/// Reads the object. `known` are the symbols that `unk` and `pad` must be among, once they are known.
pub(super) fn parse(
    json: &str,
    known: Option<&HashMap<String, usize>>,
) -> Result<Content, VocabError> {
    let mut problem = None;
    let mut parser = serde_json::Deserializer::from_str(json);
    let object = Object {
        known,
        problem: &mut problem,
    };
    parser
        .deserialize_map(object)
        .and_then(|content| parser.end().map(|()| content))
        .map_err(|error| {
            let (line, column) = (error.line(), error.column());
            match problem {
                Some(Problem::Duplicate {
                    symbol,
                    first,
                    second,
                }) => VocabError::Duplicate {
                    line,
                    column,
                    symbol,
                    first,
                    second,
                },
                Some(Problem::NoSuchSymbol { field, symbol, len }) => VocabError::NoSuchSymbol {
                    line,
                    column,
                    field,
                    symbol,
                    len,
                },
                None => {
                    let reason = error.to_string();
                    let place = format!(" at line {line} column {column}");
                    let reason = reason.strip_suffix(&place).unwrap_or(&reason).to_owned();
                    VocabError::Json {
                        line,
                        column,
                        reason,
                    }
                }
            }
        })
}

struct Object<'a> {
    known: Option<&'a HashMap<String, usize>>,
    problem: &'a mut Option<Problem>,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a list of symbols")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let mut list: Option<(Vec<String>, HashMap<String, usize>)> = None;
        let mut special: [Option<Option<String>>; 2] = [None, None];
        while let Some(key) = map.next_key::<String>()? {
            let (field, slot) = match key.as_str() {
                SYMBOLS if list.is_some() => return Err(A::Error::duplicate_field(SYMBOLS)),
                SYMBOLS => {
                    list = Some(map.next_value_seed(Symbols(self.problem))?);
                    continue;
                }
                UNK => (UNK, &mut special[0]),
                PAD => (PAD, &mut special[1]),
                _ => return Err(A::Error::unknown_field(&excerpt(&key), FIELDS)),
            };
            if slot.is_some() {
                return Err(A::Error::duplicate_field(field));
            }
            *slot = Some(map.next_value_seed(Special {
                field,
                known: self.known,
                problem: self.problem,
            })?);
        }
        let (symbols, ids) = list.ok_or_else(|| A::Error::missing_field(SYMBOLS))?;
        let [unk, pad] = special.map(Option::flatten);
        Ok(Content {
            symbols,
            ids,
            unk,
            pad,
        })
    }
}

/// The list.
struct Symbols<'a>(&'a mut Option<Problem>);

impl<'de> DeserializeSeed<'de> for Symbols<'_> {
    type Value = (Vec<String>, HashMap<String, usize>);

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        parser.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Symbols<'_> {
    type Value = (Vec<String>, HashMap<String, usize>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of symbols")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut symbols = Vec::new();
        let mut ids = HashMap::new();
        while let Some(symbol) = seq.next_element_seed(Symbol {
            ids: &mut ids,
            problem: &mut *self.0,
        })? {
            symbols.push(symbol);
        }
        Ok((symbols, ids))
    }
}

/// A symbol of the list. It is checked as soon as it is read, since the parser's position is its end.
struct Symbol<'a> {
    ids: &'a mut HashMap<String, usize>,
    problem: &'a mut Option<Problem>,
}

impl<'de> DeserializeSeed<'de> for Symbol<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<String, D::Error> {
        parser.deserialize_str(self)
    }
}

impl Visitor<'_> for Symbol<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a symbol as a string")
    }

    fn visit_str<E: Error>(self, symbol: &str) -> Result<String, E> {
        let second = self.ids.len();
        if let Some(&first) = self.ids.get(symbol) {
            let symbol = excerpt(symbol);
            *self.problem = Some(Problem::Duplicate {
                symbol,
                first,
                second,
            });
            return Err(E::custom("duplicate"));
        }
        self.ids.insert(symbol.to_owned(), second);
        Ok(symbol.to_owned())
    }
}

/// `unk` or `pad`: a symbol, or null.
struct Special<'a> {
    field: &'static str,
    known: Option<&'a HashMap<String, usize>>,
    problem: &'a mut Option<Problem>,
}

impl<'de> DeserializeSeed<'de> for Special<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        parser.deserialize_any(self)
    }
}

impl Visitor<'_> for Special<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a symbol as a string, or null")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, symbol: &str) -> Result<Self::Value, E> {
        if let Some(known) = self.known
            && !known.contains_key(symbol)
        {
            *self.problem = Some(Problem::NoSuchSymbol {
                field: self.field,
                symbol: excerpt(symbol),
                len: known.len(),
            });
            return Err(E::custom("no such symbol"));
        }
        Ok(Some(symbol.to_owned()))
    }
}
