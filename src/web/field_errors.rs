//! What is wrong with a form, field by field.

use crate::base::Text;

/// Errors in the order in which the page lists them.
#[derive(Debug, Clone, Default)]
pub struct FieldErrors {
    errors: Vec<FieldError>,
}

/// One error and the field it stands beside.
#[derive(Debug, Clone)]
pub struct FieldError {
    /// The field's `name`; empty for the form as a whole.
    pub field: String,
    /// A sentence that says what to do.
    pub text: Text,
}

impl FieldErrors {
    /// No errors.
    pub fn none() -> Self {
        Self::default()
    }

    /// One error of the form as a whole.
    pub fn form(text: Text) -> Self {
        Self::field("", text)
    }

    /// One error beside a field.
    pub fn field(field: impl Into<String>, text: Text) -> Self {
        let mut errors = Self::default();
        errors.add(field, text);
        errors
    }

    /// Adds one beside `field` (its `name`; empty for the form as a whole).
    pub fn add(&mut self, field: impl Into<String>, text: Text) {
        self.errors.push(FieldError {
            field: field.into(),
            text,
        });
    }

    /// What is wrong with `field`; the first one counts.
    pub fn of(&self, field: &str) -> Option<&Text> {
        self.errors
            .iter()
            .find(|error| error.field == field)
            .map(|error| &error.text)
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// All of them.
    pub fn all(&self) -> &[FieldError] {
        &self.errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_of_a_field_is_the_one_shown_beside_it() {
        let mut errors = FieldErrors::field("email", Text::new("error-email-format"));
        errors.add("email", Text::new("error-required"));
        errors.add("", Text::new("error-sign-in"));
        assert_eq!(errors.of("email").map(Text::key), Some("error-email-format"));
        assert!(errors.of("password").is_none());
        assert_eq!(errors.all().len(), 3);
        assert!(FieldErrors::none().is_empty());
    }
}
