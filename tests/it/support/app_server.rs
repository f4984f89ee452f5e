//! An app's own server, on a thread of its own, so that tests with runtimes of their own may share it: it keeps what came
//! in and answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod};

/// A request that came in.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The fields of a form.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }
}

/// What it answers: status, further header lines, body.
type Scripted = (u16, String, String);

#[derive(Clone)]
pub struct AppServer {
    pub origin: String,
    received: Arc<Mutex<Vec<Received>>>,
    answer: Arc<Mutex<Scripted>>,
}

impl AppServer {
    /// A server that answers 200 with nothing.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (server, serving) = Self::at(origin);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = serving.serve(stream);
            }
        });
        server
    }

    /// The same over TLS, as the conformance suite: under its name and its certificate.
    pub fn start_tls() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let keys = "config/conformance/keys";
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
        acceptor
            .set_private_key_file(format!("{keys}/suite.key.pem"), SslFiletype::PEM)
            .unwrap();
        acceptor
            .set_certificate_chain_file(format!("{keys}/suite.cert.pem"))
            .unwrap();
        let acceptor = acceptor.build();
        let (server, serving) = Self::at(format!("https://suite.test:{port}"));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Ok(mut stream) = acceptor.accept(stream) {
                    let _ = serving.serve(&mut stream);
                    let _ = stream.shutdown();
                }
            }
        });
        server
    }

    /// Two handles of one server: whose it is, and who serves.
    fn at(origin: String) -> (Self, Self) {
        let server = Self {
            origin,
            received: Arc::default(),
            answer: Arc::new(Mutex::new((200, String::new(), String::new()))),
        };
        (server.clone(), server)
    }

    fn serve(&self, stream: impl Read + Write) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut words = line.split_whitespace().map(str::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
                None => break,
            }
        }
        let mut received = Received {
            method,
            target,
            headers,
            body: String::new(),
        };
        let length = received.header("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        received.body = String::from_utf8(body).unwrap();
        let (status, more, body) = self.answer.lock().unwrap().clone();
        self.received.lock().unwrap().push(received);
        let head = format!(
            "HTTP/1.1 {status} X\r\n{more}content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        reader.get_mut().write_all(format!("{head}{body}").as_bytes())
    }

    /// Answers so from now on. `more` are whole header lines.
    pub fn answer(&self, status: u16, more: &str, body: &str) {
        *self.answer.lock().unwrap() = (status, more.to_owned(), body.to_owned());
    }

    /// What came in so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// What came in, as soon as there are so many.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        for _ in 0..1500 {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!(
            "{} of {count} requests came: {:?}",
            self.received().len(),
            self.received()
        );
    }
}
