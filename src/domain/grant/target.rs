//! For which APIs an access token is, and with which scopes (RFC 8707 §2.2, RFC 9068 §3).
//!
//! A token names the resources that were asked for, and only their scopes. Without a resource it is for the issuer: good
//! for userinfo, with the scopes that belong to no API. `resource` may also name the issuer itself, which is how an app
//! that was granted an API gets a token for userinfo. Several resources share one token only if they agree on how it is
//! written; the shortest of their lifetimes holds.

use time::Duration;

use super::Ask;
use crate::{
    domain::{permission::Catalog, policy::TokenPolicy},
    model::{Client, Grant, Resource, TokenFormat, User},
    spec::{
        jose::SigningAlg,
        oauth::{
            ErrorCode, OAuthError, ScopeSet,
            scope::{OFFLINE_ACCESS, OPENID},
        },
        oidc::claim::CLAIM_SCOPES,
    },
};

/// Most resources in one request.
const MAX_RESOURCES: usize = 20;

/// What an access token is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The `aud`.
    pub audience: Vec<String>,
    /// The API resources among it: all but the issuer.
    pub resources: Vec<String>,
    /// What it permits there.
    pub scope: ScopeSet,
    /// How it is written.
    pub format: TokenFormat,
    /// What signs it if it is a JWT.
    pub signing_alg: SigningAlg,
    /// How long it lives.
    pub lifetime: Duration,
}

/// What decides besides the request.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The operator's lifetimes.
    pub policy: &'a TokenPolicy,
    /// APIs and permissions.
    pub catalog: &'a Catalog,
    /// Who gets the token.
    pub client: &'a Client,
}

impl<'a> Setting<'a> {
    fn of(ask: &Ask<'a>) -> Self {
        Self {
            policy: ask.policy,
            catalog: ask.catalog,
            client: ask.client,
        }
    }
}

/// The target of a token that speaks for a person, within `scope`, which is what was granted or less.
///
/// # Errors
/// `invalid_target` for a resource that was not granted, is gone, or does not go with the others.
pub fn for_person(ask: &Ask<'_>, grant: &Grant, user: &User, scope: &ScopeSet) -> Result<Target, OAuthError> {
    within(&Setting::of(ask), &requested(ask)?, grant, user, scope)
}

/// The target of a token for everything that a person has just granted.
///
/// # Errors
/// `invalid_target` for resources that are gone or want tokens of different forms.
pub fn at_once(setting: &Setting<'_>, grant: &Grant, user: &User) -> Result<Target, OAuthError> {
    within(setting, &[], grant, user, &grant.scope)
}

fn within(
    ask: &Setting<'_>,
    requested: &[&str],
    grant: &Grant,
    user: &User,
    scope: &ScopeSet,
) -> Result<Target, OAuthError> {
    let issuer = ask.catalog.issuer();
    let wanted: Vec<&str> = if requested.is_empty() {
        // RFC 8707 §2.2: without the parameter, the token is for all that was granted
        grant.resources.iter().map(String::as_str).collect()
    } else {
        requested.to_vec()
    };
    let mut resources = Vec::new();
    let mut for_issuer = wanted.is_empty();
    for identifier in wanted {
        if identifier == issuer && scope.contains(OPENID) {
            for_issuer = true;
        } else if grant.resources.iter().any(|granted| granted == identifier) {
            resources.push(find(ask, identifier)?);
        } else {
            return Err(OAuthError::new(ErrorCode::InvalidTarget, "resource was not granted"));
        }
    }
    let kept = scope.filter(|name| {
        if !ask.client.allows_scope(name) {
            return false;
        }
        let of_issuer = is_issuer_scope(name) || !ask.catalog.is_resource_scope(name);
        let may = |api: &str| ask.catalog.person_may(&user.roles, api, name);
        (for_issuer && of_issuer) || is_held(&resources, name, may)
    });
    assemble(ask, for_issuer, &resources, kept)
}

