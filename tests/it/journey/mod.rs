//! Journeys of people and apps through the whole server over HTTP, and of those who mean harm. `world` sets the stage.

mod bad_http;
mod bad_input;
mod bad_input_signed_in;
mod client_auth;
mod client_registration;
mod client_secrets;
mod consent;
mod crawl;
mod details;
mod device;
mod discovery;
mod encrypted_request;
mod grants;
mod hints;
mod jwks_uri;
mod jwt_bearer;
mod open_redirect;
mod pairwise;
mod pkce;
mod recover;
mod register;
mod request_uri;
mod resources;
mod sessions;
mod throttle;
mod token_exchange;
pub mod world;
