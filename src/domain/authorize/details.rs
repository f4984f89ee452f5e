//! `authorization_details` (RFC 9396): which entries a client may ask for, and which of them a token carries.

use serde_json::{Map, Value};

use crate::{
    domain::json_schema,
    model::{Client, DetailsType, Resource},
    spec::oauth::{AuthorizationDetails, ErrorCode, OAuthError, Params},
};

/// The API that declares a type of entries, and what it says about them.
pub fn declared<'a>(
    resources: impl IntoIterator<Item = &'a Resource>,
    name: &str,
) -> Option<(&'a Resource, &'a DetailsType)> {
    resources.into_iter().find_map(|resource| {
        let found = resource
            .authorization_details_types
            .iter()
            .find(|one| one.name == name)?;
        Some((resource, found))
    })
}

/// Reads the parameter; the APIs that declare the entries are `asked` for with it (RFC 9396 §3: what is permitted is
/// permitted somewhere). `resources` are all that there are.
///
/// # Errors
/// `invalid_authorization_details` (RFC 9396 §5) for a type that no API declares or the client did not register, an entry
/// that its schema does not describe, or one for another place. `invalid_target` where the scopes mean one API and an entry
/// another: nobody said that the token is for both, and it would be good at either.
pub(in crate::domain) fn read<'a>(
    params: &Params,
    client: &Client,
    resources: impl Fn(&str) -> Option<(&'a Resource, &'a DetailsType)>,
    asked: &mut Vec<String>,
) -> Result<AuthorizationDetails, OAuthError> {
    let Some(sent) = params.get("authorization_details") else {
        return Ok(AuthorizationDetails::default());
    };
    let details = AuthorizationDetails::parse(sent)?;
    let is_meant = params.all("resource").next().is_none() && !asked.is_empty();
    let meant = asked.clone();
    for entry in details.entries() {
        let name = AuthorizationDetails::type_of(entry);
        let registered = client
            .metadata
            .authorization_details_types
            .iter()
            .any(|one| one == name);
        let found = resources(name).filter(|(api, _)| registered && client.allows_resource(&api.identifier));
        let Some((api, declared)) = found else {
            return Err(refused(
                "a type of authorization_details is unknown or not allowed for this client",
            ));
        };
        if !json_schema::holds(&declared.schema, &Value::Object(entry.clone())) {
            return Err(refused("authorization_details are not what their type demands"));
        }
        if !is_for(entry, api) {
            return Err(refused("authorization_details are for another place than their type"));
        }
        if is_meant && !meant.contains(&api.identifier) {
            let why = "scope means one API and authorization_details another: name each as resource";
            return Err(OAuthError::new(ErrorCode::InvalidTarget, why));
        }
        if !asked.contains(&api.identifier) {
            asked.push(api.identifier.clone());
        }
    }
    Ok(details)
}

/// RFC 9396 §2.2: `locations` are the places where the entry is good.
fn is_for(entry: &Map<String, Value>, api: &Resource) -> bool {
    match entry.get("locations") {
        None => true,
        Some(Value::Array(places)) => places.iter().all(|place| *place == api.identifier.as_str()),
        Some(_) => false,
    }
}

/// What of the granted entries a token for `resources` carries; a token request may name fewer (RFC 9396 §6).
///
/// # Errors
/// `invalid_authorization_details` for an entry that was not granted, or not for these resources.
pub fn narrowed<'a>(
    params: &Params,
    granted: &AuthorizationDetails,
    all: impl IntoIterator<Item = &'a Resource> + Clone,
    resources: &[String],
) -> Result<AuthorizationDetails, OAuthError> {
    let is_here = |entry: &Map<String, Value>| {
        let found = declared(all.clone(), AuthorizationDetails::type_of(entry));
        found.is_some_and(|(api, _)| resources.contains(&api.identifier))
    };
    let here = granted.filter(is_here);
    match params.get("authorization_details") {
        None => Ok(here),
        Some(sent) => {
            let asked = AuthorizationDetails::parse(sent)?;
            // each granted entry is good once: twice the same payment is another permission
            let mut left: Vec<&Map<String, Value>> = here.entries().iter().collect();
            let mut take = |entry| left.iter().position(|one| *one == entry).map(|at| left.swap_remove(at));
            if asked.entries().iter().all(|entry| take(entry).is_some()) {
                Ok(asked)
            } else {
                Err(refused("authorization_details were not granted"))
            }
        }
    }
}

