//! What does a store on this machine get to keep?

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use flate2::read::GzDecoder;

/// Answers every request with success, and keeps what it was sent until the test ends.
pub(super) struct Store {
    taken: Arc<Mutex<Vec<Request>>>,
}

/// What was asked, and what was sent with it.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) target: String,
    body: Vec<u8>,
}

/// What is answered to a request for this target.
pub(super) type Answer = fn(&str) -> &'static str;

impl Store {
    pub(super) fn at(address: &str, answer: Answer) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let taken: Arc<Mutex<Vec<Request>>> = Arc::default();
        let kept = Arc::clone(&taken);
        // Both kinds of threads end with the test.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, kept) = (stream.unwrap(), Arc::clone(&kept));
                thread::spawn(move || serve(&stream, answer, &kept));
            }
        });
        Self { taken }
    }

    /// All requests so far in which these words are.
    pub(super) fn with(&self, words: &str) -> Vec<Request> {
        let taken = self.taken.lock().unwrap();
        let found = taken
            .iter()
            .filter(|request| request.text().contains(words));
        found.cloned().collect()
    }
}

impl Request {
    /// The body as a text, from where it is compressed on uncompressed.
    pub(super) fn text(&self) -> String {
        let packed = self.body.windows(3).position(|three| three == [31, 139, 8]);
        let (plain, packed) = self.body.split_at(packed.unwrap_or(self.body.len()));
        let mut text = plain.to_vec();
        // What follows a compressed part is of no interest.
        let _ = GzDecoder::new(packed).read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// Answers on one connection until the other side ends it.
fn serve(stream: &TcpStream, answer: Answer, kept: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let body = answer(&request.target);
        kept.lock().unwrap().push(request);
        // Who speaks to Elasticsearch or to Google's machines wants to see that it does.
        let head = format!(
            "HTTP/1.1 200 OK\r\nX-Elastic-Product: Elasticsearch\r\nMetadata-Flavor: Google\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = stream;
        if stream.write_all((head + body).as_bytes()).is_err() {
            return;
        }
    }
}

/// The next request, where there is one.
fn read(reader: &mut impl BufRead) -> Option<Request> {
    let first = line(reader)?;
    let target = first.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let header = line(reader)?;
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if let Some(length) = headers.get("content-length") {
        body.resize(length.parse().ok()?, 0);
        reader.read_exact(&mut body).ok()?;
    } else if headers.contains_key("transfer-encoding") {
        loop {
            let mut chunk = chunk(reader)?;
            if chunk.is_empty() {
                break;
            }
            body.append(&mut chunk);
        }
    }
    Some(Request { target, body })
}

/// The next chunk of a body; the last is empty.
fn chunk(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let length = usize::from_str_radix(&line(reader)?, 16).ok()?;
    let mut chunk = vec![0; length];
    reader.read_exact(&mut chunk).ok()?;
    line(reader)?;
    Some(chunk)
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    line.ends_with('\n').then(|| line.trim_end().to_owned())
}
