//! Somebody else's server: documents at paths, over http on this machine, and how often each was asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

type Documents = Arc<Mutex<BTreeMap<String, (u16, String)>>>;

/// A server that answers until its runtime ends.
pub struct Site {
    pub origin: String,
    documents: Documents,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let documents: Documents = Arc::default();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (served, counted) = (documents.clone(), asked.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let read = stream.read(&mut request).await.unwrap_or(0);
                let head = String::from_utf8_lossy(&request[..read]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let found = served.lock().unwrap().get(&path).cloned();
                let (status, body) = found.unwrap_or((404, String::new()));
                counted.lock().unwrap().push(path);
                let location = if status == 302 { "location: /elsewhere\r\n" } else { "" };
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{location}connection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        Self {
            origin,
            documents,
            asked,
        }
    }

    /// The address of a path.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Puts a document there, in the place of another.
    pub fn put(&self, path: &str, body: impl ToString) {
        self.answer(path, 200, body);
    }

    /// Answers so there.
    pub fn answer(&self, path: &str, status: u16, body: impl ToString) {
        let answer = (status, body.to_string());
        self.documents.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// How often the path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|one| *one == path).count()
    }
}
