//! Back-channel logout: an app hears of the end of a session from this server itself (OIDC Back-Channel Logout 1.0).
//!
//! Whoever ends sessions calls [`tell`] in the same transaction; the messages leave through the outbox, each tried again
//! until the app has it. Every end counts: signing out, an administrator, a new password, a session that ran out.

use url::Url;

use crate::{
    base::id::SessionId,
    domain::token::logout_token::{self, LogoutTokenClaims},
    flow::{
        Core, Refusal, encryption,
        outbox::{self, Failure, Logout, Message},
    },
    model::{Client, ClientStatus},
    spec::jose::SigningAlg,
    store::{self, Tx},
};

/// Has every app that took part in the sessions hear of their end. The sessions must still be there.
///
/// # Errors
/// As [`outbox::Error`] says.
pub async fn tell(core: &Core, tx: &mut Tx, sessions: &[SessionId]) -> Result<(), outbox::Error> {
    if sessions.is_empty() {
        return Ok(());
    }
    let now = core.now();
    for participant in store::session_client::list_back_channel(&mut **tx, sessions).await? {
        let message = Message::Logout(Logout {
            client_id: participant.client_id,
            user_id: participant.user_id,
            session_id: participant.session_id,
        });
        core.outbox.insert(tx, &message, now).await?;
    }
    Ok(())
}

/// Sends one logout token (§2.5).
pub(in crate::flow) async fn send(core: &Core, logout: &Logout) -> Result<(), Failure> {
    let transient = |error: &dyn std::fmt::Display| Failure::Transient(error.to_string());
    let client = core
        .client(&logout.client_id)
        .await
        .map_err(|error| transient(&error))?;
    let Some(client) = client.filter(|client| client.status == ClientStatus::Active) else {
        return Ok(());
    };
    let Some(uri) = &client.metadata.backchannel_logout_uri else {
        return Ok(());
    };
    let url = Url::parse(uri).map_err(|_| Failure::Permanent("backchannel_logout_uri is no URL".to_owned()))?;
    let recipient = encryption::recipient(core, &client, encryption::of_id_tokens(&client)).await;
    let recipient = recipient.map_err(|error| transient(&error))?;
    let signed = sign(core, &client, logout).map_err(|error| transient(&error))?;
    // §2.4: signed and encrypted as the ID tokens are
    let token = match recipient {
        Some(recipient) => recipient.nest(&signed).map_err(|error| transient(&error))?,
        None => signed,
    };
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("logout_token", &token)
        .finish();
    core.way_to(&client).http.post_form(&url, body).await?;
    Ok(())
}

fn sign(core: &Core, client: &Client, logout: &Logout) -> Result<String, Refusal> {
    let now = core.now();
    let alg = client.metadata.id_token_signed_response_alg.as_deref();
    // OIDC Registration §2: RS256 where the client says nothing
    let alg = core.signing_alg(client, alg, SigningAlg::RS256);
    let jti = core.rng.token();
    let claims = LogoutTokenClaims {
        iss: core.policy.issuer.as_str(),
        sub: &core.subject(client, logout.user_id)?,
        aud: &client.client_id,
        iat: now,
        jti: jti.expose(),
        sid: &core.sid(client, logout.session_id)?,
    };
    let signer = core.keys.signer(alg, now)?;
    Ok(signer.sign_jwt(Some(logout_token::TYP), &claims.to_json()?)?)
}
