//! Rows that the account centre and the console both show.

use super::device::{device_icon, device_text};
use super::profile_field::claim_text;
use super::{Tone, When};
use crate::base::Text;
use crate::model::fact::FactSource;

/// A signed-in browser.
#[derive(Debug, Clone)]
pub struct SessionRow {
    /// The session's id, which the form to end it carries.
    pub id: String,
    /// The browser's `User-Agent`.
    pub user_agent: Option<String>,
    /// The network address it was last seen at; may be empty.
    pub address: String,
    /// When it began.
    pub started: When,
    /// When it was last used.
    pub last_seen: When,
    /// Whether it is the one that looks at this page.
    pub is_current: bool,
}

impl SessionRow {
    /// "Firefox on Linux".
    pub fn device(&self) -> Text {
        device_text(self.user_agent.as_deref())
    }

    /// The device's icon.
    pub fn icon(&self) -> &'static str {
        device_icon(self.user_agent.as_deref())
    }
}

/// One value of a profile and where it comes from.
#[derive(Debug, Clone)]
pub struct ProfileValue {
    /// The claim, `address.locality` for a member of the address.
    pub claim: String,
    /// The value as text.
    pub value: String,
    /// Who says so.
    pub source: FactSource,
    /// Whether it was proved; `None` for what nobody proves.
    pub is_verified: Option<bool>,
}

impl ProfileValue {
    /// What people call it.
    pub fn label(&self) -> Text {
        claim_text(&self.claim)
    }

    /// Who says so, to the person whose value it is.
    pub fn source_text(&self) -> Text {
        match self.source {
            FactSource::User => Text::new("source-you"),
            _ => source_text(&self.source),
        }
    }

    /// How sure it is, where that matters.
    pub fn proof(&self) -> Option<(Tone, Text)> {
        self.is_verified.map(|is_verified| {
            if is_verified {
                (Tone::Good, Text::new("value-verified"))
            } else {
                (Tone::Warning, Text::new("value-unverified"))
            }
        })
    }
}

/// Who asserted something.
pub fn source_text(source: &FactSource) -> Text {
    match source {
        FactSource::User => Text::new("source-user"),
        FactSource::Administrator => Text::new("source-administrator"),
        FactSource::Connector(id) => Text::new("source-connector").with("id", id.as_str()),
        FactSource::Import => Text::new("source-import"),
        FactSource::Api(id) => Text::new("source-api").with("id", id.as_str()),
        FactSource::Hook(id) => Text::new("source-hook").with("id", id.as_str()),
    }
}

#[cfg(test)]
impl SessionRow {
    /// Two browsers, the first of them this one.
    pub(crate) fn samples(page: &super::Layout) -> Vec<Self> {
        let linux = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1";
        let one = |id: &str, agent: &str, minutes| Self {
            id: id.to_owned(),
            user_agent: Some(agent.to_owned()),
            address: "203.0.113.7".to_owned(),
            started: When::sample(page, minutes + 3_000),
            last_seen: When::sample(page, minutes),
            is_current: minutes == 0,
        };
        vec![one("0199b8d4", linux, 0), one("0199b8d5", phone, 190)]
    }
}

#[cfg(test)]
impl ProfileValue {
    pub(crate) fn samples() -> Vec<Self> {
        let one = |claim: &str, value: &str, source, is_verified| Self {
            claim: claim.to_owned(),
            value: value.to_owned(),
            source,
            is_verified,
        };
        vec![
            one("name", "Ada Lovelace", FactSource::User, None),
            one("email", "ada@example.com", FactSource::Import, Some(true)),
            one(
                "phone_number",
                "+44 20 7946 0000",
                FactSource::Administrator,
                Some(false),
            ),
            one(
                "birthdate",
                "1815-12-10",
                FactSource::Connector("google".to_owned()),
                None,
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_ones_own_is_from_you_only_in_the_account_centre() {
        let values = ProfileValue::samples();
        assert_eq!(values[0].source_text().key(), "source-you");
        assert_eq!(source_text(&values[0].source).key(), "source-user");
        assert_eq!(values[1].source_text().key(), source_text(&values[1].source).key());
    }
}
