//! Which known word somebody probably meant.

/// Longer words are compared by their beginning: nobody's slip is longer.
const LONGEST: usize = 80;

/// The nearest known word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guess<'k> {
    /// Probably a slip of this word: at most a third of the letters differ.
    Near(&'k str),
    /// The nearest one, but another word.
    Far(&'k str),
}

/// The nearest of `known` to `word`, whatever the case of its letters; `None` if nothing is known.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<Guess<'k>> {
    let length = word.chars().count();
    let word: String = word.to_lowercase().chars().take(LONGEST).collect();
    let (distance, candidate) = known
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate))
        .min_by_key(|(distance, _)| *distance)?;
    let is_near = length <= LONGEST && distance * 3 <= candidate.chars().count().max(length);
    Some(if is_near {
        Guess::Near(candidate)
    } else {
        Guess::Far(candidate)
    })
}

/// The number of letters to insert, delete or replace (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.chars().enumerate() {
        let mut diagonal = above;
        let mut last = above + 1;
        let mut next = vec![last];
        for (other, up) in right.iter().zip(row.iter().skip(1)) {
            last = (diagonal + usize::from(letter != *other)).min(up + 1).min(last + 1);
            diagonal = *up;
            next.push(last);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (left, right, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("isuer", "issuer", 1),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("a", "a", 0),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
            assert_eq!(distance(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn a_slip_is_understood_and_another_word_is_told_apart() {
        let known = ["client_id", "client_secret", "redirect_uris", "grant_types"];
        assert_eq!(nearest("redirect_uri", known), Some(Guess::Near("redirect_uris")));
        assert_eq!(nearest("clientid", known), Some(Guess::Near("client_id")));
        assert_eq!(nearest("GRANT_TYPE", known), Some(Guess::Near("grant_types")));
        assert_eq!(nearest("colour", known), Some(Guess::Far("client_id")));
        assert!(matches!(nearest(&"x".repeat(100), known), Some(Guess::Far(_))));
        assert_eq!(nearest("x", []), None);
    }
}