fn refused(why: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidAuthorizationDetails, why)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::sample;

    const API: &str = "https://bank.example";

    fn api() -> Resource {
        let mut api = sample::resource(API, "pay");
        api.authorization_details_types = vec![DetailsType {
            name: "payment".to_owned(),
            description: None,
            schema: json!({ "type": "object", "required": ["amount"], "properties": { "amount": { "type": "integer" } } }),
        }];
        api
    }

    fn client() -> Client {
        let mut client = sample::client();
        client.metadata.authorization_details_types = vec!["payment".to_owned(), "unheard".to_owned()];
        client
    }

    fn ask(client: &Client, details: &Value) -> Result<(AuthorizationDetails, Vec<String>), ErrorCode> {
        let params = Params::default().with("authorization_details", &details.to_string());
        let (api, mut asked) = (api(), Vec::new());
        let details = read(&params, client, |name| declared([&api], name), &mut asked).map_err(|error| error.code)?;
        Ok((details, asked))
    }

    #[test]
    fn a_declared_entry_is_asked_for_at_its_api() {
        let (details, asked) = ask(
            &client(),
            &json!([{ "type": "payment", "amount": 5, "locations": [API] }]),
        )
        .unwrap();
        assert_eq!(asked, [API]);
        assert_eq!(details.entries().len(), 1);
    }

    #[test]
    fn scopes_and_entries_may_mean_the_same_api_but_two_must_be_named() {
        let entry = json!([{ "type": "payment", "amount": 5 }]).to_string();
        let params = Params::default().with("authorization_details", &entry);
        let named = params.clone().with("resource", "https://other.example");
        let read_for = |params: &Params, meant: &str| {
            let (api, mut asked) = (api(), vec![meant.to_owned()]);
            let read = read(params, &client(), |name| declared([&api], name), &mut asked);
            read.map(|_| asked).map_err(|error| error.code)
        };
        assert_eq!(read_for(&params, API), Ok(vec![API.to_owned()]));
        let other = "https://other.example";
        assert_eq!(read_for(&params, other), Err(ErrorCode::InvalidTarget));
        assert_eq!(read_for(&named, other), Ok(vec![other.to_owned(), API.to_owned()]));
    }

    #[test]
    fn what_is_unknown_undescribed_or_elsewhere_is_refused() {
        let refused = Err(ErrorCode::InvalidAuthorizationDetails);
        for bad in [
            json!([{ "type": "unheard", "amount": 5 }]),
            json!([{ "type": "payment" }]),
            json!([{ "type": "payment", "amount": "5" }]),
            json!([{ "type": "payment", "amount": 5 }, { "type": "other" }]),
            json!([{ "type": "payment", "amount": 5, "locations": ["https://other.example"] }]),
            json!([{ "type": "payment", "amount": 5, "locations": API }]),
            json!({ "type": "payment", "amount": 5 }),
        ] {
            assert_eq!(ask(&client(), &bad).map(|_| ()), refused, "{bad}");
        }
        let good = json!([{ "type": "payment", "amount": 5 }]);
        assert_eq!(
            ask(&sample::client(), &good).map(|_| ()),
            refused,
            "not registered for the type"
        );
        let mut elsewhere = client();
        elsewhere.metadata.resources = Some(vec!["https://other.example".to_owned()]);
        assert_eq!(
            ask(&elsewhere, &good).map(|_| ()),
            refused,
            "not registered for the API"
        );
    }

    #[test]
    fn a_token_carries_what_was_granted_for_its_place_or_less_and_never_more() {
        let granted = AuthorizationDetails::parse(
            &json!([{ "type": "payment", "amount": 5 }, { "type": "payment", "amount": 6 }, { "type": "gone" }])
                .to_string(),
        )
        .unwrap();
        let api = api();
        let narrow = |sent: Option<Value>, at: &str| {
            let params = sent.map_or_else(Params::default, |sent| {
                Params::default().with("authorization_details", &sent.to_string())
            });
            narrowed(&params, &granted, [&api], &[at.to_owned()]).map(|details| details.entries().len())
        };
        assert_eq!(narrow(None, API), Ok(2));
        assert_eq!(narrow(None, "https://other.example"), Ok(0));
        assert_eq!(narrow(Some(json!([{ "type": "payment", "amount": 6 }])), API), Ok(1));
        let (five, six) = (
            json!({ "type": "payment", "amount": 5 }),
            json!({ "type": "payment", "amount": 6 }),
        );
        assert_eq!(narrow(Some(json!([six, five])), API), Ok(2));
        for more in [
            json!([{ "type": "payment", "amount": 7 }]),
            json!([{ "type": "gone" }]),
            json!([six, six]),
            json!([five, six, five]),
        ] {
            assert!(narrow(Some(more.clone()), API).is_err(), "{more}");
        }
        assert!(
            narrow(
                Some(json!([{ "type": "payment", "amount": 6 }])),
                "https://other.example"
            )
            .is_err()
        );
    }
}
