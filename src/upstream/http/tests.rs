//! The tests of `super`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A server that gives every request the same bytes, piece by piece with a pause after each.
async fn server(pieces: Vec<Vec<u8>>, pause: Duration) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let pieces = pieces.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                for piece in pieces {
                    if stream.write_all(&piece).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(pause).await;
                }
            });
        }
    });
    (port, asked)
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<Vec<u8>> {
    vec![format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\n\r\n{body}").into_bytes()]
}

fn client(reach: Reach) -> HttpClient {
    let settings = HttpSettings {
        reach,
        timeout: Duration::from_millis(1500),
        max_body: 1000,
        ..HttpSettings::default()
    };
    HttpClient::new(&settings).unwrap()
}

async fn get(client: &HttpClient, url: &str) -> Result<String, FetchError> {
    let body = client.get(&Url::parse(url).unwrap(), "application/json").await?;
    Ok(String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn this_machine_is_out_of_reach_unless_allowed() {
    let (port, asked) = server(answer("200 OK", "", "hello"), Duration::ZERO).await;
    let public = client(Reach::Public);
    for url in [
        format!("https://127.0.0.1:{port}/"),
        format!("https://[::1]:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://2130706433:{port}/"),
        format!("https://0x7f.1:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://a.localhost:{port}/"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://0.0.0.0/".to_owned(),
    ] {
        assert_eq!(get(&public, &url).await, Err(FetchError::PrivateAddress), "{url}");
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    let private = client(Reach::Private);
    assert_eq!(
        get(&private, &format!("http://127.0.0.1:{port}/")).await.as_deref(),
        Ok("hello")
    );
    assert_eq!(
        get(&private, &format!("http://localhost:{port}/")).await.as_deref(),
        Ok("hello")
    );
}

#[tokio::test]
async fn a_name_that_leads_to_a_private_address_is_out_of_reach() {
    // The machine's own name leads to a loopback or private address, here and on most machines.
    let resolver = |reach| GuardedResolver {
        hosts: HashMap::new(),
        reach,
        look_ups: LookUps::of_strangers(),
    };
    let refused = resolver(Reach::Public).resolve("localhost".parse().unwrap()).await;
    assert!(refused.err().unwrap().is::<NoPublicAddress>());
    let found = resolver(Reach::Private).resolve("localhost".parse().unwrap()).await;
    assert!(found.unwrap().all(|address| address.ip().is_loopback()));
}

#[tokio::test]
async fn what_the_resolver_refuses_is_told_apart_from_an_outage() {
    // Past the check of the URL, as for any other name that leads home.
    let client = client(Reach::Public);
    let error = client.client.get("https://localhost/").send().await.unwrap_err();
    assert_eq!(failure(error), FetchError::PrivateAddress);
}

#[test]
fn only_https_without_credentials_is_fetched() {
    let check = |url: &str, reach| check(&Url::parse(url).unwrap(), reach);
    for (url, reach) in [
        ("http://example.com/", Reach::Public),
        ("http://example.com/", Reach::Private),
        ("http://192.168.0.1/", Reach::Private),
        ("ftp://example.com/", Reach::Private),
        ("file:///etc/passwd", Reach::Private),
        ("data:text/plain,x", Reach::Private),
        ("https://user@example.com/", Reach::Public),
        ("https://user:password@example.com/", Reach::Private),
    ] {
        assert!(matches!(check(url, reach), Err(FetchError::Url(_))), "{url}");
    }
    assert_eq!(check("https://example.com/", Reach::Public), Ok(()));
    assert_eq!(check("https://10.0.0.1/", Reach::Private), Ok(()));
    assert_eq!(check("http://[::1]:3000/jwks", Reach::Private), Ok(()));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (target, asked) = server(answer("200 OK", "", "secret"), Duration::ZERO).await;
    let location = format!("location: http://127.0.0.1:{target}/\r\n");
    for status in [301, 302, 303, 307, 308] {
        let (port, _) = server(answer(&format!("{status} Moved"), &location, ""), Duration::ZERO).await;
        let outcome = get(&client(Reach::Private), &format!("http://127.0.0.1:{port}/")).await;
        assert_eq!(outcome, Err(FetchError::Status(status)));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_large_body_is_cut_whether_it_says_its_length_or_not() {
    let too_large = Err(FetchError::TooLarge { limit: 1000 });
    let (announced, _) = server(answer("200 OK", "content-length: 1001\r\n", ""), Duration::ZERO).await;
    assert_eq!(
        get(&client(Reach::Private), &format!("http://127.0.0.1:{announced}/")).await,
        too_large
    );
    let mut endless = answer("200 OK", "", "");
    endless.extend(vec![vec![b'x'; 400]; 1000]);
    let (port, _) = server(endless, Duration::from_millis(20)).await;
    let begin = Instant::now();
    assert_eq!(
        get(&client(Reach::Private), &format!("http://127.0.0.1:{port}/")).await,
        too_large
    );
    assert!(begin.elapsed() < Duration::from_secs(1), "it was not read to its end");
    let (fits, _) = server(answer("200 OK", "", &"x".repeat(1000)), Duration::ZERO).await;
    let body = get(&client(Reach::Private), &format!("http://127.0.0.1:{fits}/"))
        .await
        .unwrap();
    assert_eq!(body.len(), 1000);
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up() {
    let mut slow = answer("200 OK", "", "");
    slow.extend(vec![vec![b'x']; 100]);
    let (port, _) = server(slow, Duration::from_millis(200)).await;
    let begin = Instant::now();
    let outcome = get(&client(Reach::Private), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(outcome, Err(FetchError::Timeout));
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn errors_do_not_name_the_url() {
    let port = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = get(
        &client(Reach::Private),
        &format!("http://127.0.0.1:{port}/?key=TOPSECRET"),
    )
    .await
    .unwrap_err();
    assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("TOPSECRET"));
}

struct Authority {
    key: PKey<Private>,
    certificate: X509,
}

fn new_key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn certify(name: &str, key: &PKey<Private>, issuer: Option<&Authority>) -> X509 {
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder
        .set_serial_number(
            &BigNum::from_u32(1 + u32::from(issuer.is_some()))
                .unwrap()
                .to_asn1_integer()
                .unwrap(),
        )
        .unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder
        .set_issuer_name(issuer.map_or(&*subject, |issuer| issuer.certificate.subject_name()))
        .unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(2).unwrap()).unwrap();
    builder.set_pubkey(key).unwrap();
    match issuer {
        None => {
            let constraints = BasicConstraints::new().critical().ca().build().unwrap();
            builder.append_extension(constraints).unwrap();
        }
        Some(_) => {
            let context = builder.x509v3_context(None, None);
            let names = SubjectAlternativeName::new().dns(name).build(&context).unwrap();
            builder.append_extension(names).unwrap();
        }
    }
    builder
        .sign(issuer.map_or(key, |issuer| &issuer.key), MessageDigest::sha256())
        .unwrap();
    builder.build()
}

/// An https server for `localhost` that answers `hello`, and the authority that certified it, as PEM.
fn tls_server() -> (u16, Vec<u8>) {
    let key = new_key();
    let authority = Authority {
        certificate: certify("Test authority", &key, None),
        key,
    };
    let key = new_key();
    let certificate = certify("localhost", &key, Some(&authority));
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
    acceptor.set_private_key(&key).unwrap();
    acceptor.set_certificate(&certificate).unwrap();
    let acceptor = acceptor.build();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        for stream in listener.incoming() {
            if let Ok(mut stream) = acceptor.accept(stream.unwrap()) {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
                let _ = stream.shutdown();
            }
        }
    });
    (port, authority.certificate.to_pem().unwrap())
}

#[tokio::test]
async fn certificates_are_checked_and_an_extra_authority_can_be_trusted() {
    let (port, authority) = tls_server();
    let settings = HttpSettings {
        reach: Reach::Private,
        ..HttpSettings::default()
    };
    let stranger = HttpClient::new(&settings).unwrap();
    let url = format!("https://localhost:{port}/");
    assert!(matches!(get(&stranger, &url).await, Err(FetchError::Unreachable(_))));
    let friend = HttpSettings {
        extra_ca_pem: Some(authority),
        ..settings
    };
    let friend = HttpClient::new(&friend).unwrap();
    assert_eq!(get(&friend, &url).await.as_deref(), Ok("hello"));
    let other_name = format!("https://127.0.0.1:{port}/");
    assert!(
        matches!(get(&friend, &other_name).await, Err(FetchError::Unreachable(_))),
        "the name is checked too"
    );
}

#[tokio::test]
async fn a_name_has_the_address_that_the_settings_give_it() {
    let (port, authority) = tls_server();
    let url = format!("https://localhost:{port}/");
    let elsewhere = HttpSettings {
        reach: Reach::Private,
        extra_ca_pem: Some(authority),
        hosts: [("localhost".to_owned(), "127.0.0.9".parse().unwrap())].into(),
        ..HttpSettings::default()
    };
    // nobody listens there
    let refused = get(&HttpClient::new(&elsewhere).unwrap(), &url).await;
    assert!(matches!(refused, Err(FetchError::Unreachable(_))), "{refused:?}");
    // and what may not be reached may not be reached by another name
    let hosts = [("app.example".to_owned(), "127.0.0.1".parse().unwrap())].into();
    let public = HttpSettings {
        hosts,
        ..HttpSettings::default()
    };
    let url = format!("https://app.example:{port}/");
    let refused = get(&HttpClient::new(&public).unwrap(), &url).await;
    assert_eq!(refused, Err(FetchError::PrivateAddress));
}

#[test]
fn an_extra_ca_file_without_a_certificate_is_refused() {
    for pem in [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let settings = HttpSettings {
            extra_ca_pem: Some(pem.as_bytes().to_vec()),
            ..HttpSettings::default()
        };
        assert!(HttpClient::new(&settings).is_err(), "{pem}");
    }
}
