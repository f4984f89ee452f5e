//! https by Signet itself: which protocols it speaks, which cookies it sets, and that certificates are read again.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode, SslVersion};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};
use reqwest::redirect::Policy;
use signet::base::SystemClock;
use tempfile::TempDir;

use crate::support::browser::Browser;
use crate::support::database::TestDatabase;
use crate::support::fleet::{APP, CALLBACK, PASSWORD, apply, environment, operator, populate, serve};
use crate::support::process::{Process, eventually, run, send};
use crate::support::relying_party::RelyingParty;

const ISSUER: &str = "https://localhost";

/// A certificate and its key.
struct Identity {
    certificate: X509,
    key: PKey<Private>,
}

impl Identity {
    /// For `localhost`; signed by itself, or by an authority.
    fn new(serial: u32, authority: Option<&Self>) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        Self::of_key(key, serial, authority)
    }

    fn of_key(key: PKey<Private>, serial: u32, authority: Option<&Self>) -> Self {
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("CN", &format!("test {serial}")).unwrap();
        let name = name.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        let serial = BigNum::from_u32(serial).unwrap().to_asn1_integer().unwrap();
        builder.set_serial_number(&serial).unwrap();
        builder.set_subject_name(&name).unwrap();
        let issuer = authority.map_or(&*name, |authority| authority.certificate.subject_name());
        builder.set_issuer_name(issuer).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
        if authority.is_none() {
            builder
                .append_extension(BasicConstraints::new().critical().ca().build().unwrap())
                .unwrap();
        }
        let context = builder.x509v3_context(None, None);
        let names = SubjectAlternativeName::new().dns("localhost").build(&context).unwrap();
        builder.append_extension(names).unwrap();
        builder
            .sign(
                authority.map_or(&key, |authority| &authority.key),
                MessageDigest::sha256(),
            )
            .unwrap();
        let certificate = builder.build();
        Self { certificate, key }
    }

    fn write(&self, folder: &Path) {
        fs::write(folder.join("cert.pem"), self.certificate.to_pem().unwrap()).unwrap();
        fs::write(folder.join("key.pem"), self.key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    }

    fn serial(&self) -> u32 {
        serial(&self.certificate)
    }
}

