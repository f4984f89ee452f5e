//! Carries messages to apps, over https, where the guarded client lets it.

use std::sync::Arc;

use super::outbox::Carrier;
use crate::{
    flow::{
        Core,
        logout::back_channel,
        outbox::{Failure, Lane, Message},
        ping,
    },
    store::outbox::Claimed,
};

/// What calling apps takes.
#[derive(Clone)]
pub struct CallCarrier {
    /// Apps, keys, and the way out.
    pub core: Arc<Core>,
}

impl Carrier for CallCarrier {
    const LANE: Lane = Lane::Calls;
    // many, because each may wait for an app that does not answer, and the next app should not
    const AT_ONCE: usize = 64;

    async fn send(&self, claimed: &Claimed) -> Result<(), Failure> {
        match self.core.outbox.open(claimed)? {
            Message::Logout(logout) => back_channel::send(&self.core, &logout).await,
            Message::Ping(ping) => ping::call(&self.core, &ping).await,
            Message::Mail(_) | Message::Recovery(_) => Err(Failure::Permanent("not a message to an app".to_owned())),
        }
    }
}
