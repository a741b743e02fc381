/// A text for the terminal in which what names from a file could move the cursor with is escaped; lines and
/// tabs stay.
pub fn plain(text: &str) -> String {
    let shown = |c: char| match c.is_control() && c != '\n' && c != '\t' {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}
