//! Standard claims as people meet them: a label, an icon, and a field of a form.

use crate::base::Text;

/// What people call a claim (`address.locality` names a member of the address); a claim of another name is called that.
pub fn claim_text(claim: &str) -> Text {
    let key = match claim {
        "sub" => "claim-sub",
        "name" => "claim-name",
        "given_name" => "claim-given-name",
        "family_name" => "claim-family-name",
        "middle_name" => "claim-middle-name",
        "nickname" => "claim-nickname",
        "preferred_username" => "claim-preferred-username",
        "profile" => "claim-profile",
        "picture" => "claim-picture",
        "website" => "claim-website",
        "gender" => "claim-gender",
        "birthdate" => "claim-birthdate",
        "zoneinfo" => "claim-zoneinfo",
        "locale" => "claim-locale",
        "email" => "claim-email",
        "email_verified" => "claim-email-verified",
        "phone_number" => "claim-phone-number",
        "phone_number_verified" => "claim-phone-number-verified",
        "address" => "claim-address",
        "address.formatted" => "claim-address-formatted",
        "address.street_address" => "claim-address-street-address",
        "address.locality" => "claim-address-locality",
        "address.region" => "claim-address-region",
        "address.postal_code" => "claim-address-postal-code",
        "address.country" => "claim-address-country",
        other => return Text::verbatim(other),
    };
    Text::new(key)
}

/// The name of a custom claim as short as it still says something: of an address, its last part.
pub fn short_name(claim: &str) -> &str {
    let Some((_, address)) = claim.split_once("://") else {
        return claim;
    };
    let last = address.rsplit(['/', '#']).find(|part| !part.is_empty());
    last.unwrap_or(claim)
}

/// The icon that stands beside a claim.
pub fn claim_icon(claim: &str) -> &'static str {
    match claim {
        "email" | "email_verified" => "mail",
        "phone_number" | "phone_number_verified" => "phone",
        "picture" => "image",
        "birthdate" => "cake",
        "website" | "profile" | "locale" => "globe",
        "zoneinfo" => "clock",
        "preferred_username" | "nickname" => "at-sign",
        "name" | "given_name" | "family_name" | "middle_name" | "gender" => "user-round",
        address if address.starts_with("address") => "map-pin",
        _ => "id-card",
    }
}

/// A field for one claim; its `name` in the form is the claim's.
#[derive(Debug, Clone)]
pub struct ProfileField {
    /// The claim, `address.locality` for a member of the address.
    pub claim: String,
    /// What it holds now, or what was typed.
    pub value: String,
    /// Whether it must be filled in.
    pub required: bool,
}

impl ProfileField {
    /// A field that may stay empty.
    pub fn optional(claim: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            claim: claim.into(),
            value: value.into(),
            required: false,
        }
    }

    /// A field that must be filled in.
    pub fn required(claim: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            required: true,
            ..Self::optional(claim, value)
        }
    }

    /// Its label.
    pub fn label(&self) -> Text {
        claim_text(&self.claim)
    }

    /// What helps to fill it in, where the label does not say enough.
    pub fn help(&self) -> Option<Text> {
        match self.claim.as_str() {
            "birthdate" => Some(Text::new("claim-birthdate-help")),
            "phone_number" => Some(Text::new("claim-phone-number-help")),
            "zoneinfo" => Some(Text::new("claim-zoneinfo-help")),
            "locale" => Some(Text::new("claim-locale-help")),
            _ => None,
        }
    }

    /// The `type` of its input. A birthdate is text: a year alone is one too (OpenID Connect Core §5.1).
    pub fn kind(&self) -> &'static str {
        match self.claim.as_str() {
            "email" => "email",
            "phone_number" => "tel",
            "profile" | "picture" | "website" => "url",
            _ => "text",
        }
    }

    /// The `autocomplete` token for one's own data (HTML §4.10.18.7).
    pub fn autocomplete(&self) -> &'static str {
        match self.claim.as_str() {
            "name" => "name",
            "given_name" => "given-name",
            "family_name" => "family-name",
            "middle_name" => "additional-name",
            "nickname" | "preferred_username" => "nickname",
            "website" | "profile" => "url",
            "picture" => "photo",
            "gender" => "sex",
            "birthdate" => "bday",
            "locale" => "language",
            "email" => "email",
            "phone_number" => "tel",
            "address.street_address" => "street-address",
            "address.locality" => "address-level2",
            "address.region" => "address-level1",
            "address.postal_code" => "postal-code",
            "address.country" => "country",
            _ => "off",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Locale, Translator};
    use crate::spec::oidc::claim::{ADDRESS_MEMBERS, STANDARD_CLAIMS};

    #[test]
    fn an_address_is_called_by_its_last_part() {
        for (claim, short) in [
            ("https://example.com/claims/plan", "plan"),
            ("http://localhost:3000/claims/plan/", "plan"),
            ("https://example.com/terms#tier", "tier"),
            ("https://example.com", "example.com"),
            ("urn:example:plan", "urn:example:plan"),
            ("plan", "plan"),
            ("://", "://"),
        ] {
            assert_eq!(short_name(claim), short, "{claim}");
        }
    }

    #[test]
    fn every_standard_claim_has_a_name_of_its_own() {
        let members = ADDRESS_MEMBERS.iter().map(|member| format!("address.{member}"));
        let claims: Vec<_> = STANDARD_CLAIMS
            .iter()
            .map(|claim| claim.name.to_owned())
            .chain(members)
            .collect();
        for locale in Locale::ALL {
            let mut words: Vec<_> = claims
                .iter()
                .map(|claim| Translator::new(locale).say(claim_text(claim)))
                .collect();
            assert!(claims.iter().all(|claim| claim_text(claim).key() != "verbatim"));
            words.sort();
            words.dedup();
            assert_eq!(words.len(), claims.len());
        }
        assert_eq!(
            Translator::new(Locale::En).say(claim_text("https://x.example/plan")),
            "https://x.example/plan"
        );
    }
}
