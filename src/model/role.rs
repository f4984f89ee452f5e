//! A role: a name for a set of permissions.

use crate::base::{Time, id::RoleId};

/// A role, for people and for machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Row id.
    pub id: RoleId,
    /// Unique name.
    pub name: String,
    /// For the console.
    pub description: Option<String>,
    /// Pairs `RESOURCE SCOPE`.
    pub permissions: Vec<String>,
    /// `apply:NAME` when a resource file made this row.
    pub origin: Option<String>,
    /// When it was created.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}
