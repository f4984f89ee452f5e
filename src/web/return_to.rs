//! Where to go after signing in without an app: only to pages of this server that are known here, never to an address
//! that somebody wrote into a link.

/// A page to come back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReturnTo {
    /// The account centre.
    #[default]
    Account,
    /// The console.
    Console,
}

impl ReturnTo {
    const ALL: [Self; 2] = [Self::Account, Self::Console];

    /// Its path, also the value of the parameter `return_to`.
    pub fn path(self) -> &'static str {
        match self {
            Self::Account => "/account",
            Self::Console => "/console",
        }
    }

    /// The page that a parameter names; another address names none.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.path() == text)
    }

    /// The wing that a path belongs to.
    pub fn page(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| {
            path.strip_prefix(page.path())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// `address` with the page to come back to.
    pub fn append(address: &str, page: Option<Self>) -> String {
        match page {
            Some(page) => format!("{address}?return_to={}", page.path().replace('/', "%2F")),
            None => address.to_owned(),
        }
    }
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
        assert_eq!(ReturnTo::page("/console/users/7"), Some(ReturnTo::Console));
        assert_eq!(ReturnTo::page("/accounts"), None);
        assert_eq!(
            ReturnTo::append("/login", ReturnTo::page("/account")),
            "/login?return_to=%2Faccount"
        );
    }
}
