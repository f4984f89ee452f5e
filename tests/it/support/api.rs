//! An API that takes tokens: that of `examples/resource_server`, in this process, on a thread and a runtime of its own.

use std::collections::BTreeMap;
use std::net::TcpListener;

use url::Url;

#[allow(dead_code)] // the rest is for its main
#[path = "../../../examples/resource_server/api/mod.rs"]
mod resource_server;

use resource_server::Settings;

/// Serves until the process ends. `settings` are those of the example; its address, and the audience if it is not said, are
/// made up here.
pub fn start(settings: &[(&str, &str)]) -> Url {
    let mut settings: BTreeMap<String, String> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let scheme = if settings.contains_key("TLS_CERT_FILE") {
        "https"
    } else {
        "http"
    };
    let url = format!("{scheme}://localhost:{}", listener.local_addr().unwrap().port());
    settings.insert("URL".to_owned(), url.clone());
    let settings = Settings::read(|name| settings.get(name).cloned()).unwrap_or_else(|error| panic!("{error}"));
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let server = resource_server::serve(&settings, listener).unwrap_or_else(|error| panic!("{error}"));
            server.await.unwrap();
        });
    });
    url.parse().unwrap()
}
