//! The page of the keys of this server.

use askama::Template;

use crate::base::Text;
use crate::model::signing_key::KeyState;
use crate::web::{Layout, Tone, When};

/// `/console/keys`: a ring per algorithm; `form#rotate-ALG` to `/console/keys/rotate` (`alg`).
#[derive(Debug, Clone, Template)]
#[template(path = "console/keys.html")]
pub struct Keys {
    /// What every page needs.
    pub page: Layout,
    /// The rings.
    pub rings: Vec<Ring>,
}

/// The keys of one algorithm.
#[derive(Debug, Clone)]
pub struct Ring {
    /// The algorithm's name.
    pub alg: String,
    /// Whether others encrypt to its keys; else they sign.
    pub is_for_encryption: bool,
    /// When the next rotation is due.
    pub next_rotation: Option<When>,
    /// The keys: the one that signs first.
    pub rows: Vec<KeyRow>,
}

/// A key in a ring.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// `kid`.
    pub kid: String,
    /// How it stands.
    pub state: KeyState,
    /// Whether others encrypt to it; else it signs.
    pub is_for_encryption: bool,
    /// When it was made and published.
    pub created: When,
    /// From when it is in use.
    pub active: When,
    /// From when it is no longer.
    pub retiring: Option<When>,
    /// From when it is of no use at all.
    pub retired: Option<When>,
}

impl Ring {
    /// What its keys are for.
    pub fn purpose(&self) -> Text {
        Text::new(if self.is_for_encryption {
            "keys-encryption"
        } else {
            "keys-signing"
        })
    }
}

impl KeyRow {
    /// What the state is called.
    pub fn state_text(&self) -> Text {
        Text::new(match self.state {
            KeyState::Pending => "key-pending",
            KeyState::Active => "key-active",
            KeyState::Retiring => "key-retiring",
            KeyState::Retired => "key-retired",
        })
    }

    /// What the state means.
    pub fn meaning(&self) -> Text {
        Text::new(match (self.state, self.is_for_encryption) {
            (KeyState::Pending, false) => "key-pending-help",
            (KeyState::Active, false) => "key-active-help",
            (KeyState::Retiring, false) => "key-retiring-help",
            (KeyState::Retired, false) => "key-retired-help",
            (KeyState::Pending, true) => "key-pending-encryption-help",
            (KeyState::Active, true) => "key-active-encryption-help",
            (KeyState::Retiring, true) => "key-retiring-encryption-help",
            (KeyState::Retired, true) => "key-retired-encryption-help",
        })
    }

    /// The state's colour.
    pub fn tone(&self) -> Tone {
        match self.state {
            KeyState::Active => Tone::Good,
            KeyState::Pending => Tone::Warning,
            KeyState::Retiring | KeyState::Retired => Tone::Neutral,
        }
    }
}

#[cfg(test)]
impl Keys {
    pub(crate) fn samples(page: &Layout) -> Vec<(&'static str, Self)> {
        let page = page.clone().with_person("Ada Lovelace", true);
        let one = |kid: &str, state, days: i64, is_for_encryption| {
            let at = |days: i64| When::sample(&page, days * 24 * 60);
            KeyRow {
                kid: kid.to_owned(),
                state,
                is_for_encryption,
                created: at(days + 1),
                active: at(days),
                retiring: matches!(state, KeyState::Retiring | KeyState::Retired).then(|| at(days - 30)),
                retired: matches!(state, KeyState::Retired).then(|| at(days - 60)),
            }
        };
        let ring = |(alg, is_for_encryption): (&str, bool)| Ring {
            alg: alg.to_owned(),
            is_for_encryption,
            next_rotation: Some(When::sample(&page, -9 * 24 * 60)),
            rows: vec![
                one("rU2yGc5sH1kQ", KeyState::Active, 21, is_for_encryption),
                one("p0Zq8xVbN3dA", KeyState::Pending, -1, is_for_encryption),
                one("mE4tW7yLk9sD", KeyState::Retiring, 51, is_for_encryption),
                one("aB1cD2eF3gH4", KeyState::Retired, 81, is_for_encryption),
            ],
        };
        let full = Self {
            rings: [("RS256", false), ("ES256", false), ("ECDH-ES", true)].map(ring).into(),
            page: page.clone(),
        };
        let empty = Self {
            rings: vec![Ring {
                rows: Vec::new(),
                next_rotation: None,
                ..ring(("PS256", false))
            }],
            ..full.clone()
        };
        vec![("full", full), ("empty", empty)]
    }
}
