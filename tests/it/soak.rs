//! Keys roll over every few seconds under two processes, while both issue tokens with every algorithm. A stranger who
//! keeps the JWKS for exactly as long as he is told never meets a token that does not verify: neither when it is new nor
//! just before it expires.
//!
//! `SIGNET_SOAK_SECONDS` makes it longer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, get_current_timestamp};
use serde_json::Value;

use crate::support::fleet::{APP, Fleet, ISSUER, MACHINE, apply, at, client_of, tokens};
use crate::support::process::Process;
use crate::support::relying_party::RelyingParty;

const ALGORITHMS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];
/// Of every token, in seconds. Longer than a key signs, so that keys must outlive their last token.
const LIFETIME: u64 = 8;
const SETTINGS: [(&str, &str); 8] = [
    ("SIGNET_KEYS__ALGORITHMS", "RS256,PS256,ES256,EdDSA"),
    ("SIGNET_KEYS__ROTATION_INTERVAL_SECONDS", "6"),
    ("SIGNET_KEYS__JWKS_MAX_AGE_SECONDS", "2"),
    ("SIGNET_KEYS__CLOCK_SKEW_SECONDS", "1"),
    ("SIGNET_TOKENS__ACCESS_TOKEN_LIFETIME_SECONDS", "8"),
    ("SIGNET_TOKENS__ID_TOKEN_LIFETIME_SECONDS", "8"),
    ("SIGNET_TOKENS__LONGEST_LIFETIME_SECONDS", "8"),
    ("SIGNET_TOKENS__REFRESH_GRACE_SECONDS", "60"),
];

/// Verifies by the JWKS of one process, kept for exactly its max-age. It asks for nothing sooner, whatever it meets.
struct Stranger {
    http: reqwest::Client,
    kept: tokio::sync::Mutex<Option<(JwkSet, Instant)>>,
}

impl Stranger {
    fn of(process: &Process) -> Self {
        Self {
            http: client_of(process.address()),
            kept: tokio::sync::Mutex::default(),
        }
    }

    async fn keys(&self) -> JwkSet {
        let mut kept = self.kept.lock().await;
        if let Some((keys, until)) = &*kept
            && Instant::now() < *until
        {
            return keys.clone();
        }
        let answer = self.http.get(at("/jwks")).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let control = answer.headers()["cache-control"].to_str().unwrap().to_owned();
        let max_age = control.split("max-age=").nth(1).unwrap();
        let max_age = Duration::from_secs(max_age.split(',').next().unwrap().trim().parse().unwrap());
        let keys: JwkSet = answer.json().await.unwrap();
        *kept = Some((keys.clone(), Instant::now() + max_age));
        keys
    }

    async fn verify(&self, token: &str) -> Result<Value, String> {
        let header = jsonwebtoken::decode_header(token).map_err(|error| error.to_string())?;
        let kid = header.kid.ok_or("no kid")?;
        let keys = self.keys().await;
        let jwk = keys
            .find(&kid)
            .ok_or_else(|| format!("{kid} ({:?}) is not among the kept keys", header.alg))?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = 0;
        validation.validate_aud = false;
        validation.set_issuer(&[ISSUER]);
        let key = DecodingKey::from_jwk(jwk).map_err(|error| error.to_string())?;
        let verified = jsonwebtoken::decode::<Value>(token, &key, &validation);
        verified
            .map(|verified| verified.claims)
            .map_err(|error| error.to_string())
    }
}

/// What happened so far.
#[derive(Default)]
struct Ledger {
    failures: Vec<String>,
    verified_new: usize,
    verified_old: usize,
    /// The machine was so busy that a token had expired when its second look came.
    too_late: usize,
    signers: BTreeMap<String, BTreeSet<String>>,
}

struct Soak {
    strangers: [Stranger; 2],
    ledger: Mutex<Ledger>,
    ends: Instant,
}

impl Soak {
    fn goes_on(&self) -> bool {
        Instant::now() < self.ends
    }

    fn fail(&self, what: String) {
        self.ledger.lock().unwrap().failures.push(what);
    }

    /// Looks at a token now and once more half a second before it expires.
    async fn watch(self: &Arc<Self>, token: String, second_looks: &mut tokio::task::JoinSet<()>) {
        let header = jsonwebtoken::decode_header(&token).unwrap();
        {
            let mut ledger = self.ledger.lock().unwrap();
            let signers = ledger.signers.entry(format!("{:?}", header.alg)).or_default();
            signers.insert(header.kid.unwrap());
        }
        let mut expires = 0;
        for stranger in &self.strangers {
            match stranger.verify(&token).await {
                Ok(claims) => {
                    expires = claims["exp"].as_u64().unwrap();
                    self.ledger.lock().unwrap().verified_new += 1;
                }
                Err(error) => self.fail(format!("new: {error}")),
            }
        }
        let this = Arc::clone(self);
        second_looks.spawn(async move {
            let left = Duration::from_secs(expires.saturating_sub(get_current_timestamp()));
            tokio::time::sleep(left.saturating_sub(Duration::from_millis(1100))).await;
            for stranger in &this.strangers {
                let outcome = stranger.verify(&token).await;
                let mut ledger = this.ledger.lock().unwrap();
                match outcome {
                    Ok(_) => ledger.verified_old += 1,
                    Err(_) if get_current_timestamp() >= expires => ledger.too_late += 1,
                    Err(error) => ledger.failures.push(format!("old: {error}")),
                }
            }
        });
    }

