//! What is said behind the browser's back: CIBA (CIBA Core §4) and logout.

use super::{ClientMetadata, Faults, MetadataFault};
use crate::{model::DeliveryMode, spec::oauth::GrantType};

pub(super) fn check(metadata: &ClientMetadata, faults: &mut Faults) {
    let mode = metadata.backchannel_token_delivery_mode;
    if metadata.grant_types.contains(&GrantType::Ciba) && mode.is_none() {
        faults.refuse("backchannel_token_delivery_mode", MetadataFault::Missing);
    }
    let endpoint = metadata.backchannel_client_notification_endpoint.is_some();
    if mode == Some(DeliveryMode::Ping) && !endpoint {
        faults.refuse("backchannel_client_notification_endpoint", MetadataFault::Missing);
    }
    if endpoint && mode != Some(DeliveryMode::Ping) {
        let fault = MetadataFault::Needs("backchannel_token_delivery_mode ping");
        faults.refuse("backchannel_client_notification_endpoint", fault);
    }
    // There are no user codes here; discovery says so.
    if metadata.backchannel_user_code_parameter {
        faults.refuse("backchannel_user_code_parameter", MetadataFault::Unsupported);
    }
    for (field, required, uri, needed) in [
        (
            "backchannel_logout_session_required",
            metadata.backchannel_logout_session_required,
            &metadata.backchannel_logout_uri,
            "backchannel_logout_uri",
        ),
        (
            "frontchannel_logout_session_required",
            metadata.frontchannel_logout_session_required,
            &metadata.frontchannel_logout_uri,
            "frontchannel_logout_uri",
        ),
    ] {
        if required && uri.is_none() {
            faults.refuse(field, MetadataFault::Needs(needed));
        }
    }
}
