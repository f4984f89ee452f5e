//! How an app moves from one secret to the next: what ends, when, and when the server gives another one by itself.
//!
//! Imports `base` and `model`. Absent: making secrets, sealing, writing.

use time::Duration;

use crate::{
    base::{Time, id::ClientSecretId},
    model::{ClientSecret, MOST_SECRETS},
};

/// The purpose under which a client_secret is sealed; the context is the client_id.
pub const SEAL_PURPOSE: &str = "client_secret";

/// Longest label, in characters.
pub const MAX_LABEL: usize = 60;

/// When a secret ends that has a successor, or is not wanted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Now.
    AtOnce,
    /// After that time, unless it ends earlier by itself.
    After(Duration),
    /// As if nothing had happened.
    AsBefore,
}

/// Why secrets may not change so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// More than [`MOST_SECRETS`].
    #[error("an app has at most {MOST_SECRETS} secrets at once; end one first")]
    TooMany,
    /// Nothing would let the app in.
    #[error("it is the only secret of the app; make another one first")]
    Last,
    /// There is none of that id, or it has expired.
    #[error("there is no such secret any more")]
    Unknown,
}

/// Ends the secrets that are still good and among `which`. One that ends at once is gone: nothing of it is kept.
pub fn end(secrets: &mut Vec<ClientSecret>, which: impl Fn(&ClientSecret) -> bool, ending: Ending, now: Time) {
    let is_meant = |secret: &ClientSecret| secret.is_good(now) && which(secret);
    match ending {
        Ending::AsBefore => {}
        Ending::AtOnce => secrets.retain(|secret| !is_meant(secret)),
        Ending::After(grace) => {
            let by = now + grace;
            for secret in secrets.iter_mut().filter(|secret| is_meant(secret)) {
                secret.expires_at = Some(secret.expires_at.map_or(by, |own| own.min(by)));
            }
        }
    }
}

/// Puts a new secret before the others, which end as `ending` says.
///
/// # Errors
/// [`Refused::TooMany`].
pub fn add(secrets: &mut Vec<ClientSecret>, new: ClientSecret, ending: Ending, now: Time) -> Result<(), Refused> {
    end(secrets, |_| true, ending, now);
    if good(secrets, now).count() >= MOST_SECRETS {
        return Err(Refused::TooMany);
    }
    secrets.insert(0, new);
    Ok(())
}

/// Ends one secret. The last one that is good may be given an end, but not ended at once: whoever wants that disables the
/// app, or replaces the secret.
///
/// # Errors
/// [`Refused::Unknown`], [`Refused::Last`].
pub fn end_one(secrets: &mut Vec<ClientSecret>, id: ClientSecretId, ending: Ending, now: Time) -> Result<(), Refused> {
    if !good(secrets, now).any(|secret| secret.id == id) {
        return Err(Refused::Unknown);
    }
    end(secrets, |secret| secret.id == id, ending, now);
    match good(secrets, now).next() {
        Some(_) => Ok(()),
        None => Err(Refused::Last),
    }
}

/// Makes room for one more by dropping the oldest.
pub fn make_room(secrets: &mut Vec<ClientSecret>, now: Time) {
    while good(secrets, now).count() >= MOST_SECRETS {
        if let Some(oldest) = secrets.iter().rposition(|secret| secret.is_good(now)) {
            secrets.remove(oldest);
        }
    }
}

/// Whether an app that manages its own registration is given another secret (RFC 7592 §2.2): half of the time of the newest
/// one is over, or the answer that brought it seems to be lost, because it was never used while an older one still is good.
pub fn is_due(secrets: &[ClientSecret], lifetime: Duration, now: Time) -> bool {
    let mut good = good(secrets, now);
    let Some(newest) = good.next() else {
        return true;
    };
    let is_old = newest.expires_at.is_none_or(|end| end - now < lifetime / 2);
    is_old || (newest.last_used_at.is_none() && good.next().is_some())
}

fn good(secrets: &[ClientSecret], now: Time) -> impl Iterator<Item = &ClientSecret> {
    secrets.iter().filter(move |secret| secret.is_good(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::token::fixture::{NOW, secret};

    const DAY: Duration = Duration::days(1);

    fn ending(value: &str, after: Duration) -> ClientSecret {
        ClientSecret {
            expires_at: Some(NOW + after),
            ..secret(value)
        }
    }

    fn ends(secrets: &[ClientSecret]) -> Vec<Option<Duration>> {
        secrets.iter().map(|one| one.expires_at.map(|end| end - NOW)).collect()
    }

    #[test]
    fn the_old_ones_end_as_they_are_told_and_never_later_than_by_themselves() {
        let old = vec![ending("aa", DAY * 30), ending("b", DAY), ending("ccc", -DAY)];
        let add = |ending| {
            let mut secrets = old.clone();
            add(&mut secrets, secret("new!"), ending, NOW).unwrap();
            ends(&secrets)
        };
        let gone = Some(-DAY);
        assert_eq!(add(Ending::AtOnce), [None, gone]);
        assert_eq!(add(Ending::After(DAY * 7)), [None, Some(DAY * 7), Some(DAY), gone]);
        assert_eq!(add(Ending::AsBefore), [None, Some(DAY * 30), Some(DAY), gone]);
    }

    #[test]
    fn there_are_only_so_many_at_once_and_expired_ones_do_not_count() {
        let mut secrets: Vec<ClientSecret> = (1..=MOST_SECRETS).map(|n| secret(&"x".repeat(n))).collect();
        let new = || secret("new secret");
        assert_eq!(add(&mut secrets, new(), Ending::AsBefore, NOW), Err(Refused::TooMany));
        secrets[0].expires_at = Some(NOW);
        assert_eq!(add(&mut secrets, new(), Ending::AsBefore, NOW), Ok(()));
        make_room(&mut secrets, NOW);
        assert_eq!(good(&secrets, NOW).count(), MOST_SECRETS - 1);
        assert_eq!(secrets[0].hash, new().hash, "the oldest goes");
    }

    #[test]
    fn the_last_one_may_be_given_an_end_and_not_be_taken_away() {
        let mut secrets = vec![secret("a"), secret("bb"), ending("ccc", -DAY)];
        let ids: Vec<_> = secrets.iter().map(|secret| secret.id).collect();
        let mut end = |id, ending| end_one(&mut secrets, id, ending, NOW);
        assert_eq!(end(ids[2], Ending::AtOnce), Err(Refused::Unknown));
        assert_eq!(end(ids[0], Ending::AtOnce), Ok(()));
        assert_eq!(end(ids[0], Ending::AtOnce), Err(Refused::Unknown));
        assert_eq!(end(ids[1], Ending::After(DAY)), Ok(()));
        assert_eq!(end(ids[1], Ending::AtOnce), Err(Refused::Last));
    }

    #[test]
    fn another_one_is_due_after_half_of_its_time_or_if_the_last_answer_was_lost() {
        let used = |mut secret: ClientSecret| {
            secret.last_used_at = Some(NOW);
            secret
        };
        for (secrets, due) in [
            (vec![], true),
            (vec![ending("a", -DAY)], true),
            (vec![secret("a")], true),
            (vec![ending("a", DAY * 5)], false),
            (vec![ending("a", DAY * 4)], true),
            (vec![ending("a", DAY * 10), used(ending("bb", DAY))], true),
            (vec![used(ending("a", DAY * 10)), ending("bb", DAY)], false),
        ] {
            assert_eq!(is_due(&secrets, DAY * 10, NOW), due, "{:?}", ends(&secrets));
        }
    }
}
