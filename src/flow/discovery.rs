//! The metadata document, serialised once per change.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Core, Refusal, cache::Catalog};
use crate::{
    base::Locale,
    domain::{authorize::ACR_VALUES_SUPPORTED, claims},
    spec::oidc::discovery::{Metadata, Offer},
};

/// The document as it is sent.
#[derive(Debug, Clone)]
pub struct Document {
    /// JSON.
    pub body: Arc<str>,
    /// Strong entity tag, with its quotes.
    pub etag: Arc<str>,
}

/// What was serialised last, and for which catalog.
#[derive(Debug, Default)]
pub struct Discovery(RwLock<Option<(Arc<Catalog>, Document)>>);

/// The metadata of this server (OIDC Discovery §4.2, RFC 8414 §3.2).
///
/// # Errors
/// The store's.
pub async fn document(core: &Core) -> Result<Document, Refusal> {
    let catalog = core.catalog().await?;
    if let Some(known) = core.discovery.known(&catalog) {
        return Ok(known);
    }
    let metadata = Metadata::new(Offer {
        issuer: core.policy.issuer.as_str().to_owned(),
        claims: claims::supported(&catalog.rules),
        acr_values: ACR_VALUES_SUPPORTED.map(str::to_owned).to_vec(),
        ui_locales: Locale::ALL.map(|locale| locale.tag().to_owned()).to_vec(),
    });
    let body = serde_json::to_string(&metadata)?;
    let digest = digest::digest(&digest::SHA256, body.as_bytes());
    let document = Document {
        etag: format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest)).into(),
        body: body.into(),
    };
    let mut kept = core.discovery.0.write().unwrap_or_else(PoisonError::into_inner);
    *kept = Some((catalog, document.clone()));
    Ok(document)
}

impl Discovery {
    fn known(&self, catalog: &Arc<Catalog>) -> Option<Document> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (of, document) = kept.as_ref()?;
        Arc::ptr_eq(of, catalog).then(|| document.clone())
    }
}
