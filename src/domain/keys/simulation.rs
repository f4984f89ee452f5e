//! Random orders of events over several processes on one database, against the promise of this module.

use proptest::prelude::*;
use time::Duration;

use super::{Action, KeyPolicy, plan, published, rotate, signer};
use crate::{
    base::Time,
    model::signing_key::{KeyState, SigningKey},
    spec::jose::{
        PublicJwk, SigningAlg,
        public_jwk::{KeyUse, PublicKey},
    },
};

const ALGS: [SigningAlg; 2] = [SigningAlg::EdDSA, SigningAlg::ES256];
const PROCESSES: usize = 3;

#[derive(Debug, Clone)]
enum Event {
    Wait(i64),
    /// One of the policy's durations, or a second more or less: that is where mistakes of margins show.
    WaitFor(fn(&KeyPolicy) -> Duration, i64),
    Tick(usize),
    Rotate(usize),
    Sign(usize),
    Serve(usize),
}

/// What a process knows: the rows as it read them, and when.
#[derive(Debug, Clone, Default)]
struct Process {
    keys: Vec<SigningKey>,
    loaded_at: Option<Time>,
}

#[derive(Debug)]
struct Token {
    kid: String,
    signed_at: Time,
    expires_at: Time,
}

#[derive(Debug)]
struct Fetched {
    kids: Vec<String>,
    at: Time,
    keep_until: Time,
}

#[derive(Debug)]
struct World {
    policy: KeyPolicy,
    now: Time,
    rows: Vec<SigningKey>,
    processes: Vec<Process>,
    made: usize,
    tokens: Vec<Token>,
    fetched: Vec<Fetched>,
}

impl World {
    fn new(policy: KeyPolicy) -> Self {
        Self {
            policy,
            now: Time::from_unix_timestamp(1_800_000_000).unwrap(),
            rows: Vec::new(),
            processes: vec![Process::default(); PROCESSES],
            made: 0,
            tokens: Vec::new(),
            fetched: Vec::new(),
        }
    }

    fn apply(&mut self, actions: Vec<Action>) {
        let now = self.now;
        for action in actions {
            let row = |wanted: &str| self.rows.iter().position(|key| key.kid == wanted).unwrap();
            match action {
                Action::Create { alg, active_at } => {
                    let kid = format!("key-{}", self.made);
                    self.made += 1;
                    self.rows.push(SigningKey {
                        kid: kid.clone(),
                        alg,
                        public_jwk: PublicJwk {
                            key: PublicKey::Okp {
                                crv: String::new(),
                                x: String::new(),
                            },
                            usage: KeyUse::Signature,
                            alg: Some(alg),
                            kid,
                        },
                        private_key_sealed: Some(Vec::new()),
                        created_at: now,
                        active_at,
                        retiring_at: None,
                        retired_at: None,
                    });
                }
                Action::Retire { kid, at } => {
                    let index = row(&kid);
                    self.rows[index].retire_at(at).unwrap();
                }
                Action::Withdraw { kid } => {
                    let index = row(&kid);
                    self.rows[index].withdraw(now).unwrap();
                }
                Action::Replace { kid } => {
                    let index = row(&kid);
                    self.rows[index].replace(now).unwrap();
                }
                Action::Forget { kid } => {
                    let index = row(&kid);
                    assert_eq!(self.rows[index].state(now), KeyState::Retired);
                    self.rows.remove(index);
                }
            }
        }
    }

    fn reload(&mut self, process: usize) {
        self.processes[process] = Process {
            keys: self.rows.clone(),
            loaded_at: Some(self.now),
        };
    }

    fn step(&mut self, event: &Event) {
        match *event {
            Event::Wait(seconds) => self.now += Duration::seconds(seconds),
            Event::WaitFor(duration, more) => {
                self.now += (duration(&self.policy) + Duration::seconds(more)).max(Duration::ZERO);
            }
            Event::Tick(process) => {
                // twice: where the interval is shorter than the publication, the first key's successor is due at once
                for _ in 0..2 {
                    self.apply(plan(&self.rows, &self.policy, self.now));
                }
                assert_eq!(
                    plan(&self.rows, &self.policy, self.now),
                    [],
                    "a plan must come to an end"
                );
                self.reload(process);
            }
            Event::Rotate(process) => {
                for alg in ALGS {
                    if let Ok(actions) = rotate(&self.rows, alg, &self.policy, self.now) {
                        self.apply(actions);
                    }
                }
                self.reload(process);
            }
            Event::Sign(process) => self.sign(process),
            Event::Serve(process) => self.serve(process),
        }
        self.exactly_one_key_is_active();
    }

    /// A process signs with what it knows; it starts by reading the rows, and stops when they are too old.
    fn sign(&mut self, process: usize) {
        let known = &self.processes[process];
        let Some(loaded_at) = known.loaded_at else { return };
        if !self.policy.may_sign(loaded_at, self.now) {
            return;
        }
        for alg in ALGS {
            let key = signer(&known.keys, alg, self.now).expect("after the first tick there is always a signer");
            self.tokens.push(Token {
                kid: key.kid.clone(),
                signed_at: self.now,
                expires_at: self.now + self.policy.longest_token_lifetime,
            });
        }
    }

