//! What programs may register by themselves, as the list of apps says it.

use crate::{
    base::Text,
    domain::policy::{Admission, RegistrationPolicy},
};

/// The operator's registration policy, in words.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Who may register an app.
    pub admission: Text,
    /// That apps may come without being registered, named by a document; if they may.
    pub documents: Option<Text>,
    /// What each such app may have; empty if nobody may.
    pub terms: Vec<Term>,
}

/// One term of it.
#[derive(Debug, Clone)]
pub struct Term {
    /// What it is about.
    pub label: Text,
    /// Names that are allowed; empty: `words` say it all.
    pub names: Vec<String>,
    /// The rest in words.
    pub words: Option<Text>,
    /// The setting, as in `config/signet.toml`.
    pub setting: &'static str,
}

impl Registration {
    /// The policy in words.
    pub fn of(policy: &RegistrationPolicy) -> Self {
        let admission = Text::new(match policy.admission {
            Admission::Off => "registration-off",
            Admission::Token => "registration-token",
            Admission::Open => "registration-open",
        });
        let documents = policy.client_id_documents.then(|| Text::new("registration-documents"));
        let terms = match (policy.admission, &documents) {
            (Admission::Off, None) => Vec::new(),
            _ => terms(policy),
        };
        Self {
            admission,
            documents,
            terms,
        }
    }
}

fn terms(policy: &RegistrationPolicy) -> Vec<Term> {
    let named = |label, setting, names: Vec<String>| Term {
        label: Text::new(label),
        words: names.is_empty().then(|| Text::new("registration-any")),
        names,
        setting,
    };
    let said = |label, setting, words| Term {
        label: Text::new(label),
        names: Vec::new(),
        words: Some(words),
        setting,
    };
    let grants = policy.grant_types.iter().map(|one| one.as_str().to_owned()).collect();
    let responses = policy
        .response_types
        .iter()
        .map(|one| one.as_str().to_owned())
        .collect();
    let secret = match policy.secret_lifetime {
        None => Text::new("registration-secret-ever"),
        Some(lifetime) => Text::new("registration-secret-days")
            .count("n", lifetime.whole_days())
            .count("hours", policy.secret_grace.whole_hours()),
    };
    let address = match policy.per_address {
        None => Text::new("registration-any"),
        Some(most) => Text::new("registration-an-hour").count("n", most.into()),
    };
    let mut terms = vec![
        named("app-grant-types", "grant_types", grants),
        named("app-response-types", "response_types", responses),
        named("app-scope", "scopes", policy.scopes.clone().unwrap_or_default()),
        said("registration-per-address", "clients_per_address", address),
        said(
            "registration-most",
            "most_clients",
            Text::new("registration-in-all").count("n", policy.most.into()),
        ),
        said(
            "registration-unused",
            "unused_days",
            Text::new("registration-unused-days").count("n", policy.unused.whole_days()),
        ),
    ];
    // an app that is named by a document has none
    if policy.admission != Admission::Off {
        terms.push(said("registration-secret", "client_secret_days", secret));
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_terms_of_what_is_off() {
        let mut policy = RegistrationPolicy::default();
        assert!(Registration::of(&policy).terms.is_empty());
        assert!(Registration::of(&policy).documents.is_none());
        policy.client_id_documents = true;
        let named = Registration::of(&policy);
        assert!(named.documents.is_some());
        assert!(named.terms.iter().any(|term| term.setting == "grant_types"));
        assert!(named.terms.iter().all(|term| term.setting != "client_secret_days"));
        policy.admission = Admission::Open;
        let open = Registration::of(&policy);
        assert!(open.terms.iter().any(|term| term.setting == "client_secret_days"));
        assert_eq!(open.terms[0].names, ["authorization_code", "refresh_token"]);
        assert!(open.terms[2].words.is_some(), "any scope");
        policy.scopes = Some(vec!["openid".to_owned()]);
        let some = Registration::of(&policy);
        assert_eq!(some.terms[2].names, ["openid"]);
        assert!(some.terms[2].words.is_none());
    }
}
