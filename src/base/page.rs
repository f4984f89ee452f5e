//! A page of a list, by cursor.

/// What a list is asked for: at most `limit` rows after the row that `after` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Number of rows, 1 to 200.
    pub limit: u16,
    /// Cursor of an earlier page; opaque to everyone but the store.
    pub after: Option<String>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: 50, after: None }
    }
}

/// Some rows and the cursor of the next ones.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// What to send as `after` for the next page; `None` at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The same page with each row turned into something else.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(turn).collect(),
            next: self.next,
        }
    }
}
