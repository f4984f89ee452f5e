//! What applying does or would do.

use std::fmt;

/// What happens to one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is made.
    Create,
    /// These fields of it change.
    Change(Vec<String>),
    /// It is removed: an earlier apply made it, and no file names it any more.
    Remove,
    /// It would be removed, but stays, for this reason.
    Keep(&'static str),
}

/// One line of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happens.
    pub action: Action,
    /// `user`, `client`, `resource`, `role`, `claim` or `trusted issuer`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, kind, name } = self;
        match action {
            Action::Create => write!(f, "+ create {kind} {name}"),
            Action::Change(fields) => write!(f, "~ change {kind} {name}: {}", fields.join(", ")),
            Action::Remove => write!(f, "- remove {kind} {name}"),
            Action::Keep(reason) => write!(f, "! keep {kind} {name}: {reason}"),
        }
    }
}

/// Everything that happens, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// What changes.
    pub changes: Vec<Change>,
    /// How many things the files name that are already so.
    pub unchanged: usize,
    /// What was taken on the files' word.
    pub warnings: Vec<String>,
}

impl Plan {
    /// Whether everything is already so.
    pub fn is_empty(&self) -> bool {
        self.changes
            .iter()
            .all(|change| matches!(change.action, Action::Keep(_)))
    }

    pub(super) fn add(&mut self, action: Action, kind: &'static str, name: &str) {
        self.changes.push(Change {
            action,
            kind,
            name: name.to_owned(),
        });
    }

    /// Notes a change of `fields`, or that there was none.
    pub(super) fn changed(&mut self, fields: Vec<String>, kind: &'static str, name: &str) {
        if fields.is_empty() {
            self.unchanged += 1;
        } else {
            self.add(Action::Change(fields), kind, name);
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            writeln!(f, "{change}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "! {warning}")?;
        }
        write!(f, "= {} unchanged", self.unchanged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_reads_as_lines() {
        let mut plan = Plan::default();
        plan.add(Action::Create, "user", "alice");
        plan.changed(vec!["client_name".into(), "redirect_uris".into()], "client", "demo-web");
        plan.changed(vec![], "role", "support");
        plan.add(Action::Remove, "resource", "https://api.example");
        assert!(!plan.is_empty());
        assert_eq!(
            plan.to_string(),
            "+ create user alice\n~ change client demo-web: client_name, redirect_uris\n\
             - remove resource https://api.example\n= 1 unchanged"
        );
    }

    #[test]
    fn a_plan_that_only_keeps_changes_nothing() {
        let mut plan = Plan::default();
        assert!(plan.is_empty());
        plan.add(Action::Keep("it is the last administrator"), "user", "root");
        assert!(plan.is_empty());
    }
}
