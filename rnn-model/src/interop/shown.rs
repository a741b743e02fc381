//! Which of many names a message shows.

use std::collections::BTreeSet;

use super::layers::loaded_as;

/// How many names a message lists of one kind.
pub(super) const SHOWN: usize = 20;

/// More names than these, and longer ones, are not compared letter by letter.
const COMPARED: usize = 2000;
const LONGEST: usize = 120;

/// As many of `names` as are listed. Where that is not all, those that look like what is `wanted` come
/// first.
pub(super) fn shown<'a>(
    names: impl IntoIterator<Item = &'a str>,
    wanted: impl IntoIterator<Item = &'a str>,
) -> Vec<&'a str> {
    let mut names: Vec<&str> = names.into_iter().collect();
    if names.len() > SHOWN {
        let wanted = Wanted::new(wanted, names.len() <= COMPARED);
        // Equal ones stay in order.
        names.sort_by_cached_key(|name| std::cmp::Reverse(wanted.likeness(name)));
        names.truncate(SHOWN);
    }
    names
}

/// The names in a line, with the number of those that are left out.
pub(super) fn line<'a>(names: &'a [String], wanted: &'a str) -> String {
    let mut line = shown(names.iter().map(String::as_str), [wanted]).join(", ");
    if names.len() > SHOWN {
        line.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    line
}

/// Names that are looked for.
struct Wanted<'a> {
    /// Their last parts, `weight_ih_l0`.
    parts: BTreeSet<&'a str>,
    /// Those that are compared letter by letter.
    names: Vec<&'a str>,
}

impl<'a> Wanted<'a> {
    fn new(names: impl IntoIterator<Item = &'a str>, compare: bool) -> Self {
        let names: Vec<&str> = names.into_iter().take(COMPARED).collect();
        let is_compared = |name: &&str| compare && name.len() <= LONGEST;
        Self {
            parts: names.iter().map(|name| last_part(name)).collect(),
            names: names.into_iter().filter(is_compared).take(SHOWN).collect(),
        }
    }

    /// How much a name looks like one of these: its last part first, which says less if many have it,
    /// then one of its other parts, then its letters.
    fn likeness(&self, name: &str) -> (u8, u32) {
        let loaded = loaded_as(name);
        let last = last_part(&loaded);
        let part = if self.parts.contains(last) {
            if matches!(last, "weight" | "bias") {
                2
            } else {
                3
            }
        } else if name.split('.').any(|part| self.parts.contains(part)) {
            1
        } else {
            0
        };
        let letters = self.names.iter().filter(|_| name.len() <= LONGEST);
        let letters = letters.map(|wanted| (strsim::jaro(name, wanted) * 1e6) as u32);
        (part, letters.max().unwrap_or(0))
    }
}

/// What follows the last dot, or of `rnn.` what is before it.
fn last_part(name: &str) -> &str {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(_, last)| last)
}

#[cfg(test)]
mod tests {
    use super::{line, shown};

    fn many(begin: &str) -> Vec<String> {
        (0..30).map(|i| format!("{begin}{i:02}.scale")).collect()
    }

    #[test]
    fn few_names_stay_in_order() {
        assert_eq!(shown(["b", "a"], ["a"]), ["b", "a"]);
        let names = ["b".to_owned(), "a".to_owned()];
        assert_eq!(line(&names, "a"), "b, a");
    }

    #[test]
    fn of_many_those_that_look_like_the_wanted_come_first() {
        let mut names = many("conv");
        names.push("decoder.lstm.weight_ih_l0".into());
        names.push("decoder.lstn.weight_xx_l0".into());
        let all = || names.iter().map(String::as_str);
        let found = shown(all(), ["rnn.weight_ih_l0"]);
        assert_eq!(found.len(), 20);
        assert_eq!(found[0], "decoder.lstm.weight_ih_l0");
        // A prefix that is a part elsewhere.
        assert_eq!(shown(all(), ["lstm."])[0], "decoder.lstm.weight_ih_l0");
        // A cell's are a layer's, and tell more than a weight of any module.
        names.push("decoder.cell.weight_ih".into());
        names.push("decoder.out.weight".into());
        let all = || names.iter().map(String::as_str);
        let found = shown(all(), ["rnn.weight_ih_l0", "fc.weight"]);
        let last = ["decoder.cell.weight_ih", "decoder.lstm.weight_ih_l0"];
        assert!(
            last.contains(&found[0]) && last.contains(&found[1]),
            "{found:?}"
        );
        assert_eq!(found[2], "decoder.out.weight");
        // Letters alone.
        assert_eq!(
            shown(all(), ["decoder.lstn.weight_xx_l9"])[0],
            "decoder.lstn.weight_xx_l0"
        );
        let line = line(&names, "lstm.");
        assert!(line.starts_with("decoder.lstm.weight_ih_l0, "), "{line}");
        assert!(line.ends_with(" and 14 more"), "{line}");
    }

    #[test]
    fn a_million_names_are_cut() {
        let names: Vec<String> = (0..1_000_000).map(|i| format!("a.b.{i}")).collect();
        let line = line(&names, "b.");
        assert!(line.ends_with(" and 999980 more"), "{line}");
    }
}
