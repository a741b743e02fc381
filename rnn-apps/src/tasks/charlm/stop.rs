//! Where a text that is being written ends.

/// Holds back what may be the beginning of a text to stop before.
#[derive(Debug)]
pub struct Stop {
    text: String,
    held: String,
    is_found: bool,
}

impl Stop {
    /// Stops before `text`; an empty one never comes.
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            held: String::new(),
            is_found: false,
        }
    }

    /// Takes the next character; what can be shown by now.
    pub fn push(&mut self, character: char) -> String {
        self.held.push(character);
        if self.text.is_empty() {
            return std::mem::take(&mut self.held);
        }
        if self.held == self.text {
            self.is_found = true;
            self.held.clear();
            return String::new();
        }
        // The longest end that the text begins with.
        let starts = self.held.char_indices().map(|(start, _)| start);
        let mut starts = starts.filter(|&start| self.text.starts_with(&self.held[start..]));
        let start = starts.next().unwrap_or(self.held.len());
        let rest = self.held.split_off(start);
        std::mem::replace(&mut self.held, rest)
    }

    /// Whether the text to stop before came.
    pub fn is_found(&self) -> bool {
        self.is_found
    }

    /// What was held back, when no more characters come.
    pub fn rest(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(stop: &str, text: &str) -> (String, bool) {
        let mut stop = Stop::new(stop);
        let mut shown = String::new();
        for character in text.chars() {
            shown += &stop.push(character);
            if stop.is_found() {
                return (shown, true);
            }
        }
        shown += &stop.rest();
        (shown, false)
    }

    #[test]
    fn a_text_ends_before_the_one_to_stop_before() {
        for (stop, text, expected) in [
            ("", "abc", ("abc", false)),
            ("x", "abc", ("abc", false)),
            ("c", "abcd", ("ab", true)),
            ("aab", "aaaabc", ("aa", true)),
            ("abac", "ababac!", ("ab", true)),
            ("\n\n", "a\nb\n\nc", ("a\nb", true)),
            ("日本", "日日本", ("日", true)),
            ("abc", "xab", ("xab", false)),
        ] {
            let (text, is_found) = shown(stop, text);
            assert_eq!((text.as_str(), is_found), expected, "{stop:?}");
        }
    }
}
