//! Characters that turn the direction of writing (Unicode TR 9 §2): nobody sees them, but what stands behind them is read
//! elsewhere than it stands. An app that may write them can make its words read as others.

/// Whether it is such a character.
pub fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::turns;

    #[test]
    fn marks_embeddings_overrides_and_isolates_turn_and_letters_do_not() {
        assert!(
            "\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}"
                .chars()
                .all(turns)
        );
        // a joiner belongs to words of several languages
        assert!(!"Hafen אב \u{200d}\u{200c}".chars().any(turns));
    }
}
