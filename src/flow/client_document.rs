//! Clients that are named by the address of a document about them (draft-ietf-oauth-client-id-metadata-document): the
//! document is fetched when they come, and what it says is kept as what a program registers for itself. So they are counted,
//! listed, switched off and swept away as such.

use std::{net::IpAddr, sync::Arc};

use moka::sync::Cache;
use serde_json::{Map, Value};
use url::Url;

use super::{
    Core, Refusal,
    admin::{
        self, By,
        client::{self, Edit},
        client_secret::NewSecret,
    },
    client_registration::{reserve, stays},
    discovery,
};
use crate::{
    base::{Clock, TokenHash},
    domain::client_registration::{Held, read_document},
    model::{Actor, Client, ClientStatus, Origin},
    spec::{
        jose::strict_json,
        oauth::{
            ErrorCode, OAuthError,
            client_document::{self, MAX_DOCUMENT_BYTES},
        },
    },
    store::{self, Tx},
    upstream::{
        http::{FetchError, HttpClient},
        jwks::JwksCache,
    },
};

/// So many clients are known to be as their documents say.
const MOST_APPLIED: u64 = 1_000;

type Document = Map<String, Value>;

/// The documents that were fetched, and which of them the database has.
pub struct ClientDocuments {
    fetched: JwksCache<Arc<Document>>,
    applied: Cache<String, Arc<Document>>,
}

impl ClientDocuments {
    /// None yet.
    pub fn new(http: HttpClient, clock: Arc<dyn Clock>) -> Self {
        let parse = |bytes: &[u8]| {
            let is_short = bytes.len() <= MAX_DOCUMENT_BYTES;
            let document = is_short.then(|| strict_json::object(bytes).ok())?;
            document.map(Arc::new)
        };
        Self {
            fetched: JwksCache::new(http, clock, parse).accepting("application/json"),
            applied: Cache::builder().max_capacity(MOST_APPLIED).build(),
        }
    }

    fn is_applied(&self, client_id: &str, document: &Arc<Document>) -> bool {
        let applied = self.applied.get(client_id);
        applied.is_some_and(|applied| Arc::ptr_eq(&applied, document))
    }
}

/// The client of that name; one that is named by its document as the document has it now.
///
/// # Errors
/// [`Refusal::Protocol`] if the document cannot be had or is not one; [`Refusal`].
pub(super) async fn find(
    core: &Core,
    client_id: &str,
    address: Option<IpAddr>,
) -> Result<Option<Arc<Client>>, Refusal> {
    let known = core.client(client_id).await?;
    let is_on = core.policy.registration.client_id_documents;
    let Some(url) = client_document::address(client_id).filter(|_| is_on) else {
        return Ok(known);
    };
    let document = fetch(core, &url, address).await?;
    if known.is_some() && core.client_documents.is_applied(client_id, &document) {
        return Ok(known);
    }
    if keep(core, client_id, &document, known.as_deref(), address).await? {
        core.client_documents.applied.insert(client_id.to_owned(), document);
    }
    Ok(core.client(client_id).await?)
}

/// The same for a client that proves who it is: what was known of it before goes on where its document cannot be had now.
///
/// # Errors
/// [`Refusal`].
pub(super) async fn find_or_known(
    core: &Core,
    client_id: &str,
    address: Option<IpAddr>,
) -> Result<Option<Arc<Client>>, Refusal> {
    match find(core, client_id, address).await {
        Err(Refusal::Protocol(error)) => {
            tracing::info!(client_id, %error, "a client is taken as it was known before");
            Ok(core.client(client_id).await?)
        }
        outcome => outcome,
    }
}

fn refuse(why: &str) -> Refusal {
    OAuthError::named(ErrorCode::InvalidClientMetadata, why).into()
}

async fn fetch(core: &Core, url: &Url, address: Option<IpAddr>) -> Result<Arc<Document>, Refusal> {
    let may_fetch = || core.fetches.allow_document(url.host_str().unwrap_or_default(), address);
    let found = core
        .client_documents
        .fetched
        .find_within(url, may_fetch, |document| Some(Arc::clone(document)));
    match found.await {
        Ok(Some(document)) => Ok(document),
        Ok(None) => Err(refuse("there is no document at the client_id")),
        Err(FetchError::TooOften) => Err(refuse("documents are fetched too often for you; try again in a minute")),
        Err(error) => {
            // the cause is for the log: what can be reached from here is nobody's business
            tracing::info!(host = url.host_str(), %error, "the document of a client cannot be fetched");
            Err(refuse(
                "the document at the client_id cannot be fetched, or is no JSON object of 5 KiB at most",
            ))
        }
    }
}

/// Writes down what the document says, if that is not there already. `false`: somebody else wrote something meanwhile, and
/// whoever comes next looks again.
async fn keep(
    core: &Core,
    client_id: &str,
    document: &Document,
    known: Option<&Client>,
    address: Option<IpAddr>,
) -> Result<bool, Refusal> {
    let server = discovery::members(core).await?;
    let policy = &core.policy.registration;
    let held = match known {
        Some(before) => {
            let administered = store::client_registration::list_administered(core.store.pool(), client_id).await?;
            Held::of(&before.metadata, &administered)
        }
        None => Held::default(),
    };
    let metadata = read_document(document, client_id, policy, (&server, core.keys.policy()), &held)?;
    if let Some(before) = known {
        stays(&before.metadata, &metadata)?;
    }
    let edit = Edit {
        metadata,
        roles: known.map(|before| before.roles.clone()).unwrap_or_default(),
        status: known.map_or(ClientStatus::Active, |before| before.status),
    };
    let origin = Origin {
        address: address.map(|address| address.to_string()),
        ..Origin::default()
    };
    if known.is_some_and(|before| before.metadata == edit.metadata) {
        return Ok(true);
    }
    let mut tx = core.store.begin().await?;
    let written = match known {
        Some(before) => {
            let by = By {
                actor: Actor::Client(client_id.to_owned()),
                origin,
            };
            let edited = client::edit_in(core, &mut tx, &by, before.clone(), &edit, &NewSecret::Keep(None)).await;
            edited.map(|_| ()).map_err(refusal)
        }
        None => insert(core, &mut tx, client_id, &edit, origin).await,
    };
    let is_written = match written {
        Ok(()) => {
            tx.commit().await?;
            true
        }
        // with the same document, or an administrator
        Err(Refusal::Contended) => {
            drop(tx);
            false
        }
        Err(refusal) => return Err(refusal),
    };
    core.caches.clients.forget(&client_id.to_owned());
    Ok(is_written)
}

async fn insert(core: &Core, tx: &mut Tx, client_id: &str, edit: &Edit, origin: Origin) -> Result<(), Refusal> {
    let address = reserve(core, tx, &origin).await?;
    // The reservation lets one after the other through.
    if store::client::find(&mut **tx, client_id).await?.is_some() {
        return Err(Refusal::Contended);
    }
    let by = By {
        actor: Actor::Anonymous,
        origin,
    };
    let made = client::insert_in(core, tx, &by, client_id, edit, &NewSecret::Keep(None), None).await;
    made.map_err(refusal)?;
    // nobody manages it by a token: its document does
    let nobody = TokenHash::of(core.rng.token().expose());
    Ok(store::client_registration::insert(&mut **tx, client_id, &nobody, address, core.now()).await?)
}

fn refusal(error: admin::Error) -> Refusal {
    match error {
        admin::Error::Store(error) => error.into(),
        admin::Error::Seal(error) => error.into(),
        admin::Error::Stale => Refusal::Contended,
        other => refuse(&other.to_string()),
    }
}