    fn serve(&mut self, process: usize) {
        let known = &self.processes[process];
        let Some(loaded_at) = known.loaded_at else { return };
        let Some(lifetime) = self.policy.jwks_lifetime(loaded_at, self.now) else {
            return;
        };
        let kids = published(&known.keys, self.now)
            .into_iter()
            .map(|key| key.kid.clone())
            .collect();
        self.fetched.push(Fetched {
            kids,
            at: self.now,
            keep_until: self.now + lifetime,
        });
    }

    fn exactly_one_key_is_active(&self) {
        for alg in ALGS {
            let of_alg: Vec<&SigningKey> = self.rows.iter().filter(|key| key.alg == alg.into()).collect();
            if of_alg.is_empty() {
                continue;
            }
            let active = of_alg
                .iter()
                .filter(|key| key.state(self.now) == KeyState::Active)
                .count();
            assert_eq!(active, 1, "{alg} at {}: {of_alg:?}", self.now);
        }
    }

    /// A verifier holds a copy from its fetching to the end of its lifetime, and meets a token from its signing to its
    /// expiry: wherever the two overlap, the copy must have the key.
    fn every_token_verifies(&self) {
        for token in &self.tokens {
            for copy in &self.fetched {
                // RFC 9111 §4.2: fresh while younger than its lifetime; RFC 7519 §4.1.4: no token on or after its expiry
                let fresh = token.signed_at < copy.keep_until || token.signed_at <= copy.at;
                let meets = fresh && copy.at < token.expires_at;
                assert!(
                    !meets || copy.kids.contains(&token.kid),
                    "{token:?} fails against {copy:?} under {:?}",
                    self.policy
                );
            }
        }
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let process = 0..PROCESSES;
    let durations: [fn(&KeyPolicy) -> Duration; 4] = [
        |policy| policy.jwks_max_age,
        |policy| policy.propagation,
        |policy| policy.longest_token_lifetime,
        |policy| policy.rotation_interval,
    ];
    let event = prop_oneof![
        3 => (1_i64..4).prop_map(Event::Wait),
        3 => (prop::sample::select(durations.to_vec()), -1_i64..=1).prop_map(|(which, more)| Event::WaitFor(which, more)),
        3 => process.clone().prop_map(Event::Tick),
        1 => process.clone().prop_map(Event::Rotate),
        4 => process.clone().prop_map(Event::Sign),
        4 => process.prop_map(Event::Serve),
    ];
    prop::collection::vec(event, 1..150)
}

fn policies() -> impl Strategy<Value = KeyPolicy> {
    (1_i64..100, 0_i64..20, 1_i64..10, 1_i64..20).prop_map(|(rotation, max_age, propagation, lifetime)| KeyPolicy {
        algs: ALGS.to_vec(),
        encryption: Vec::new(),
        rotation_interval: Duration::seconds(rotation),
        jwks_max_age: Duration::seconds(max_age),
        propagation: Duration::seconds(propagation),
        longest_token_lifetime: Duration::seconds(lifetime),
        clock_skew: Duration::ZERO,
        remember_retired: Duration::seconds(100),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_order_of_events_makes_a_token_fail(policy in policies(), events in events()) {
        let mut world = World::new(policy);
        for event in &events {
            world.step(event);
        }
        world.every_token_verifies();
    }
}

#[test]
fn keys_do_change_in_the_simulation() {
    let mut world = World::new(KeyPolicy {
        rotation_interval: Duration::seconds(100),
        jwks_max_age: Duration::seconds(20),
        propagation: Duration::seconds(5),
        longest_token_lifetime: Duration::seconds(60),
        clock_skew: Duration::ZERO,
        algs: ALGS.to_vec(),
        encryption: Vec::new(),
        remember_retired: Duration::seconds(100),
    });
    for step in 0..500_usize {
        let process = step % PROCESSES;
        for event in [
            Event::Tick(process),
            Event::Sign(process),
            Event::Serve(process),
            Event::Wait(1),
        ] {
            world.step(&event);
        }
    }
    world.every_token_verifies();
    let kids: std::collections::BTreeSet<&str> = world.tokens.iter().map(|token| token.kid.as_str()).collect();
    assert!(kids.len() >= 2 * 4, "{kids:?}");
    assert!(world.rows.iter().any(|key| key.state(world.now) == KeyState::Retired));
}

#[test]
fn a_process_that_missed_the_successor_may_sign_with_the_old_key_a_little_longer() {
    let mut world = World::new(KeyPolicy {
        rotation_interval: Duration::seconds(1000),
        jwks_max_age: Duration::seconds(20),
        propagation: Duration::seconds(5),
        longest_token_lifetime: Duration::seconds(60),
        clock_skew: Duration::ZERO,
        algs: ALGS.to_vec(),
        encryption: Vec::new(),
        remember_retired: Duration::seconds(600),
    });
    // the second process reads the rows just before the first one makes a successor, and then no more
    for event in [
        Event::Tick(0),
        Event::Tick(1),
        Event::Rotate(0),
        Event::Wait(30),
        Event::Sign(0),
        Event::Sign(1),
    ] {
        world.step(&event);
    }
    assert_eq!(world.tokens.len(), 4, "both still sign");
    assert_ne!(world.tokens[0].kid, world.tokens[2].kid, "with different keys");
    for _ in 0..60 {
        for event in [Event::Wait(1), Event::Tick(0), Event::Serve(0)] {
            world.step(&event);
        }
    }
    world.every_token_verifies();
    world.step(&Event::Sign(1));
    assert_eq!(world.tokens.len(), 4, "what it knows is too old now");
}
