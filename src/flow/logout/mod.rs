//! Who hears of the end of a session, and how: apps in the background, apps through the browser.

pub mod back_channel;
pub mod front_channel;