/// The target of a token that speaks for a person at APIs that the person's app may not even know: each must be there and
/// allowed for the client, which takes part only in `scope`, as far as that `goes_along` to an API.
///
/// # Errors
/// `invalid_target` for an unknown or forbidden resource.
pub fn for_exchange(
    ask: &Ask<'_>,
    user: &User,
    scope: &ScopeSet,
    audiences: &[&str],
    goes_along: impl Fn(&str, &str) -> bool,
) -> Result<Target, OAuthError> {
    if audiences.len() > MAX_RESOURCES {
        return Err(OAuthError::new(ErrorCode::InvalidTarget, "too many resources"));
    }
    let ask = &Setting::of(ask);
    let found: Result<Vec<&Resource>, _> = audiences.iter().map(|identifier| find(ask, identifier)).collect();
    let resources = found?;
    let kept = scope.filter(|name| {
        let may = |api: &str| goes_along(api, name) && ask.catalog.person_may(&user.roles, api, name);
        ask.client.allows_scope(name) && is_held(&resources, name, may)
    });
    assemble(ask, false, &resources, kept)
}

/// The target of a token that a client gets for itself.
///
/// # Errors
/// `invalid_target` for an unknown or forbidden resource, `invalid_scope` for a scope that the client does not hold there.
pub fn for_client(ask: &Ask<'_>) -> Result<Target, OAuthError> {
    let scope = ScopeSet::parse(ask.params.get("scope").unwrap_or_default())?;
    if scope.contains(OPENID) || scope.contains(OFFLINE_ACCESS) {
        let why = "openid and offline_access need a person";
        return Err(OAuthError::new(ErrorCode::InvalidScope, why));
    }
    let requested = requested(ask)?;
    let ask = &Setting::of(ask);
    let issuer = ask.catalog.issuer();
    let resources: Vec<&Resource> = if requested.is_empty() {
        inferred(ask, &scope)?
    } else {
        let named = requested.iter().filter(|&&one| one != issuer);
        named
            .map(|identifier| find(ask, identifier))
            .collect::<Result<_, _>>()?
    };
    let for_issuer = resources.is_empty() || requested.contains(&issuer);
    let holds = |name: &str| is_held(&resources, name, |api| ask.catalog.client_may(ask.client, api, name));
    let kept = if scope.is_empty() {
        // RFC 6749 §3.3: a default, here everything that the client holds
        let all = resources
            .iter()
            .flat_map(|api| &api.scopes)
            .map(|scope| scope.name.clone());
        all.collect::<ScopeSet>().filter(holds)
    } else if let Some(missing) = scope.iter().find(|name| !holds(name)) {
        let why = format!("scope {missing} is unknown or not permitted to this client");
        return Err(OAuthError::named(ErrorCode::InvalidScope, &why));
    } else {
        scope
    };
    assemble(ask, for_issuer, &resources, kept)
}

/// Whether a token for all of `resources` may have the scope: some have it, and each that has it permits it. A token does
/// not tell at which of its APIs a scope is meant, so who holds it at one must not thereby have it at another.
fn is_held(resources: &[&Resource], name: &str, may: impl Fn(&str) -> bool) -> bool {
    let mut having = resources.iter().filter(|api| api.has_scope(name)).peekable();
    having.peek().is_some() && having.all(|api| may(&api.identifier))
}

/// Whether the scope belongs to OpenID Connect, whatever an API calls its own.
fn is_issuer_scope(name: &str) -> bool {
    matches!(name, OPENID | OFFLINE_ACCESS) || CLAIM_SCOPES.contains(&name)
}

/// The resources of the request, each once.
fn requested<'a>(ask: &Ask<'a>) -> Result<Vec<&'a str>, OAuthError> {
    let mut found: Vec<&str> = Vec::new();
    for identifier in ask.params.all("resource") {
        if !found.contains(&identifier) {
            found.push(identifier);
        }
    }
    if found.len() > MAX_RESOURCES {
        return Err(OAuthError::new(ErrorCode::InvalidTarget, "too many resources"));
    }
    Ok(found)
}

