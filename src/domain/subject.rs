//! What `sub` says of a person to a client (OIDC Core §8), and whom a `sub` means that a client sends back. The same for
//! `sid`: one value for all clients would tell two sectors, for as long as a session lasts, who is who at the other.

use crate::{
    base::{
        Pseudonyms,
        id::{SessionId, UserId},
        seal::SealError,
    },
    domain::client_metadata::sector,
    model::{Client, SubjectType},
};

/// The `sub` of the person for this client.
///
/// # Errors
/// Never with a sound crypto library.
pub fn of(pseudonyms: &Pseudonyms, client: &Client, id: UserId) -> Result<String, SealError> {
    match client.metadata.subject_type {
        SubjectType::Public => Ok(id.to_string()),
        SubjectType::Pairwise => pseudonyms.of(&sector_of(client), id.0),
    }
}

/// The person whom the client may mean by `sub`. A client that sees pseudonyms means nobody by anything else: it must
/// not learn whose an id is that it has from elsewhere.
pub fn read(pseudonyms: &Pseudonyms, client: &Client, sub: &str) -> Option<UserId> {
    match client.metadata.subject_type {
        SubjectType::Public => sub.parse().ok(),
        SubjectType::Pairwise => pseudonyms.read(&sector_of(client), sub).map(UserId),
    }
}

/// The person whom a token of this server means: also one from before the client's subject type was changed.
pub fn read_own(pseudonyms: &Pseudonyms, client: Option<&Client>, sub: &str) -> Option<UserId> {
    let public = sub.parse().ok();
    public.or_else(|| pseudonyms.read(&sector_of(client?), sub).map(UserId))
}

/// The `sid` of the session for this client.
///
/// # Errors
/// Never with a sound crypto library.
pub fn session_of(pseudonyms: &Pseudonyms, client: &Client, id: SessionId) -> Result<String, SealError> {
    match client.metadata.subject_type {
        SubjectType::Public => Ok(id.to_string()),
        SubjectType::Pairwise => pseudonyms.of(&sessions_of(client), id.0),
    }
}

/// The session that a token of this server means, by the rule of [`read_own`].
pub fn read_own_session(pseudonyms: &Pseudonyms, client: Option<&Client>, sid: &str) -> Option<SessionId> {
    let public = sid.parse().ok();
    public.or_else(|| pseudonyms.read(&sessions_of(client?), sid).map(SessionId))
}

/// Sessions have a key of their own in each sector, so that no `sid` is ever the `sub` of somebody.
fn sessions_of(client: &Client) -> String {
    format!("sessions of {}", sector_of(client))
}

/// A client without a sector, which registration refuses, shares its pseudonyms with nobody.
fn sector_of(client: &Client) -> String {
    sector::sector(&client.metadata).unwrap_or_else(|| format!("client:{}", client.client_id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::{Sealer, Secret},
        model::sample,
    };

    fn pseudonyms() -> Pseudonyms {
        Pseudonyms::new(&Sealer::new(&Secret::new(vec![3; 32])).unwrap()).unwrap()
    }

    fn pairwise(host: &str) -> Client {
        let mut client = sample::client();
        client.metadata.subject_type = SubjectType::Pairwise;
        client.metadata.redirect_uris = vec![format!("https://{host}/cb")];
        client
    }

    #[test]
    fn clients_of_one_sector_see_the_same_person_and_others_do_not() {
        let (names, id) = (pseudonyms(), UserId(uuid::Uuid::from_u128(5)));
        let sub = |client: &Client| of(&names, client, id).unwrap();
        assert_eq!(sub(&sample::client()), id.to_string());
        let mut other = pairwise("a.example");
        other.client_id = "other".to_owned();
        assert_eq!(sub(&pairwise("a.example")), sub(&other));
        assert_ne!(sub(&pairwise("a.example")), sub(&pairwise("b.example")));
        assert_eq!(read(&names, &other, &sub(&other)), Some(id));
    }

    #[test]
    fn a_session_is_another_one_in_every_sector_and_is_read_again() {
        let (names, id) = (pseudonyms(), SessionId(uuid::Uuid::from_u128(5)));
        let sid = |client: &Client| session_of(&names, client, id).unwrap();
        let (a, b) = (pairwise("a.example"), pairwise("b.example"));
        assert_eq!(sid(&sample::client()), id.to_string());
        assert_eq!(sid(&a), sid(&pairwise("a.example")));
        assert_ne!(sid(&a), sid(&b));
        assert!(!sid(&a).contains(&id.to_string()));
        // nor does it say whose it is
        assert_ne!(sid(&a), of(&names, &a, UserId(id.0)).unwrap());
        assert_eq!(read_own_session(&names, Some(&a), &sid(&a)), Some(id));
        assert_ne!(read_own_session(&names, Some(&b), &sid(&a)), Some(id));
        // from before the client's subject type was changed
        assert_eq!(read_own_session(&names, Some(&a), &id.to_string()), Some(id));
        assert_eq!(read_own_session(&names, None, &sid(&a)), None);
    }

    #[test]
    fn what_a_client_has_from_elsewhere_means_nobody() {
        let (names, id) = (pseudonyms(), UserId(uuid::Uuid::from_u128(5)));
        let client = pairwise("a.example");
        assert_eq!(read(&names, &client, &id.to_string()), None);
        let foreign = of(&names, &pairwise("b.example"), id).unwrap();
        assert_ne!(read(&names, &client, &foreign), Some(id));
        assert_eq!(read(&names, &sample::client(), &foreign), None);
        // in a token that this server signed either form is known
        assert_eq!(read_own(&names, Some(&client), &id.to_string()), Some(id));
        let own = of(&names, &client, id).unwrap();
        assert_eq!(read_own(&names, Some(&client), &own), Some(id));
        assert_eq!(read_own(&names, None, &own), None);
    }
}
