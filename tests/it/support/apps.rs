//! Apps as the resource files of the tests name them.

use super::server::CALLBACK;

/// An app on a server of its own, which gets its answers at [`CALLBACK`] and may refresh. `more` are further lines.
pub fn web_app((client_id, secret): (&str, &str), name: &str, more: &str) -> String {
    format!(
        r#"
[[clients]]
client_id = "{client_id}"
client_secret = "{secret}"
client_name = "{name}"
redirect_uris = ["{CALLBACK}"]
grant_types = ["authorization_code", "refresh_token"]
{more}
"#
    )
}
