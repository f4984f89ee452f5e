//! Roles, and who has them.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::Error;
use crate::{
    base::{
        Time,
        id::{RoleId, UserId},
    },
    model::Role,
};

/// The constraint that keeps role names apart.
pub const NAME_KEY: &str = "roles_name_key";

struct RoleRow {
    id: Uuid,
    name: String,
    description: Option<String>,
    permissions: Vec<String>,
    origin: Option<String>,
    created_at: Time,
    updated_at: Time,
}

fn read(row: RoleRow) -> Role {
    Role {
        id: RoleId(row.id),
        name: row.name,
        description: row.description,
        permissions: row.permissions,
        origin: row.origin,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// Every role, by name.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<Role>, Error> {
    let rows = sqlx::query_as!(
        RoleRow,
        "
        select id, name, description, permissions, origin, created_at, updated_at
        from roles
        order by name
        "
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(read).collect())
}

/// The role of that name.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn find(db: impl PgExecutor<'_>, name: &str) -> Result<Option<Role>, Error> {
    let row = sqlx::query_as!(
        RoleRow,
        "
        select id, name, description, permissions, origin, created_at, updated_at
        from roles
        where name = $1
        ",
        name
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(read))
}

/// Inserts the role.
///
/// # Errors
/// [`Error::Conflict`] with [`NAME_KEY`].
pub async fn insert(db: impl PgExecutor<'_>, role: &Role) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into roles (id, name, description, permissions, origin, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        ",
        role.id.0,
        role.name,
        role.description,
        &role.permissions,
        role.origin,
        role.created_at,
        role.updated_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes description, permissions, origin and `updated_at`.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn update(db: impl PgExecutor<'_>, role: &Role) -> Result<(), Error> {
    let done = sqlx::query!(
        "
        update roles
        set description = $2,
            permissions = $3,
            origin = $4,
            updated_at = $5
        where id = $1
        ",
        role.id.0,
        role.description,
        &role.permissions,
        role.origin,
        role.updated_at
    )
    .execute(db)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// Deletes the role and takes it from everybody; `false` if there is none.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn delete(db: impl PgExecutor<'_>, id: RoleId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "
        delete from roles
        where id = $1
        ",
        id.0
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Inserts the role unless there is one of that name.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn insert_missing(db: impl PgExecutor<'_>, role: &Role) -> Result<(), Error> {
    sqlx::query!(
        "
        insert into roles (id, name, description, permissions, origin, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (name) do nothing
        ",
        role.id.0,
        role.name,
        role.description,
        &role.permissions,
        role.origin,
        role.created_at,
        role.updated_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many users who may sign in hold the role. Keeps others who ask the same waiting until the transaction ends.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn lock_and_count_active(db: &mut PgConnection, name: &str) -> Result<i64, Error> {
    sqlx::query_scalar!(
        "
        select id
        from roles
        where name = $1
        for update
        ",
        name
    )
    .fetch_optional(&mut *db)
    .await?;
    let count = sqlx::query_scalar!(
        r#"
        select count(*) as "count!"
        from user_roles ur
        join roles r on r.id = ur.role_id
        join users u on u.id = ur.user_id
        where r.name = $1
            and u.status = 'active'
        "#,
        name
    )
    .fetch_one(db)
    .await?;
    Ok(count)
}

/// Gives the user exactly the named roles.
///
/// # Errors
/// [`Error::NotFound`] if a role does not exist (then the transaction must be rolled back); [`Error::Conflict`] if the
/// user does not.
pub async fn set_for_user(db: &mut PgConnection, user_id: UserId, names: &[String]) -> Result<(), Error> {
    let known = sqlx::query_scalar!(
        r#"
        select count(*) = (select count(distinct name) from unnest($1::text[]) as wanted (name)) as "known!"
        from roles
        where name = any($1)
        "#,
        names
    )
    .fetch_one(&mut *db)
    .await?;
    if !known {
        return Err(Error::NotFound);
    }
    sqlx::query!(
        "
        delete from user_roles
        where user_id = $1
            and role_id not in (select id from roles where name = any($2))
        ",
        user_id.0,
        names
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "
        insert into user_roles (user_id, role_id)
        select $1, id
        from roles
        where name = any($2)
        on conflict do nothing
        ",
        user_id.0,
        names
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether anybody has the role.
///
/// # Errors
/// [`Error::Unavailable`].
pub async fn is_held(db: impl PgExecutor<'_>, name: &str) -> Result<bool, Error> {
    let held = sqlx::query_scalar!(
        r#"
        select exists (
            select
            from user_roles ur
            join roles r on r.id = ur.role_id
            where r.name = $1
        ) as "held!"
        "#,
        name
    )
    .fetch_one(db)
    .await?;
    Ok(held)
}
