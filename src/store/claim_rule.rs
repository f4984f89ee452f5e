//! Custom-claim rules.

use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use super::{Error, known};
use crate::{
    base::{Time, id::ClaimRuleId},
    model::{ClaimRule, Localized, Placement},
};

struct ClaimRuleRow {
    id: Uuid,
    name: String,
    expression: String,
    titles: Json<Localized>,
    placement: Vec<String>,
    scopes: Vec<String>,
    clients: Vec<String>,
    resources: Vec<String>,
    origin: Option<String>,
    created_at: Time,
    updated_at: Time,
}

fn read(row: ClaimRuleRow) -> Result<ClaimRule, Error> {
    let placement: Option<Vec<Placement>> = row.placement.iter().map(|name| Placement::parse(name)).collect();
    Ok(ClaimRule {
        id: ClaimRuleId(row.id),
        name: row.name,
        expression: row.expression,
        titles: row.titles.0,
        placement: known(placement, "claim_rules.placement")?,
        scopes: row.scopes,
        clients: row.clients,
        resources: row.resources,
        origin: row.origin,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn placement_names(rule: &ClaimRule) -> Vec<String> {
    rule.placement.iter().map(|place| place.as_str().to_owned()).collect()
}

/// Every rule, by name, then age.
///
/// # Errors
/// [`Error::Unavailable`], [`Error::Corrupt`].
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<ClaimRule>, Error> {
    let rows = sqlx::query_as!(
        ClaimRuleRow,
        r#"
        select
            id,
            name,
            expression,
            titles as "titles: Json<Localized>",
            placement,
            scopes,
            clients,
            resources,
            origin,
            created_at,
            updated_at
        from claim_rules
        order by name, created_at, id
        "#
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(read).collect()
}

/// Inserts the rule.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn insert(db: impl PgExecutor<'_>, rule: &ClaimRule) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into claim_rules (
            id, name, expression, placement, scopes, clients, resources, origin, created_at, updated_at, titles
        )
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ",
        rule.id.0,
        rule.name,
        rule.expression,
        &placement_names(rule),
        &rule.scopes,
        &rule.clients,
        &rule.resources,
        rule.origin,
        rule.created_at,
        rule.updated_at,
        Json(&rule.titles) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes everything but id and `created_at`.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn update(db: impl PgExecutor<'_>, rule: &ClaimRule) -> Result<(), Error> {
    let done = sqlx::query!(
        "
        update claim_rules
        set name = $2,
            expression = $3,
            placement = $4,
            scopes = $5,
            clients = $6,
            resources = $7,
            origin = $8,
            updated_at = $9,
            titles = $10
        where id = $1
        ",
        rule.id.0,
        rule.name,
        rule.expression,
        &placement_names(rule),
        &rule.scopes,
        &rule.clients,
        &rule.resources,
        rule.origin,
        rule.updated_at,
        Json(&rule.titles) as _
    )
    .execute(db)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// Deletes the rule; `false` if there is none.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn delete(db: impl PgExecutor<'_>, id: ClaimRuleId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        delete from claim_rules
        where id = $1
        ",
        id.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
