//! Typed identifiers: UUIDs that cannot be mistaken for one another.

use super::{Rng, Time};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A new id (version 7): it sorts by `now` and carries 74 random bits.
            pub fn new(now: Time, rng: &dyn Rng) -> Self {
                Self(version_7(now, rng))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                uuid::Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A person. Also the public `sub` of their tokens.
    UserId;
    /// A signed-in browser. Also the `sid` of its ID tokens.
    SessionId;
    /// What one authorization gave one client: the root that its codes and tokens hang on.
    GrantId;
    /// One pending authorization request, in a browser.
    AuthorizationRequestId;
    /// One authorization that is decided elsewhere while its client waits.
    DeferredAuthorizationId;
    /// One family of rotated refresh tokens.
    RefreshFamilyId;
    /// One registration that waits for its e-mail to be verified.
    RegistrationId;
    /// One secret of an app.
    ClientSecretId;
    /// One token that lets programs register themselves.
    InitialAccessTokenId;
    /// One message that waits to leave.
    OutboxId;
    /// One line of the audit trail.
    AuditEventId;
    /// One assertion of a value about a person.
    FactId;
    /// One row of the table of API resources.
    ResourceId;
    /// One role.
    RoleId;
    /// One custom-claim rule.
    ClaimRuleId;
}

fn version_7(now: Time, rng: &dyn Rng) -> uuid::Uuid {
    let mut random = [0_u8; 10];
    rng.fill(&mut random);
    let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SeededRng;

    #[test]
    fn ids_sort_by_time() {
        let rng = SeededRng::new(7);
        let early = UserId::new(Time::UNIX_EPOCH, &rng);
        let late = UserId::new(Time::UNIX_EPOCH + time::Duration::hours(1), &rng);
        assert!(early < late);
        assert_eq!(late.0.get_version_num(), 7);
    }
}
