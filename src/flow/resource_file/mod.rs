//! Resource files: what they name is made so, in one transaction; applying twice changes nothing.
//!
//! Files are declarative where they speak and silent elsewhere: a claim of a person that no file names stays as it is.
//! What an apply creates carries its origin, and only that can be pruned.

mod document;
mod people;
mod plan;
mod prune;
mod secret;
mod sectors;
mod things;
mod wanted;

use super::{
    Core,
    admin::{self, By},
};
use crate::store::{self, Tx};

pub use document::{FileError, Source};
pub use plan::{Action, Change, Plan};

/// The origin of what `signet apply` creates.
pub const ORIGIN: &str = "apply";

/// How to apply.
#[derive(Debug, Clone)]
pub struct Options {
    /// Find out what would change, and change nothing.
    pub dry_run: bool,
    /// Remove what an earlier apply of this origin created and the files no longer name.
    pub prune: bool,
    /// What marks the rows that this apply creates; [`ORIGIN`] for the command.
    pub origin: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dry_run: false,
            prune: false,
            origin: ORIGIN.to_owned(),
        }
    }
}

/// Why nothing was applied.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The files are wrong.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Files(Vec<FileError>),
    /// The machinery failed.
    #[error(transparent)]
    Flow(#[from] admin::Error),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Flow(error.into())
    }
}

/// One application under way.
struct Work<'c> {
    core: &'c Core,
    by: By,
    origin: &'c str,
    tx: Tx,
    plan: Plan,
}

/// Applies files, all of them or none.
///
/// # Errors
/// [`Error::Files`] with everything that is wrong in them.
pub async fn apply(core: &Core, sources: &[Source], options: &Options) -> Result<Plan, Error> {
    let wanted = wanted::read(sources).map_err(Error::Files)?;
    // hashing is slow: before the transaction
    let passwords = people::prepare(core, &wanted.users).await?;
    // and so is fetching
    let warnings = sectors::prove(core, &wanted.clients).await?;
    let mut work = Work {
        core,
        by: By::command(),
        origin: &options.origin,
        tx: core.store.begin().await?,
        plan: Plan {
            warnings,
            ..Plan::default()
        },
    };
    work.roles(&wanted.roles).await?;
    work.resources(&wanted.resources).await?;
    work.claims(&wanted.claims).await?;
    work.trusted_issuers(&wanted.trusted_issuers).await?;
    work.clients(&wanted.clients).await?;
    work.users(&wanted.users, &passwords).await?;
    if options.prune {
        work.prune(&wanted).await?;
    }
    let Work { tx, plan, .. } = work;
    if options.dry_run {
        tx.rollback().await?;
    } else {
        tx.commit().await?;
    }
    Ok(plan)
}

#[cfg(test)]
mod tests;
