//! Style sheets, scripts and images: inside the binary, under addresses that name their content.
//!
//! `/static/<hash>/css/base.css` may be cached for ever, because another content has another address. A request with
//! an older hash (a page from before an update, or from another process during one) or with none gets the present
//! content and must ask again next time. Nothing is read from a path that a request names: the set of files is fixed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, CacheControl, CacheDirective, ETag, EntityTag, IfNoneMatch, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Compress;
use actix_web::{HttpResponse, web};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Folder;

struct File {
    content: web::Bytes,
    content_type: &'static str,
    hash: String,
    url: String,
}

static FILES: LazyLock<BTreeMap<String, File>> = LazyLock::new(|| {
    Folder::iter()
        .filter_map(|path| Some((path.to_string(), load(&path)?)))
        .collect()
});

fn load(path: &str) -> Option<File> {
    let file = Folder::get(path)?;
    let content_type = content_type(path)?;
    let hash: String = file
        .metadata
        .sha256_hash()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Some(File {
        content: web::Bytes::from(file.data.into_owned()),
        content_type,
        url: format!("/static/{hash}/{path}"),
        hash,
    })
}

/// The media type by the file's ending; what has none here (a licence note) is not served.
fn content_type(path: &str) -> Option<&'static str> {
    match path.rsplit_once('.')?.1 {
        "css" => Some("text/css; charset=utf-8"),
        "js" => Some("text/javascript; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "png" => Some("image/png"),
        _ => None,
    }
}

/// The address of the file `path` (`css/base.css`) with its content's hash; empty when there is no such file.
pub fn url(path: &str) -> &'static str {
    FILES.get(path).map_or("", |file| file.url.as_str())
}

/// Adds `/static` to the routes, compressed when the browser takes that.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/static")
            .wrap(Compress::default())
            .route("/{path:.+}", web::get().to(get))
            .route("/{path:.+}", web::head().to(get)),
    );
    // Browsers ask for this one by themselves; the pages name the SVG.
    config.route("/favicon.ico", web::get().to(favicon));
}

async fn favicon(if_none_match: Option<web::Header<IfNoneMatch>>) -> HttpResponse {
    answer("favicon.svg", if_none_match)
}

async fn get(path: web::Path<String>, if_none_match: Option<web::Header<IfNoneMatch>>) -> HttpResponse {
    answer(&path, if_none_match)
}

fn answer(path: &str, if_none_match: Option<web::Header<IfNoneMatch>>) -> HttpResponse {
    let (hash, file) = match (FILES.get(path), path.split_once('/')) {
        (Some(file), _) => (None, Some(file)),
        (None, Some((hash, rest))) => (Some(hash), FILES.get(rest)),
        (None, None) => (None, None),
    };
    let Some(file) = file else {
        return HttpResponse::NotFound().finish();
    };
    // Weak: the compressed forms share it.
    let tag = EntityTag::new_weak(file.hash.clone());
    let current = hash == Some(file.hash.as_str());
    let known = is_known(&tag, if_none_match.as_deref());
    let mut response = HttpResponse::build(if known {
        StatusCode::NOT_MODIFIED
    } else {
        StatusCode::OK
    });
    response.insert_header(ETag(tag));
    response.insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    if current {
        response.insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"));
    } else {
        response.insert_header(CacheControl(vec![CacheDirective::NoCache]));
    }
    if known {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, file.content_type));
    response.body(file.content.clone())
}

fn is_known(tag: &EntityTag, if_none_match: Option<&IfNoneMatch>) -> bool {
    match if_none_match {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, IF_NONE_MATCH};
    use actix_web::{App, test};

    use super::*;

    const STYLE: &str = "css/base.css";

    async fn ask(request: test::TestRequest) -> actix_web::dev::ServiceResponse<impl actix_web::body::MessageBody> {
        let app = test::init_service(App::new().configure(configure)).await;
        test::call_service(&app, request.to_request()).await
    }

    #[actix_web::test]
    async fn a_file_under_its_own_hash_may_be_kept_for_ever() {
        let response = ask(test::TestRequest::get().uri(url(STYLE))).await;
        assert_eq!(response.status(), StatusCode::OK);
        let headers = response.headers();
        assert_eq!(
            headers.get(CACHE_CONTROL).unwrap(),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(headers.get(CONTENT_TYPE).unwrap(), "text/css; charset=utf-8");
        assert_eq!(headers.get(X_CONTENT_TYPE_OPTIONS).unwrap(), "nosniff");
        assert!(!test::read_body(response).await.is_empty());
    }

    #[actix_web::test]
    async fn an_older_hash_gets_the_present_content_and_is_asked_again() {
        let response = ask(test::TestRequest::get().uri("/static/0000000000000000/css/base.css")).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers().get(CACHE_CONTROL).unwrap(), "no-cache");
    }

    #[actix_web::test]
    async fn a_known_tag_is_answered_without_content() {
        let first = ask(test::TestRequest::get().uri(url(STYLE))).await;
        let tag = first.headers().get(ETAG).unwrap().clone();
        let again = ask(test::TestRequest::get()
            .uri(url(STYLE))
            .insert_header((IF_NONE_MATCH, tag)))
        .await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(test::read_body(again).await.is_empty());
    }

    #[actix_web::test]
    async fn a_browser_that_takes_brotli_gets_it() {
        let request = test::TestRequest::get()
            .uri(url(STYLE))
            .insert_header((ACCEPT_ENCODING, "br"));
        assert_eq!(ask(request).await.headers().get(CONTENT_ENCODING).unwrap(), "br");
    }

    #[actix_web::test]
    async fn nothing_but_the_files_is_served() {
        for path in [
            "/static/",
            "/static/icons.LICENSE",
            "/static/../Cargo.toml",
            "/static/x/%2e%2e/Cargo.toml",
        ] {
            let status = ask(test::TestRequest::get().uri(path)).await.status();
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[::core::prelude::v1::test]
    fn the_script_that_apps_frame_is_es5() {
        let script = FILES
            .iter()
            .find(|(path, _)| path.ends_with("js/check_session.js"))
            .unwrap();
        let script = str::from_utf8(&script.1.content).unwrap();
        let code: Vec<&str> = script
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("//"))
            .collect();
        let code = code.join("\n");
        for newer in ["=>", "`", "...", "?.", "??", "**", ", ]"] {
            assert!(!code.contains(newer), "{newer}");
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        for word in code.split(|c: char| !is_name(c)) {
            let newer = [
                "let", "const", "class", "async", "await", "of", "yield", "import", "export", "super",
            ];
            assert!(!newer.contains(&word), "{word}");
        }
    }

    #[::core::prelude::v1::test]
    fn all_style_sheets_together_stay_small() {
        let size = |ending: &str| -> usize {
            let of_kind = FILES.iter().filter(|(path, _)| path.ends_with(ending));
            of_kind.map(|(_, file)| file.content.len()).sum()
        };
        assert!(size(".css") < 30_000, "{} bytes of CSS", size(".css"));
        assert!(size(".js") < 20_000, "{} bytes of script", size(".js"));
    }
}