    /// Asks one process for access tokens with one algorithm after the other.
    async fn issue_access_tokens(self: Arc<Self>, machine: RelyingParty) {
        let mut second_looks = tokio::task::JoinSet::new();
        while self.goes_on() {
            for algorithm in ALGORITHMS {
                let api = format!("https://{}.example", algorithm.to_lowercase());
                let grant = [("grant_type", "client_credentials"), ("resource", api.as_str())];
                let answer = machine.token(&grant).await;
                if answer.status == 200 {
                    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
                    self.watch(token, &mut second_looks).await;
                } else {
                    self.fail(format!("{algorithm}: {} {}", answer.status, answer.body));
                }
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        second_looks.join_all().await;
    }

    /// Refreshes at one process and the other in turn, for ID tokens.
    async fn issue_id_tokens(self: Arc<Self>, apps: [RelyingParty; 2], mut refresh_token: String) {
        let mut second_looks = tokio::task::JoinSet::new();
        for app in apps.iter().cycle() {
            if !self.goes_on() {
                break;
            }
            let answer = app.refresh(&refresh_token).await;
            if answer.status == 200 {
                let tokens = answer.json();
                tokens["refresh_token"].as_str().unwrap().clone_into(&mut refresh_token);
                let id_token = tokens["id_token"].as_str().unwrap().to_owned();
                self.watch(id_token, &mut second_looks).await;
            } else {
                self.fail(format!("refresh: {} {}", answer.status, answer.body));
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        second_looks.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_ever_fails_to_verify_while_keys_roll_over() {
    let seconds = std::env::var("SIGNET_SOAK_SECONDS").map_or(32, |text| text.parse().unwrap());
    let fleet = Fleet::start(&SETTINGS).await;
    for algorithm in ALGORITHMS {
        let host = algorithm.to_lowercase();
        let resource = format!(
            "[[resources]]\nidentifier = \"https://{host}.example\"\naccess_token_signing_alg = \"{algorithm}\"\nscopes = [\"{host}\"]\n"
        );
        apply(&fleet.operator, &resource).await;
    }
    let (machine_a, machine_b) = fleet.relying_parties(MACHINE).await;
    let (app_a, app_b) = fleet.relying_parties(APP).await;
    let first = tokens(&fleet.a, &app_a, &[("scope", "openid offline_access")]).await;
    let soak = Arc::new(Soak {
        strangers: [Stranger::of(&fleet.a), Stranger::of(&fleet.b)],
        ledger: Mutex::default(),
        ends: Instant::now() + Duration::from_secs(seconds),
    });
    let refresh_token = first["refresh_token"].as_str().unwrap().to_owned();
    tokio::join!(
        Arc::clone(&soak).issue_access_tokens(machine_a),
        Arc::clone(&soak).issue_access_tokens(machine_b),
        Arc::clone(&soak).issue_id_tokens([app_a, app_b], refresh_token),
    );

    let published = soak.strangers[1].keys().await;
    let ledger = soak.ledger.lock().unwrap();
    println!(
        "verified {} new and {} old tokens, {} too late; keys that signed: {:?}",
        ledger.verified_new,
        ledger.verified_old,
        ledger.too_late,
        ledger
            .signers
            .iter()
            .map(|(alg, kids)| (alg.as_str(), kids.len()))
            .collect::<Vec<_>>()
    );
    assert!(
        ledger.failures.is_empty(),
        "{} failures: {:#?}",
        ledger.failures.len(),
        ledger.failures
    );
    assert!(
        ledger.verified_old > 100,
        "too little was verified: {}",
        ledger.verified_old
    );
    assert!(
        ledger.too_late * 10 < ledger.verified_old,
        "{} came too late",
        ledger.too_late
    );
    let rounds = seconds / (2 * LIFETIME);
    for algorithm in ALGORITHMS {
        let signers = &ledger.signers[algorithm];
        assert!(signers.len() as u64 > rounds, "{algorithm} had {} keys", signers.len());
        // Keys whose last token has expired are gone, so that the set does not grow.
        let left = signers.iter().filter(|kid| published.find(kid).is_some()).count();
        assert!(left < signers.len(), "{algorithm}: every key is still published");
        assert!(left <= 5, "{algorithm}: {left} keys are still published");
    }
}