/// RFC 9068 §3: without a resource, the scopes say which one is meant; they may mean only one.
fn inferred<'a>(ask: &Setting<'a>, scope: &ScopeSet) -> Result<Vec<&'a Resource>, OAuthError> {
    if scope.is_empty() {
        return Ok(Vec::new());
    }
    let mut candidates = ask
        .catalog
        .resources()
        .filter(|api| ask.client.allows_resource(&api.identifier) && scope.iter().all(|name| api.has_scope(name)));
    match (candidates.next(), candidates.next()) {
        (Some(only), None) => Ok(vec![only]),
        (Some(_), Some(_)) => {
            let why = "more than one API has these scopes: name it with resource";
            Err(OAuthError::new(ErrorCode::InvalidScope, why))
        }
        // `for_client` then finds that nobody knows the scope
        _ => Ok(Vec::new()),
    }
}

fn find<'a>(ask: &Setting<'a>, identifier: &str) -> Result<&'a Resource, OAuthError> {
    ask.catalog
        .resource(identifier)
        .filter(|_| ask.client.allows_resource(identifier))
        .ok_or(OAuthError::new(
            ErrorCode::InvalidTarget,
            "resource is unknown or not allowed for this client",
        ))
}

fn assemble(
    ask: &Setting<'_>,
    for_issuer: bool,
    resources: &[&Resource],
    scope: ScopeSet,
) -> Result<Target, OAuthError> {
    let metadata = &ask.client.metadata;
    let of_client = metadata.access_token_lifetime_seconds.map(Duration::seconds);
    let default = of_client.unwrap_or(ask.policy.access_token);
    let lifetimes = resources.iter().map(|api| {
        let own = api.access_token_lifetime_seconds.map(i64::from).map(Duration::seconds);
        own.unwrap_or(default)
    });
    let lifetime = lifetimes.min().unwrap_or(default);
    let lifetime = lifetime.min(ask.policy.longest).max(Duration::SECOND);

    // A resource decides how its tokens are written; userinfo takes either form.
    let alg_of = |api: &Resource| signing_alg(api.access_token_signing_alg.as_deref(), ask);
    let (format, alg) = match resources {
        [] => (metadata.access_token_format, signing_alg(None, ask)),
        [first, rest @ ..] => {
            let form = (first.access_token_format, alg_of(first));
            let agree = |api: &&Resource| {
                api.access_token_format == form.0 && (form.0 == TokenFormat::Opaque || alg_of(api) == form.1)
            };
            if !rest.iter().all(agree) {
                let why = "these resources want tokens of different forms: ask for them one by one";
                return Err(OAuthError::new(ErrorCode::InvalidTarget, why));
            }
            form
        }
    };
    let resources: Vec<String> = resources.iter().map(|api| api.identifier.clone()).collect();
    let mut audience = resources.clone();
    if for_issuer {
        audience.insert(0, ask.catalog.issuer().to_owned());
    }
    Ok(Target {
        audience,
        resources,
        scope,
        format,
        signing_alg: alg,
        lifetime,
    })
}

