//! Which known word somebody probably meant.

/// The nearest of `known` to `word`, if one is near enough: at most a third of its letters differ.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    if word.chars().count() > 60 {
        return None;
    }
    let word = word.to_lowercase();
    known
        .iter()
        .map(|candidate| (distance(&word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance * 3 <= candidate.chars().count().max(word.chars().count()))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
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
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("a", "a", 0),
        ] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
            assert_eq!(distance(right, left), expected, "{right} {left}");
        }
    }

    #[test]
    fn a_slip_is_understood_and_nonsense_is_not() {
        let known = ["client_id", "client_secret", "redirect_uris", "grant_types"];
        assert_eq!(nearest("redirect_uri", &known), Some("redirect_uris"));
        assert_eq!(nearest("clientid", &known), Some("client_id"));
        assert_eq!(nearest("GRANT_TYPE", &known), Some("grant_types"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(nearest(&"x".repeat(100), &known), None);
    }
}
