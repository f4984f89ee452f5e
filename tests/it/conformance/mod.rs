//! What the certification suite of the OpenID Foundation asks of a provider, module by module and under its names, driven
//! over HTTP as the suite drives it: pages found by path, fields by name, no script.
//!
//! `suite` is the suite's part, with the checks that every module makes; `modules` are the modules that two plans share, and `files` is what all of it is made of.

mod backchannel_logout;
mod basic;
mod checks;
mod config;
mod dynamic;
mod fapi;
mod fapi_ciba;
mod files;
mod form_post_basic;
mod form_post_hybrid;
mod form_post_implicit;
mod frontchannel_logout;
mod hybrid;
mod implicit;
mod modules;
mod rp_initiated_logout;
mod session_management;
mod suite;

pub use fapi::kit::connections;
pub use files::{pem, server as prepared};
pub use suite::check_description;
