//! Rows that several pages of the console show.

use serde_json::Value;

use super::{admin::Admin, view::EventRow};
use crate::{flow::admin::audit::Line, model::Session, web::row::SessionRow};

/// The page of an app. The name of one that nobody registered is an address, whose slashes part no path here.
pub fn path_of(client_id: &str) -> String {
    format!("/console/apps/{}", client_id.replace('/', "%2F"))
}

/// A line of the audit trail.
pub fn event(admin: &Admin, line: Line) -> EventRow {
    let Line {
        event,
        actor,
        user,
        client_name,
    } = line;
    let (subject, subject_href) = match (&user, &event.client_id) {
        (Some((id, name)), _) => (name.clone(), Some(format!("/console/users/{id}"))),
        (None, Some(client_id)) => (
            client_name.clone().unwrap_or_else(|| client_id.clone()),
            client_name.map(|_| path_of(client_id)),
        ),
        (None, None) => {
            let gone = event.user_id.map(|id| id.to_string());
            let named = event.data.get("name").and_then(Value::as_str).map(str::to_owned);
            (named.or(gone).unwrap_or_default(), None)
        }
    };
    EventRow {
        at: admin.when(event.at),
        kind: event.kind,
        actor,
        subject,
        subject_href,
        address: event.origin.address.unwrap_or_default(),
        data: details(&event.data),
    }
}

/// What a line says besides: changed fields as "old → new", the rest by its name.
fn details(data: &serde_json::Map<String, Value>) -> Vec<(String, String)> {
    let side = |name: &str| data.get(name).and_then(Value::as_object);
    let (before, after) = (side("before"), side("after"));
    let mut rows: Vec<(String, String)> = data
        .iter()
        .filter(|(name, value)| !(value.is_object() && matches!(name.as_str(), "before" | "after")))
        .map(|(name, value)| (name.clone(), plain(Some(value))))
        .collect();
    let mut names: Vec<&String> = before
        .into_iter()
        .chain(after)
        .flat_map(serde_json::Map::keys)
        .collect();
    names.sort_unstable();
    names.dedup();
    rows.extend(names.into_iter().map(|name| {
        let old = plain(before.and_then(|side| side.get(name)));
        let new = plain(after.and_then(|side| side.get(name)));
        (name.clone(), format!("{old} → {new}"))
    }));
    rows
}

/// A value as text; what is not there is a dash.
pub fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| plain(Some(item)))
            .collect::<Vec<_>>()
            .join(", "),
        Some(other) => other.to_string(),
    }
}

/// A signed-in browser.
pub fn session(admin: &Admin, session: &Session) -> SessionRow {
    SessionRow {
        id: session.id.to_string(),
        user_agent: session.user_agent.clone(),
        address: session.address.clone().unwrap_or_default(),
        started: admin.when(session.created_at),
        last_seen: admin.when(session.last_seen_at),
        is_current: session.id == admin.session.id,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_read_as_old_and_new() {
        let data = json!({
            "sessions_ended": 2,
            "before": {"roles": ["admin"], "username": "ada"},
            "after": {"username": "grace", "profile.name": "Grace"},
        });
        let rows = details(data.as_object().unwrap());
        let expected = [
            ("sessions_ended", "2"),
            ("profile.name", "– → Grace"),
            ("roles", "admin → –"),
            ("username", "ada → grace"),
        ];
        assert_eq!(rows, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
