//! What `sub` says of a person to a client (OIDC Core §8), and whom a `sub` means that a client sends back.

use crate::{
    base::{Pseudonyms, id::UserId, seal::SealError},
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
