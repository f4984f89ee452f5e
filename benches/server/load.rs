//! A small HTTP/1.1 load generator: keep-alive connections, one request at a time on each, a bounded number in all.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// An answer: status, head as text, body.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header, by its lower-case name.
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers(name).next()
    }

    /// Every value of a header.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.head.lines().filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.text()))
    }
}

/// One kept-alive connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server takes connections");
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::with_capacity(16 * 1024),
        }
    }

    /// Sends a whole request and reads the whole answer (Content-Length or empty).
    pub async fn send(&mut self, request: &[u8]) -> Answer {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        let mut chunk = [0_u8; 16 * 1024];
        loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
                let status = head.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
                let mut answer = Answer {
                    status,
                    head,
                    body: Vec::new(),
                };
                let length: usize = answer
                    .header("content-length")
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(0);
                while self.buffer.len() < end + 4 + length {
                    let read = self.stream.read(&mut chunk).await.unwrap();
                    assert!(read > 0, "the connection broke");
                    self.buffer.extend_from_slice(&chunk[..read]);
                }
                answer.body = self.buffer[end + 4..end + 4 + length].to_vec();
                return answer;
            }
            let read = self.stream.read(&mut chunk).await.unwrap();
            assert!(
                read > 0,
                "the connection broke: {}",
                String::from_utf8_lossy(&self.buffer)
            );
            self.buffer.extend_from_slice(&chunk[..read]);
        }
    }
}

/// A GET request.
pub fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n").into_bytes()
}

/// A form POST.
pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {length}\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

/// What a run of requests cost.
pub struct Run {
    pub requests: u64,
    pub wall: Duration,
}

impl Run {
    pub fn per_second(&self) -> f64 {
        self.requests as f64 / self.wall.as_secs_f64()
    }
}

/// Sends the same request `requests` times over `connections`; every answer must have `status`.
pub async fn repeat(address: &str, request: Vec<u8>, status: u16, requests: u64, connections: usize) -> Run {
    let request: Arc<[u8]> = request.into();
    let left = Arc::new(AtomicU64::new(requests));
    let started = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let (address, request, left) = (address.to_owned(), Arc::clone(&request), Arc::clone(&left));
        tasks.push(tokio::spawn(async move {
            let mut connection = Connection::open(&address).await;
            while take(&left) {
                let answer = connection.send(&request).await;
                assert_eq!(answer.status, status, "{}\n{}", answer.head, answer.text());
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    Run {
        requests,
        wall: started.elapsed(),
    }
}

/// Takes one from a shared budget.
pub fn take(left: &AtomicU64) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
        .is_ok()
}
