//! An API that takes access tokens of Signet: an example to start your own from. README.md beside this file says how.
//!
//! ```text
//! cargo run --release --example resource_server
//! ```

mod api;

use std::{env, net::TcpListener};

use api::{Failure, Settings};

#[actix_web::main]
async fn main() -> Result<(), Failure> {
    let settings = Settings::read(|name| env::var(name).ok())?;
    let listener = TcpListener::bind(&settings.listen)?;
    println!("The API is {} and listens on {}", settings.audience, settings.listen);
    api::serve(&settings, listener)?.await?;
    Ok(())
}