/// The resource's algorithm, else the client's, else ES256.
fn signing_alg(of_resource: Option<&str>, ask: &Setting<'_>) -> SigningAlg {
    of_resource
        .or(ask.client.metadata.access_token_signing_alg.as_deref())
        .and_then(|name| name.parse().ok())
        .unwrap_or(SigningAlg::ES256)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::{SeededRng, id::RoleId},
        domain::{
            grant::fixture::{Scene, code_of},
            token::fixture::{API, ISSUER, NOW, OPAQUE_API, OWN_API, resource, user},
        },
        model::Role,
    };

    fn person(scene: &Scene, scope: &str) -> Result<Target, OAuthError> {
        let grant = &scene.grant;
        for_person(&scene.ask(), grant, &user(), &ScopeSet::parse(scope).unwrap())
    }

    fn client(params: &str, change: impl FnOnce(&mut Scene)) -> Result<Target, OAuthError> {
        let mut scene = Scene::new("openid", params);
        change(&mut scene);
        for_client(&scene.ask())
    }

    #[test]
    fn without_a_resource_the_token_is_for_the_issuer() {
        let scene = Scene::new("openid email orders:read", "");
        let target = person(&scene, "openid email orders:read").unwrap();
        assert_eq!(target.audience, [ISSUER]);
        assert!(target.resources.is_empty());
        assert_eq!(target.scope.to_string(), "openid email");
        assert_eq!(
            (target.format, target.signing_alg),
            (TokenFormat::Jwt, SigningAlg::ES256)
        );
        assert_eq!(target.lifetime, Duration::minutes(5));
    }

    #[test]
    fn an_api_cannot_take_a_scope_of_openid_connect_away_from_userinfo() {
        let mut scene = Scene::new("openid email", "");
        scene.add_resource(resource("https://mail.example", &["email"]));
        assert_eq!(
            person(&scene, "openid email").unwrap().scope.to_string(),
            "openid email"
        );
    }

    #[test]
    fn a_granted_resource_gets_only_its_own_scopes() {
        let mut scene = Scene::new("openid orders:read", "");
        scene.grant.resources = vec![API.to_owned()];
        let target = person(&scene, "openid orders:read stock:read").unwrap();
        assert_eq!(
            (target.audience, target.scope.to_string()),
            (vec![API.to_owned()], "orders:read".to_owned())
        );
    }

    #[test]
    fn scopes_that_the_person_does_not_hold_are_left_out() {
        let mut scene = Scene::new("openid", "");
        scene.grant.resources = vec![API.to_owned()];
        assert_eq!(
            person(&scene, "orders:refund orders:read").unwrap().scope.to_string(),
            "orders:read"
        );
        let mut staff = user();
        staff.roles = vec!["support".to_owned()];
        let scope = ScopeSet::parse("orders:refund").unwrap();
        let target = for_person(&scene.ask(), &scene.grant, &staff, &scope).unwrap();
        assert_eq!(target.scope.to_string(), "orders:refund");
    }

    #[test]
    fn a_scope_in_a_token_for_two_apis_is_held_at_both() {
        let mut scene = Scene::new("openid", "");
        let two = resource("https://two.example", &["orders:refund", "stock:read"]);
        let role = Role {
            id: RoleId::new(NOW, &SeededRng::new(2)),
            name: "support".to_owned(),
            description: None,
            permissions: vec![format!("{API} orders:refund")],
            origin: None,
            created_at: NOW,
            updated_at: NOW,
        };
        scene.catalog = Catalog::new(ISSUER, vec![resource(API, &["orders:refund"]), two], &[role]);
        scene.grant.resources = vec![API.to_owned(), "https://two.example".to_owned()];
        // anybody may at the other API, but only support at this one
        let target = person(&scene, "orders:refund stock:read").unwrap();
        assert_eq!(target.scope.to_string(), "stock:read");
        scene.grant.resources.remove(0);
        let target = person(&scene, "orders:refund stock:read").unwrap();
        assert_eq!(target.scope.to_string(), "orders:refund stock:read");
    }

    #[test]
    fn a_resource_that_was_not_granted_is_an_invalid_target() {
        let scene = Scene::new("openid", "resource=https%3A%2F%2Fapi.example");
        assert_eq!(code_of(person(&scene, "openid")), ErrorCode::InvalidTarget);
    }

    #[test]
    fn a_granted_resource_that_is_gone_or_forbidden_is_an_invalid_target() {
        let mut scene = Scene::new("openid", "");
        scene.grant.resources = vec!["https://gone.example".to_owned()];
        assert_eq!(code_of(person(&scene, "openid")), ErrorCode::InvalidTarget);
        scene.grant.resources = vec![API.to_owned()];
        scene.client.metadata.resources = Some(Vec::new());
        assert_eq!(code_of(person(&scene, "openid")), ErrorCode::InvalidTarget);
    }

    #[test]
    fn the_issuer_may_be_named_as_the_resource_of_userinfo() {
        let mut scene = Scene::new("openid orders:read", "resource=https%3A%2F%2Fop.example");
        scene.grant.resources = vec![API.to_owned()];
        let target = person(&scene, "openid orders:read").unwrap();
        assert_eq!(
            (target.audience, target.scope.to_string()),
            (vec![ISSUER.to_owned()], "openid".to_owned())
        );
        assert_eq!(code_of(person(&scene, "orders:read")), ErrorCode::InvalidTarget);
    }

    #[test]
    fn resources_that_want_different_forms_do_not_share_a_token() {
        let mut scene = Scene::new("openid", "");
        scene.grant.resources = vec![API.to_owned(), OPAQUE_API.to_owned()];
        assert_eq!(code_of(person(&scene, "shared")), ErrorCode::InvalidTarget);
        let mut other = resource("https://two.example", &["shared"]);
        other.access_token_lifetime_seconds = Some(30);
        scene.add_resource(other.clone());
        scene.grant.resources = vec![API.to_owned(), "https://two.example".to_owned()];
        assert_eq!(person(&scene, "shared").unwrap().lifetime, Duration::seconds(30));
        other.identifier = "https://three.example".to_owned();
        other.access_token_signing_alg = Some("EdDSA".to_owned());
        scene.add_resource(other);
        scene.grant.resources = vec![API.to_owned(), "https://three.example".to_owned()];
        assert_eq!(code_of(person(&scene, "shared")), ErrorCode::InvalidTarget);
    }

    #[test]
    fn a_machine_gets_what_its_scope_names_or_its_roles_permit() {
        let one = client("resource=https%3A%2F%2Fapi.example&scope=orders%3Aread", |scene| {
            scene.client.metadata.scope = Some("orders:read".to_owned());
        });
        assert_eq!(one.unwrap().scope.to_string(), "orders:read");
        let all = client("resource=https%3A%2F%2Fop.example%2Fapi%2Fv1", |scene| {
            scene.client.roles = vec!["admin".to_owned()];
        });
        let all = all.unwrap();
        assert_eq!(
            (all.audience, all.scope.to_string()),
            (vec![OWN_API.to_owned()], "users:read".to_owned())
        );
        let none = client("resource=https%3A%2F%2Fapi.example&scope=orders%3Aread", |_| {});
        assert_eq!(code_of(none), ErrorCode::InvalidScope);
    }

    #[test]
    fn a_machine_may_leave_out_the_resource_where_the_scope_says_which() {
        let admin = |scene: &mut Scene| scene.client.roles = vec!["admin".to_owned()];
        assert_eq!(client("scope=orders%3Aread", admin).unwrap().audience, [API]);
        assert_eq!(code_of(client("scope=shared", admin)), ErrorCode::InvalidScope);
        assert_eq!(code_of(client("scope=nonsense", admin)), ErrorCode::InvalidScope);
        let plain = client("", admin).unwrap();
        assert_eq!(
            (plain.audience, plain.scope.is_empty()),
            (vec![ISSUER.to_owned()], true)
        );
    }

    #[test]
    fn a_machine_asks_for_no_person() {
        for scope in ["openid", "offline_access"] {
            assert_eq!(
                code_of(client(&format!("scope={scope}"), |_| {})),
                ErrorCode::InvalidScope
            );
        }
        let unknown = client("resource=https%3A%2F%2Funknown.example", |_| {});
        assert_eq!(code_of(unknown), ErrorCode::InvalidTarget);
    }
}
