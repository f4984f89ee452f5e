//! Where to go after signing in without an app: only to pages of this server that are known here, never to an address
//! that somebody wrote into a link.

use crate::{base::id::DeferredAuthorizationId, domain::user_code::UserCode};

/// A page to come back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReturnTo {
    /// The account centre.
    #[default]
    Account,
    /// The console.
    Console,
    /// The device that shows this code.
    Device(UserCode),
    /// What an app asks behind the scenes.
    Approve(DeferredAuthorizationId),
}

/// The address of [`ReturnTo::Approve`], without the id.
const APPROVE: &str = "/approve?id=";

/// The address of [`ReturnTo::Device`], without the code.
const DEVICE: &str = "/device?user_code=";

impl ReturnTo {
    const WINGS: [Self; 2] = [Self::Account, Self::Console];

    /// Its address, also the value of the parameter `return_to`.
    pub fn address(self) -> String {
        match self {
            Self::Account => "/account".to_owned(),
            Self::Console => "/console".to_owned(),
            Self::Device(user_code) => format!("{DEVICE}{user_code}"),
            Self::Approve(id) => format!("{APPROVE}{id}"),
        }
    }

    /// The same as the value of a parameter.
    pub fn encoded(self) -> String {
        url::form_urlencoded::byte_serialize(self.address().as_bytes()).collect()
    }

    /// The page that a parameter names; another address names none.
    pub fn parse(text: &str) -> Option<Self> {
        match (text.strip_prefix(DEVICE), text.strip_prefix(APPROVE)) {
            (Some(code), _) => UserCode::parse(code).map(Self::Device),
            (_, Some(id)) => id.parse().ok().map(Self::Approve),
            (None, None) => Self::WINGS.into_iter().find(|page| page.address() == text),
        }
    }

    /// The wing that a path belongs to.
    pub fn page(path: &str) -> Option<Self> {
        Self::WINGS.into_iter().find(|page| {
            path.strip_prefix(page.address().as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// `address` with the page to come back to.
    pub fn append(address: &str, page: Option<Self>) -> String {
        match page {
            Some(page) => format!("{address}?return_to={}", page.encoded()),
            None => address.to_owned(),
        }
    }
}

/// A page of the console, by its path: where somebody goes on after having proved again who they are. Nothing that could
/// lead to another server, or to another part of this one, is such a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsolePath(String);

impl ConsolePath {
    /// The longest path that is taken; the console's own are shorter.
    const MAX: usize = 700;

    /// The page that a path names, if it is one of the console's.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("/console")?;
        let is_plain = |segment: &str| {
            !matches!(segment, "" | "." | "..")
                // the slashes in the name of an app
                && segment
                    .replace("%2F", "")
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:@".contains(&byte))
        };
        let is_whole = rest.is_empty() || rest.strip_prefix('/')?.split('/').all(is_plain);
        (is_whole && text.len() <= Self::MAX).then(|| Self(text.to_owned()))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a proof interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupted {
    /// Nothing was typed yet.
    Visit,
    /// A form was sent; what was typed into it is lost.
    Form,
}

/// The page that asks for a fresh proof of who somebody is, and goes on to `next`.
pub fn proof(next: &str, interrupted: Interrupted) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("next", next);
    if interrupted == Interrupted::Form {
        pairs.append_pair("lost", "form");
    }
    format!("/account/confirm?{}", pairs.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_pages_are_returned_to() {
        assert_eq!(ReturnTo::parse("/console"), Some(ReturnTo::Console));
        for other in [
            "",
            "//evil.example",
            "https://evil.example/console",
            "/console/../x",
            "/consoles",
            "/login",
        ] {
            assert_eq!(ReturnTo::parse(other), None, "{other}");
        }
        let device = ReturnTo::parse("/device?user_code=wdjbmjht").unwrap();
        assert_eq!(device.address(), "/device?user_code=WDJB-MJHT");
        for other in [
            "/device",
            "/approve?id=",
            "/approve?id=//evil.example",
            "/device?user_code=",
            "/device?user_code=WDJB-MJHT&x=//evil.example",
        ] {
            assert_eq!(ReturnTo::parse(other), None, "{other}");
        }
        assert_eq!(ReturnTo::page("/console/users/7"), Some(ReturnTo::Console));
        assert_eq!(ReturnTo::page("/accounts"), None);
        assert_eq!(
            ReturnTo::append("/login", ReturnTo::page("/account")),
            "/login?return_to=%2Faccount"
        );
    }

    #[test]
    fn only_whole_paths_of_the_console_are_gone_on_to() {
        for path in [
            "/console",
            "/console/users/new",
            "/console/apps/demo-web",
            "/console/apps/https:~x@y.z",
            "/console/apps/https:%2F%2Fapp.example%2Fclient.json/delete",
        ] {
            assert_eq!(ConsolePath::parse(path).as_ref().map(ConsolePath::as_str), Some(path));
        }
        let long = format!("/console/{}", "a".repeat(ConsolePath::MAX));
        for path in [
            "",
            "/",
            "/account",
            "/consoles",
            "/console/",
            "/console//evil.example",
            "//evil.example/console",
            "https://evil.example/console",
            "/console/../logout",
            "/console/./x",
            "/console/users?q=<b>",
            "/console/%2e%2e/logout",
            "/console/a\\b",
            "/console/a\r\nb",
            "/console/a b",
            &long,
        ] {
            assert_eq!(ConsolePath::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_proof_carries_where_it_goes_on_and_whether_a_form_is_lost() {
        assert_eq!(
            proof("/console/keys", Interrupted::Visit),
            "/account/confirm?next=%2Fconsole%2Fkeys"
        );
        assert_eq!(
            proof("/console/keys", Interrupted::Form),
            "/account/confirm?next=%2Fconsole%2Fkeys&lost=form"
        );
    }
}
