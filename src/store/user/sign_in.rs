//! Whom the identifier of the sign-in page means.

use sqlx::PgExecutor;
use uuid::Uuid;

use super::{StoredPassword, UserRow, read};
use crate::{
    base::{Secret, Time},
    domain::account::throttle::{Rule, ThrottleKey},
    model::User,
    store::{
        Error, JsonObject,
        throttle::{Counted, Limits},
    },
};

/// How long a person's id is as text.
const ID_LENGTH: usize = 36;

/// Somebody and their password, if they have one.
pub type Named = (User, Option<StoredPassword>);

/// A row that is there whether or not anybody has the name.
struct NamedRow {
    id: Option<Uuid>,
    username: Option<String>,
    status: Option<String>,
    profile: Option<JsonObject>,
    custom_data: Option<JsonObject>,
    locale: Option<String>,
    roles: Vec<String>,
    version: Option<i64>,
    origin: Option<String>,
    password_expired_at: Option<Time>,
    created_at: Option<Time>,
    updated_at: Option<Time>,
    last_sign_in_at: Option<Time>,
    password_hash: Option<String>,
    password_changed_at: Option<Time>,
    counted: Option<Vec<bool>>,
    until: Option<Vec<Time>>,
}

impl NamedRow {
    fn read(self) -> Result<Option<Named>, Error> {
        let (Some(id), Some(status), Some(profile), Some(custom_data)) =
            (self.id, self.status, self.profile, self.custom_data)
        else {
            return Ok(None);
        };
        let (Some(version), Some(created_at), Some(updated_at)) = (self.version, self.created_at, self.updated_at)
        else {
            return Ok(None);
        };
        let password = self.password_hash.map(|hash| StoredPassword {
            hash: Secret::new(hash),
            changed_at: self.password_changed_at,
        });
        let user = read(UserRow {
            id,
            username: self.username,
            status,
            profile,
            custom_data,
            locale: self.locale,
            roles: self.roles,
            version,
            origin: self.origin,
            password_expired_at: self.password_expired_at,
            created_at,
            updated_at,
            last_sign_in_at: self.last_sign_in_at,
        })?;
        Ok(Some((user, password)))
    }
}

/// `select` of a [`NamedRow`] for the identifier `$1`, with the given last columns and joins.
macro_rules! select_named {
    ($columns:literal, $rest:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            NamedRow,
            r#"
            select
                u.id as "id?",
                u.username as "username?",
                u.status as "status?",
                u.profile as "profile?: JsonObject",
                u.custom_data as "custom_data?: JsonObject",
                u.locale as "locale?",
                array(
                    select r.name
                    from user_roles ur
                    join roles r on r.id = ur.role_id
                    where ur.user_id = u.id
                    order by r.name
                ) as "roles!",
                u.version as "version?",
                u.origin as "origin?",
                u.password_expired_at as "password_expired_at?",
                u.created_at as "created_at?",
                u.updated_at as "updated_at?",
                u.last_sign_in_at as "last_sign_in_at?",
                u.password_hash as "password_hash?",
                u.password_changed_at as "password_changed_at?",
            "# + $columns + r#"
            from (
                select (
                    select candidate.id
                    from (
                        select id, 1 as rank
                        from users
                        where lower(username) = lower($1)
                        union all
                        select id, 2
                        from users
                        where lower(profile ->> 'email') = lower($1)
                            and (profile ->> 'email_verified') = 'true'
                        union all
                        select (array_agg(claimant.id))[1], 3
                        from (
                            select id
                            from users
                            where lower(profile ->> 'email') = lower($1)
                            limit 2
                        ) claimant
                        having count(*) = 1
                        union all
                        select id, 4
                        from users
                        where (profile ->> 'phone_number') = $1
                            and (profile ->> 'phone_number_verified') = 'true'
                    ) candidate
                    order by candidate.rank
                    limit 1
                ) as id
            ) named
            "# + $rest,
            $($argument),*
        )
    };
}

/// Whom the identifier of the sign-in page means, and their password if they have one.
///
/// In this order: the username; the verified e-mail address; an unverified one if exactly one user has it; the verified
/// phone number, compared as it is written in the profile (E.164). An unverified address that several people claim signs
/// nobody in, and a phone number that nobody verified never does: it is typed in the account centre without a proof.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn find_for_sign_in(db: impl PgExecutor<'_>, identifier: &str) -> Result<Option<Named>, Error> {
    let row = select_named!(
        r#"null::boolean[] as "counted?", null::timestamptz[] as "until?""#,
        "left join users u on u.id = named.id",
        identifier
    )
    .fetch_one(db)
    .await?;
    row.read()
}

/// The same, and the attempt counted with it, as [`super::super::throttle::count`] does: one statement, which does the same
/// work whether or not anybody has the identifier. Who has to wait at one of `counters` is shown nobody: or else names that
/// cost more to read would tell that they exist, and asking would cost nothing. After `counters` comes that of the person, or
/// `nobody` in their place; its rule is that of `nobody`.
///
/// # Errors
/// As [`Error`] says.
pub async fn find_and_count(
    db: impl PgExecutor<'_>,
    identifier: Option<&str>,
    counters: &[(ThrottleKey, Rule)],
    nobody: (ThrottleKey, Rule),
    now: Time,
) -> Result<(Option<Named>, Vec<Counted>), Error> {
    let all: Vec<_> = counters.iter().copied().chain([nobody]).collect();
    let mut limits = Limits::of(&all);
    limits.keys.pop(); // the person's is found with them
    let last_told = i32::try_from(counters.len()).unwrap_or(i32::MAX);
    let mut row = select_named!(
        r#"a.counted as "counted?", a.until as "until?""#,
        r#"
        cross join lateral (
            select array_agg(one.counted order by one.place) as counted, array_agg(one.until order by one.place) as until
            from count_attempt(
                $2,
                array_append($3, coalesce(sha256($4 || convert_to(named.id::text, 'UTF8')), $5)),
                $6,
                $7,
                $8,
                $9,
                $10
            ) with ordinality as one (counted, until, place)
        ) a
        left join users u on u.id = named.id and a.counted[$11]
        "#,
        identifier as Option<&str>,
        now,
        &limits.keys,
        ThrottleKey::before_person(ID_LENGTH),
        nobody.0.as_bytes(),
        &limits.free,
        &limits.most,
        &limits.first_wait,
        &limits.max_wait,
        &limits.forget_after,
        last_told
    )
    .fetch_one(db)
    .await?;
    let counted = row.counted.take().unwrap_or_default();
    let until = row.until.take().unwrap_or_default();
    let counted = counted
        .into_iter()
        .zip(until)
        .map(|(is_counted, blocked_until)| Counted {
            is_counted,
            blocked_until,
        });
    let counted = counted.collect();
    Ok((row.read()?, counted))
}