fn serial(certificate: &X509) -> u32 {
    certificate
        .serial_number()
        .to_bn()
        .unwrap()
        .to_dec_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// A server that speaks https, and the files of its certificate.
struct Scene {
    process: Process,
    files: PathBuf,
    authority: Identity,
    _database: TestDatabase,
    _folder: TempDir,
}

impl Scene {
    async fn new(more: &[(&str, &str)]) -> Self {
        let database = TestDatabase::new().await;
        let folder = tempfile::tempdir().unwrap();
        let authority = Identity::new(1, None);
        Identity::new(10, Some(&authority)).write(folder.path());
        let files = folder.path().to_path_buf();
        let (cert, key) = (files.join("cert.pem"), files.join("key.pem"));
        let mut settings = vec![
            ("SIGNET_ISSUER", ISSUER),
            ("SIGNET_TLS_CERT_FILE", cert.to_str().unwrap()),
            ("SIGNET_TLS_KEY_FILE", key.to_str().unwrap()),
        ];
        settings.extend_from_slice(more);
        let environment = environment(database.url(), &settings);
        let process = serve(&folder, environment.clone()).await;
        let (ground, core) = operator(&folder, environment).await;
        populate(&core).await;
        drop(core);
        ground.close().await;
        Self {
            process,
            files,
            authority,
            _database: database,
            _folder: folder,
        }
    }

    /// Connections to the issuer that trust its certificate.
    fn client(&self) -> reqwest::Client {
        let root = reqwest::Certificate::from_pem(&self.authority.certificate.to_pem().unwrap()).unwrap();
        reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .tls_certs_only([root])
            .resolve("localhost", self.process.address())
            .build()
            .unwrap()
    }
}

/// A handshake of another library, with its own ideas.
fn connect(
    address: SocketAddr,
    change: impl FnOnce(&mut openssl::ssl::SslConnectorBuilder),
) -> Result<SslStream<TcpStream>, String> {
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_verify(SslVerifyMode::NONE);
    change(&mut connector);
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    connector
        .build()
        .connect("localhost", stream)
        .map_err(|error| error.to_string())
}

/// The serial number of the certificate that is shown now.
fn shown(address: SocketAddr) -> u32 {
    serial(&connect(address, |_| {}).unwrap().ssl().peer_certificate().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_over_https_has_host_cookies_and_strict_transport_security() {
    let scene = Scene::new(&[]).await;
    let app = RelyingParty::discover_through(scene.client(), ISSUER, Arc::new(SystemClock), APP, CALLBACK).await;
    let mut person = Browser::through(scene.client());
    let ask = app.ask(&[]);
    let page = person.open(&ask.url).await.at(200, "/login");
    // RFC 6797
    assert!(
        page.header("strict-transport-security")
            .unwrap()
            .contains("max-age=31536000")
    );
    let fields = [("identifier", "ada"), ("password", PASSWORD)];
    let answer = person.submit(&page, "sign-in", &fields).await;
    let code = app.code(&ask, &answer.location().unwrap()).unwrap();
    let tokens = app.exchange(&ask, &code).await.ok();
    app.verify_id_token(
        tokens["id_token"].as_str().unwrap(),
        Some(&ask.nonce),
        tokens["access_token"].as_str(),
    )
    .await;
    assert!(person.cookies().len() >= 2);
    for cookie in person.cookies().iter().filter(|cookie| cookie.name != "signet-locale") {
        // RFC 6265bis §4.1.3.2
        assert!(cookie.name.starts_with("__Host-signet-"), "{cookie:?}");
        let has = |wanted: &str| {
            cookie
                .attributes
                .split(';')
                .any(|one| one.trim().eq_ignore_ascii_case(wanted))
        };
        // the OP iframe's script reads that one, from within pages of apps
        let is_for_scripts = cookie.name == "__Host-signet-state";
        let same_site = if is_for_scripts {
            "SameSite=None"
        } else {
            "SameSite=Lax"
        };
        assert!(has("Secure") && has("Path=/") && has(same_site), "{cookie:?}");
        assert_ne!(has("HttpOnly"), is_for_scripts, "{cookie:?}");
        assert!(!cookie.attributes.to_ascii_lowercase().contains("domain"), "{cookie:?}");
    }
    assert!(person.cookie("__Host-signet-session").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_2_and_1_3_are_spoken_and_nothing_older() {
    let scene = Scene::new(&[]).await;
    let address = scene.process.address();
    let only = |version| {
        connect(address, |connector| {
            connector.set_cipher_list("DEFAULT:@SECLEVEL=0").unwrap();
            connector.set_min_proto_version(Some(version)).unwrap();
            connector.set_max_proto_version(Some(version)).unwrap();
            connector.set_alpn_protos(b"\x02h2\x08http/1.1").unwrap();
        })
    };
    for (version, name) in [(SslVersion::TLS1_2, "TLSv1.2"), (SslVersion::TLS1_3, "TLSv1.3")] {
        let stream = only(version).unwrap();
        assert_eq!(stream.ssl().version_str(), name);
        // HTTP/2 belongs to a proxy in front.
        assert_eq!(stream.ssl().selected_alpn_protocol(), Some(&b"http/1.1"[..]));
    }
    for version in [SslVersion::TLS1_1, SslVersion::TLS1] {
        let refusal = only(version).unwrap_err();
        // The server's alert (RFC 8446 §6.2), not this client's reluctance.
        assert!(refusal.contains(" alert "), "{refusal}");
    }
    // Plain http gets no answer.
    let mut stream = TcpStream::connect(address).unwrap();
    let mut answer = Vec::new();
    let _ = stream.write_all(b"GET /jwks HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&answer));
}

/// RFC 9325 §4.2: in TLS 1.2 a key that is agreed on for the connection, and authenticated encryption; nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn tls_1_2_is_spoken_with_recommended_suites_only() {
    let scene = Scene::new(&[]).await;
    let address = scene.process.address();
    let with = |suite: &str| {
        connect(address, |connector| {
            connector.set_cipher_list(&format!("{suite}:@SECLEVEL=0")).unwrap();
            connector.set_min_proto_version(Some(SslVersion::TLS1_2)).unwrap();
            connector.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
        })
    };
    let check = |signature: &str, weak: &[&str]| {
        for suite in ["AES128-GCM-SHA256", "AES256-GCM-SHA384"] {
            let suite = format!("ECDHE-{signature}-{suite}");
            let stream = with(&suite).unwrap();
            assert_eq!(stream.ssl().current_cipher().unwrap().name(), suite);
        }
        for suite in [
            "AES128-SHA",
            "AES256-SHA",
            "AES128-SHA256",
            "AES256-SHA384",
            "CHACHA20-POLY1305",
        ] {
            let suite = format!("ECDHE-{signature}-{suite}");
            let refusal = with(&suite).err().unwrap_or_else(|| panic!("{suite} is spoken"));
            // the server's alert, not this client's reluctance
            assert!(refusal.contains(" alert "), "{suite}: {refusal}");
        }
        for suite in weak {
            let refusal = with(suite).err().unwrap_or_else(|| panic!("{suite} is spoken"));
            assert!(refusal.contains(" alert "), "{suite}: {refusal}");
        }
    };
    check("ECDSA", &["ECDHE-ECDSA-AES128-CCM8"]);
    // With a certificate of RSA, which the oldest suites need.
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let renewed = Identity::of_key(key, 13, Some(&scene.authority));
    renewed.write(&scene.files);
    send("-HUP", scene.process.id());
    eventually("the new certificate is shown", || {
        (shown(address) == renewed.serial()).then_some(())
    });
    check(
        "RSA",
        &[
            "AES128-SHA",
            "AES256-SHA256",
            "AES128-GCM-SHA256",
            "DHE-RSA-AES128-SHA",
            "DHE-RSA-AES128-SHA256",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_reads_the_certificate_again_and_a_broken_file_changes_nothing() {
    let scene = Scene::new(&[]).await;
    let address = scene.process.address();
    assert_eq!(shown(address), 10);
    let client = scene.client();
    let jwks = format!("{ISSUER}/jwks");
    assert_eq!(client.get(&jwks).send().await.unwrap().status(), 200);

    let renewed = Identity::new(11, Some(&scene.authority));
    renewed.write(&scene.files);
    assert_eq!(shown(address), 10, "only when it is told to");
    send("-HUP", scene.process.id());
    eventually("the new certificate is shown", || {
        (shown(address) == renewed.serial()).then_some(())
    });
    assert_eq!(client.get(&jwks).send().await.unwrap().status(), 200);

    // The key of another certificate.
    let other = Identity::new(12, Some(&scene.authority));
    fs::write(
        scene.files.join("key.pem"),
        other.key.private_key_to_pem_pkcs8().unwrap(),
    )
    .unwrap();
    send("-HUP", scene.process.id());
    eventually("the log says why", || {
        scene.process.log().contains("SIGNET_TLS_KEY_FILE").then_some(())
    });
    assert_eq!(shown(address), 11);
    // And no file at all.
    fs::remove_file(scene.files.join("cert.pem")).unwrap();
    send("-HUP", scene.process.id());
    eventually("the log says why", || {
        scene.process.log().contains("SIGNET_TLS_CERT_FILE").then_some(())
    });
    assert_eq!(shown(address), 11);
    assert!(!scene.process.log().contains("PRIVATE KEY"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_without_a_certificate_stops_nothing() {
    let database = TestDatabase::new().await;
    let folder = tempfile::tempdir().unwrap();
    let process = serve(&folder, environment(database.url(), &[])).await;
    send("-HUP", process.id());
    eventually("it is heard", || process.log().contains("SIGHUP").then_some(()));
    assert!(process.get("/jwks").starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn client_certificates_are_taken_from_whoever_holds_their_key_and_never_demanded() {
    let clients = Identity::new(20, None);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clients.pem");
    fs::write(&file, clients.certificate.to_pem().unwrap()).unwrap();
    let scene = Scene::new(&[("SIGNET_TLS_CLIENT_CA_FILE", file.to_str().unwrap())]).await;
    let address = scene.process.address();
    let with = |identity: &Identity| {
        let mut stream = connect(address, |connector| {
            // In TLS 1.2 the handshake itself says whether the certificate was taken.
            connector.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
            connector.set_certificate(&identity.certificate).unwrap();
            connector.set_private_key(&identity.key).unwrap();
        })?;
        stream.shutdown().map_err(|error| error.to_string())
    };
    with(&Identity::new(21, Some(&clients))).unwrap();
    // RFC 8705 §2.2: one that nobody vouches for may be a registered one
    with(&Identity::new(22, None)).unwrap();
    assert_eq!(shown(address), 10);

    // A file that will not do changes nothing, and the log says so.
    fs::write(&file, "nothing").unwrap();
    send("-HUP", scene.process.id());
    eventually("the log says why", || {
        scene.process.log().contains("SIGNET_TLS_CLIENT_CA_FILE").then_some(())
    });
    assert_eq!(shown(address), 10);
}

/// Whoever a new authority vouches for may come after SIGHUP, and whoever only the old one does may not.
#[tokio::test(flavor = "multi_thread")]
async fn sighup_reads_the_authorities_of_clients_again() {
    let (before, after) = (Identity::new(20, None), Identity::new(30, None));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clients.pem");
    fs::write(&file, before.certificate.to_pem().unwrap()).unwrap();
    let settings = [("SIGNET_TLS_CLIENT_CA_FILE", file.to_str().unwrap())];
    let scene = Scene::new(&settings).await;
    let (ground, core) = operator(&scene._folder, environment(scene._database.url(), &[])).await;
    apply(
        &core,
        r#"
[[clients]]
client_id = "vouched"
token_endpoint_auth_method = "tls_client_auth"
tls_client_auth_san_dns = "localhost"
grant_types = ["client_credentials"]
"#,
    )
    .await;
    drop(core);
    ground.close().await;
    let asks = async |authority: &Identity| {
        let own = Identity::new(40, Some(authority));
        let pem = [
            own.key.private_key_to_pem_pkcs8().unwrap(),
            own.certificate.to_pem().unwrap(),
        ]
        .concat();
        let root = reqwest::Certificate::from_pem(&scene.authority.certificate.to_pem().unwrap()).unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([root])
            .identity(reqwest::Identity::from_pem(&pem).unwrap())
            .resolve("localhost", scene.process.address())
            .build()
            .unwrap();
        let body = "grant_type=client_credentials&client_id=vouched";
        let request = http
            .post(format!("{ISSUER}/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!((asks(&before).await, asks(&after).await), (200, 401));
    fs::write(&file, after.certificate.to_pem().unwrap()).unwrap();
    assert_eq!(asks(&after).await, 401, "only when it is told to");
    send("-HUP", scene.process.id());
    eventually("it is heard", || {
        scene.process.log().contains("read again").then_some(())
    });
    assert_eq!((asks(&before).await, asks(&after).await), (401, 200));
}

#[test]
fn a_key_of_another_certificate_stops_the_start_and_the_message_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (Identity::new(1, None), Identity::new(2, None));
    one.write(folder.path());
    fs::write(
        folder.path().join("key.pem"),
        other.key.private_key_to_pem_pkcs8().unwrap(),
    )
    .unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let settings = [
        ("SIGNET_ISSUER", ISSUER),
        ("SIGNET_TLS_CERT_FILE", cert.to_str().unwrap()),
        ("SIGNET_TLS_KEY_FILE", key.to_str().unwrap()),
    ];
    let said = |command: &str| {
        let output = run(&[command], &folder.path().join("data"), &settings);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    for message in [said("serve"), said("doctor")] {
        assert!(message.contains("SIGNET_TLS_KEY_FILE"), "{message}");
        assert!(message.contains("is not the key of"), "{message}");
    }
}
