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

    /// What is wrong with the form as a whole.
    pub fn of_form(&self) -> impl Iterator<Item = &Text> {
        self.errors
            .iter()
            .filter(|error| error.field.is_empty())
            .map(|error| &error.text)
    }

    /// The first field with an error, and how many fields have one.
    pub fn marked(&self) -> Option<(&str, u64)> {
        let mut fields: Vec<&str> = Vec::new();
        for error in self.errors.iter().filter(|error| !error.field.is_empty()) {
            if !fields.contains(&error.field.as_str()) {
                fields.push(&error.field);
            }
        }
        let first = fields.first()?;
        Some((first, u64::try_from(fields.len()).unwrap_or(u64::MAX)))
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
        assert!(FieldErrors::none().is_empty());
    }

    #[test]
    fn fields_are_counted_once_and_the_form_as_a_whole_is_none_of_them() {
        let mut errors = FieldErrors::form(Text::new("error-conflict"));
        assert_eq!(errors.marked(), None);
        errors.add("email", Text::new("error-email-format"));
        errors.add("email", Text::new("error-required"));
        errors.add("name", Text::new("error-required"));
        assert_eq!(errors.marked(), Some(("email", 2)));
        let whole: Vec<_> = errors.of_form().map(Text::key).collect();
        assert_eq!(whole, ["error-conflict"]);
    }
}
