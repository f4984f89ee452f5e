//! Clients that nobody registered: they are named by the address of a document that says who they are
//! (draft-ietf-oauth-client-id-metadata-document).

use url::Url;

/// The longest address that names a client, in bytes.
const MAX_ADDRESS: usize = 200;

/// The longest document that is read, in bytes; what the draft recommends.
pub const MAX_DOCUMENT_BYTES: usize = 5 * 1024;

/// The address of the client's document, if the `client_id` is one: https, with a path, in its normal form, without query,
/// fragment, dot segments or anything that would need escaping (§2 of the draft). Names are compared as text, so there is
/// one way to write each.
pub fn address(client_id: &str) -> Option<Url> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte);
    if !client_id.starts_with("https://") || client_id.len() > MAX_ADDRESS || !client_id.bytes().all(is_plain) {
        return None;
    }
    let url = Url::parse(client_id).ok()?;
    let is_normal = url.as_str() == client_id && url.path() != "/" && !url.path().contains("//");
    is_normal.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_whole_address_of_a_document_in_its_one_form() {
        for good in [
            "https://app.example/client.json",
            "https://app.example:8443/a/b",
            "https://app.example/a/",
        ] {
            assert_eq!(address(good).map(String::from).as_deref(), Some(good));
        }
        for bad in [
            "app",
            "https:~x@y.z",
            "http://app.example/client.json",
            "https://app.example",
            "https://app.example/",
            "https://app.example:443/client.json",
            "https://APP.example/client.json",
            "https://app.example/a/../client.json",
            "https://app.example/./client.json",
            "https://app.example//client.json",
            "https://app.example/client.json?x",
            "https://app.example/client.json#x",
            "https://app.example/%63lient.json",
            "https://user@app.example/client.json",
            "https://user:pw@app.example/client.json",
            "https:///client.json",
            "https://app.example/a b",
            "https://äpp.example/client.json",
        ] {
            assert_eq!(address(bad), None, "{bad}");
        }
        assert_eq!(address(&format!("https://app.example/{}", "a".repeat(200))), None);
    }
}
