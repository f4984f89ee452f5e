//! The tests of `super`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::base::FixedClock;
use crate::upstream::http::{HttpSettings, Reach};

/// A client's server: its set is a list of key ids, one per word. An empty one answers 500.
struct Server {
    url: Url,
    content: Arc<Mutex<&'static str>>,
    asked: Arc<AtomicUsize>,
    /// How long each answer takes.
    pace: Arc<Mutex<Duration>>,
    clock: Arc<FixedClock>,
    cache: Arc<JwksCache<String>>,
}

impl Server {
    async fn new(content: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let content = Arc::new(Mutex::new(content));
        let asked = Arc::new(AtomicUsize::new(0));
        let pace = Arc::new(Mutex::new(Duration::from_millis(50)));
        let (serve, count, paced) = (Arc::clone(&content), Arc::clone(&asked), Arc::clone(&pace));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let _ = stream.read(&mut [0; 4096]).await;
                let pace = *paced.lock().unwrap();
                tokio::time::sleep(pace).await;
                let body = *serve.lock().unwrap();
                let status = if body.is_empty() { "500 No" } else { "200 OK" };
                let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\n\r\n{body}");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let settings = HttpSettings {
            reach: Reach::Private,
            timeout: Duration::from_secs(3),
            ..HttpSettings::default()
        };
        let clock = Arc::new(FixedClock::new(time::macros::datetime!(2026-11-21 12:00 UTC)));
        let parse = |body: &[u8]| String::from_utf8(body.to_vec()).ok().filter(|text| !text.contains('<'));
        Self {
            url: Url::parse(&format!("http://127.0.0.1:{port}/jwks")).unwrap(),
            content,
            asked,
            pace,
            cache: Arc::new(JwksCache::new(
                HttpClient::new(&settings).unwrap(),
                clock.clone(),
                parse,
            )),
            clock,
        }
    }

    /// Whether the key is found.
    async fn find(&self, kid: &str) -> Result<bool, FetchError> {
        let pick = |set: &String| set.split(' ').any(|word| word == kid).then_some(());
        Ok(self.cache.find(&self.url, pick).await?.is_some())
    }

    fn serve(&self, content: &'static str) {
        *self.content.lock().unwrap() = content;
    }

    fn takes(&self, pace: Duration) {
        *self.pace.lock().unwrap() = pace;
    }

    fn pass(&self, time: Duration) {
        self.clock.advance(time.try_into().unwrap());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_set_is_fetched_once_while_it_is_fresh() {
    let server = Server::new("k1 k2").await;
    for kid in ["k1", "k2", "k1"] {
        assert_eq!(server.find(kid).await, Ok(true));
    }
    assert_eq!(server.asked(), 1);
    server.pass(FRESH_FOR);
    server.serve("k2");
    assert_eq!(server.find("k1").await, Ok(false), "a withdrawn key goes");
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn a_new_key_is_followed_after_a_minute_and_made_up_ones_cause_no_flood() {
    let server = Server::new("k1").await;
    assert_eq!(server.find("k1").await, Ok(true));
    server.serve("k2");
    server.pass(UNKNOWN_KEY_PAUSE - Duration::from_secs(1));
    for _ in 0..10 {
        assert_eq!(server.find("k2").await, Ok(false));
    }
    assert_eq!(server.asked(), 1);
    server.pass(Duration::from_secs(1));
    assert_eq!(server.find("k2").await, Ok(true));
    for _ in 0..10 {
        assert_eq!(server.find("k3").await, Ok(false));
    }
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn many_at_once_share_one_fetch() {
    let server = Server::new("k1").await;
    let found = futures_util::future::join_all((0..50).map(|_| server.find("k1"))).await;
    assert!(found.iter().all(|found| *found == Ok(true)));
    assert_eq!(server.asked(), 1);
    server.pass(UNKNOWN_KEY_PAUSE);
    let found = futures_util::future::join_all((0..50).map(|_| server.find("k9"))).await;
    assert!(found.iter().all(|found| *found == Ok(false)));
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn a_failure_is_remembered_for_some_seconds() {
    let server = Server::new("").await;
    for _ in 0..5 {
        assert_eq!(server.find("k1").await, Err(FetchError::Status(500)));
    }
    assert_eq!(server.asked(), 1);
    server.serve("k1");
    server.pass(FAILURE_PAUSE);
    assert_eq!(server.find("k1").await, Ok(true));
    let server = Server::new("<html>").await;
    assert_eq!(server.find("k1").await, Err(FetchError::Malformed));
}

#[tokio::test]
async fn kept_keys_go_on_while_the_server_is_down_but_not_for_ever() {
    let server = Server::new("k1").await;
    assert_eq!(server.find("k1").await, Ok(true));
    server.serve("");
    server.pass(UNKNOWN_KEY_PAUSE);
    assert_eq!(server.find("k2").await, Ok(false));
    server.pass(FRESH_FOR);
    assert_eq!(server.find("k1").await, Ok(true));
    assert_eq!(server.find("k1").await, Ok(true));
    assert_eq!(server.asked(), 3, "the failure is remembered here too");
    server.pass(MAX_AGE);
    assert_eq!(server.find("k1").await, Err(FetchError::Status(500)));
    server.pass(FAILURE_PAUSE);
    server.serve("k2");
    assert_eq!(server.find("k2").await, Ok(true));
}

#[tokio::test]
async fn a_slow_server_does_not_delay_what_the_kept_set_answers() {
    let server = Server::new("k1").await;
    assert_eq!(server.find("k1").await, Ok(true));
    server.takes(Duration::from_secs(2));
    server.serve("k2");
    server.pass(FRESH_FOR);
    let began = Instant::now();
    assert_eq!(server.find("k1").await, Ok(true));
    assert!((PATIENCE..PATIENCE + Duration::from_millis(700)).contains(&began.elapsed()));
    // who needs the newer set waits for the same fetch, after which what is withdrawn is gone
    assert_eq!(server.find("k2").await, Ok(true));
    assert_eq!(server.find("k1").await, Ok(false));
    assert_eq!(server.asked(), 2);
}

#[tokio::test]
async fn nobody_waits_for_a_server_that_did_not_answer_in_time() {
    let server = Server::new("k1").await;
    assert_eq!(server.find("k1").await, Ok(true));
    server.takes(Duration::from_secs(4));
    server.pass(FRESH_FOR);
    assert_eq!(server.find("k2").await, Ok(false), "it waits, in vain");
    server.pass(FAILURE_PAUSE);
    let began = Instant::now();
    for _ in 0..10 {
        assert_eq!(server.find("k1").await, Ok(true));
    }
    assert!(began.elapsed() < PATIENCE / 2, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_fetch_that_its_caller_gives_up_does_not_block_the_next() {
    let server = Server::new("k1").await;
    let given_up = tokio::time::timeout(Duration::from_millis(10), server.find("k1")).await;
    assert!(given_up.is_err());
    assert_eq!(server.find("k1").await, Ok(true));
}

#[tokio::test]
async fn a_url_that_may_not_be_fetched_is_not() {
    let server = Server::new("k1").await;
    let public = HttpClient::new(&HttpSettings::default()).unwrap();
    let cache = JwksCache::new(public, server.clock.clone(), |_: &[u8]| Some(()));
    let url = Url::parse("https://localhost/jwks").unwrap();
    assert_eq!(cache.find(&url, |()| Some(())).await, Err(FetchError::PrivateAddress));
}

/// Each look at it is six seconds later: a fetch takes longer than the pause after a failure.
struct SlowWorld(FixedClock);

impl Clock for SlowWorld {
    fn now(&self) -> Time {
        self.0.advance(time::Duration::seconds(6));
        self.0.now()
    }
}

#[tokio::test]
async fn one_question_waits_for_one_fetch_however_long_it_took() {
    let server = Server::new("").await;
    let settings = HttpSettings {
        reach: Reach::Private,
        ..HttpSettings::default()
    };
    let clock = Arc::new(SlowWorld(FixedClock::new(Time::UNIX_EPOCH)));
    let cache = JwksCache::new(HttpClient::new(&settings).unwrap(), clock, |_: &[u8]| Some(()));
    assert_eq!(
        cache.find(&server.url, |()| Some(())).await,
        Err(FetchError::Status(500))
    );
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn where_no_more_may_be_fetched_what_is_kept_goes_on() {
    let server = Server::new("k1").await;
    let find = async |kid: &str| {
        let pick = |set: &String| set.split(' ').any(|word| word == kid).then_some(());
        server.cache.find_within(&server.url, || false, pick).await
    };
    assert_eq!(find("k1").await, Err(FetchError::TooOften));
    assert_eq!(server.find("k1").await, Ok(true));
    server.pass(FRESH_FOR);
    assert_eq!(find("k1").await, Ok(Some(())));
    assert_eq!(
        find("k2").await,
        Err(FetchError::TooOften),
        "it may be in the newest one"
    );
    server.pass(MAX_AGE);
    assert_eq!(find("k1").await, Err(FetchError::TooOften), "it has grown too old");
    assert_eq!(server.asked(), 1);
}
