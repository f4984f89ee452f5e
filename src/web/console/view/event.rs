//! A line of the audit trail.

use crate::base::Text;
use crate::model::audit_event::AuditKind;
use crate::web::{Tone, When};

/// A line of the audit trail.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// When it happened.
    pub at: When,
    /// What happened, `sign_in.succeeded`.
    pub kind: String,
    /// Who did it, as people call them.
    pub actor: String,
    /// To whom or what, as people call it; may be empty.
    pub subject: String,
    /// The subject's page in the console.
    pub subject_href: Option<String>,
    /// The network address; may be empty.
    pub address: String,
    /// What else is known: names and values.
    pub data: Vec<(String, String)>,
}

impl EventRow {
    /// What happened, in words.
    pub fn text(&self) -> Text {
        event_text(&self.kind)
    }

    /// How grave it is.
    pub fn tone(&self) -> Tone {
        match AuditKind::ALL.iter().find(|kind| kind.as_str() == self.kind) {
            Some(AuditKind::CodeReplayed | AuditKind::RefreshTokenReused) => Tone::Bad,
            Some(AuditKind::SignInFailed | AuditKind::SignInThrottled) => Tone::Warning,
            _ => Tone::Neutral,
        }
    }
}

/// What a kind of event is called; one that is not known is called by its name.
pub fn event_text(kind: &str) -> Text {
    let Some(known) = AuditKind::ALL.iter().find(|known| known.as_str() == kind) else {
        return Text::verbatim(kind);
    };
    Text::new(match known {
        AuditKind::SignedIn => "event-signed-in",
        AuditKind::SignInFailed => "event-sign-in-failed",
        AuditKind::SignInThrottled => "event-sign-in-throttled",
        AuditKind::SignedOut => "event-signed-out",
        AuditKind::SessionEnded => "event-session-ended",
        AuditKind::Registered => "event-registered",
        AuditKind::EmailVerified => "event-email-verified",
        AuditKind::RecoveryRequested => "event-recovery-requested",
        AuditKind::PasswordChanged => "event-password-changed",
        AuditKind::UserCreated => "event-user-created",
        AuditKind::UserUpdated => "event-user-updated",
        AuditKind::UserDeleted => "event-user-deleted",
        AuditKind::ClientCreated => "event-client-created",
        AuditKind::ClientUpdated => "event-client-updated",
        AuditKind::ClientDeleted => "event-client-deleted",
        AuditKind::ClientSecretReplaced => "event-client-secret-replaced",
        AuditKind::ClientSecretAdded => "event-client-secret-added",
        AuditKind::ClientSecretEnded => "event-client-secret-ended",
        AuditKind::ResourceCreated => "event-resource-created",
        AuditKind::ResourceUpdated => "event-resource-updated",
        AuditKind::ResourceApplied => "event-resource-applied",
        AuditKind::ConsentGranted => "event-consent-granted",
        AuditKind::ConsentDenied => "event-consent-denied",
        AuditKind::ConsentWithdrawn => "event-consent-withdrawn",
        AuditKind::CodeReplayed => "event-code-replayed",
        AuditKind::Impersonated => "event-impersonated",
        AuditKind::AssertionAccepted => "event-assertion-accepted",
        AuditKind::AssertionRefused => "event-assertion-refused",
        AuditKind::RefreshTokenReused => "event-refresh-token-reused",
        AuditKind::GrantRevoked => "event-grant-revoked",
        AuditKind::KeyRotated => "event-key-rotated",
    })
}

#[cfg(test)]
impl EventRow {
    /// One of each kind, and one that is not known.
    pub(crate) fn samples(page: &crate::web::Layout) -> Vec<Self> {
        let kinds = AuditKind::ALL.iter().map(|kind| kind.as_str()).chain(["future.kind"]);
        let one = |(number, kind): (usize, &str)| Self {
            at: When::sample(page, 7 * i64::try_from(number).unwrap()),
            kind: kind.to_owned(),
            actor: "Ada Lovelace".to_owned(),
            subject: "Harbour Ledger".to_owned(),
            subject_href: Some("/console/apps/ledger".to_owned()),
            address: "203.0.113.7".to_owned(),
            data: vec![("client_id".to_owned(), "ledger".to_owned())],
        };
        kinds.enumerate().map(one).collect()
    }
}
