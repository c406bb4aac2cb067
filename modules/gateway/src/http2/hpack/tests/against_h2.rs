//! Does another implementation read what is written here, and is what it writes read?

use http::{HeaderName, HeaderValue, Request};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::{
    super::{Decoder, put_field},
    fields,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

type Fields = Vec<(String, String)>;

/// Lists of one connection, of names that come again so that tables are filled and used.
fn lists() -> impl Strategy<Value = Vec<Fields>> {
    let name = prop_oneof![
        Just("content-type".to_owned()),
        Just("user-agent".to_owned()),
        Just("authorization".to_owned()),
        "[a-d]{1,2}",
        "x-[a-z0-9_.-]{1,30}",
    ];
    let value = prop_oneof!["[a-c]{0,2}", "[!-~]([ -~]{0,200}[!-~])?"];
    let list = prop::collection::vec((name, value), 0..12);
    prop::collection::vec(list, 1..8)
}

fn request(list: &Fields) -> Request<()> {
    let mut request = Request::post("http://example.com:4317/a/b");
    for (name, value) in list {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request = request.header(name, HeaderValue::from_str(value).unwrap());
    }
    request.body(()).unwrap()
}

/// What such a request says, in the order that does not matter.
fn said(list: &Fields) -> Fields {
    let mut fields = list.clone();
    let pseudo = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "example.com:4317"),
        (":path", "/a/b"),
    ];
    fields.extend(pseudo.map(|(name, value)| (name.to_owned(), value.to_owned())));
    fields.sort();
    fields
}

async fn frame(stream: &mut DuplexStream) -> (u8, u8, Vec<u8>) {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.unwrap();
    (head[3], head[4], payload)
}

fn head(length: usize, kind: u8, flags: u8, stream: u32) -> Vec<u8> {
    let length = u32::try_from(length).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat()
}

/// Reads what a client of `h2` sends, and decodes as many blocks as it sent lists.
async fn decoded(mut stream: DuplexStream, count: usize) -> Vec<Fields> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    assert_eq!(preface, PREFACE);
    stream.write_all(&head(0, SETTINGS, 0, 0)).await.unwrap();
    let (mut decoder, mut block, mut lists) = (Decoder::new(4096), Vec::new(), Vec::new());
    while lists.len() < count {
        let (kind, flags, payload) = frame(&mut stream).await;
        match kind {
            SETTINGS if flags == 0 => stream.write_all(&head(0, SETTINGS, 1, 0)).await.unwrap(),
            HEADERS | CONTINUATION => block.extend(payload),
            _ => continue,
        }
        if matches!(kind, HEADERS | CONTINUATION) && flags & 4 != 0 {
            let mut list = fields(&mut decoder, &std::mem::take(&mut block)).unwrap();
            list.sort();
            lists.push(list);
        }
    }
    lists
}

async fn sent_by_h2(lists: &[Fields]) -> Vec<Fields> {
    let (ours, theirs) = duplex(1 << 20);
    let (sender, connection) = h2::client::handshake(theirs).await.unwrap();
    let connection = tokio::spawn(connection);
    let reading = tokio::spawn(decoded(ours, lists.len()));
    let mut streams = Vec::new();
    for list in lists {
        let mut sender = sender.clone().ready().await.unwrap();
        streams.push(sender.send_request(request(list), false).unwrap());
    }
    let read = reading.await.unwrap();
    connection.abort();
    read
}

async fn read_by_h2(lists: &[Fields]) -> Vec<Fields> {
    let (mut ours, theirs) = duplex(1 << 20);
    ours.write_all(&[PREFACE, &head(0, SETTINGS, 0, 0)].concat())
        .await
        .unwrap();
    for (list, id) in lists.iter().zip((1..).step_by(2)) {
        let mut block = Vec::new();
        let pseudo = said(&Fields::new());
        for (name, value) in pseudo.iter().chain(list) {
            put_field(&mut block, name.as_bytes(), value.as_bytes());
        }
        let frame = [head(block.len(), HEADERS, 4, id), block].concat();
        ours.write_all(&frame).await.unwrap();
    }
    let mut server = h2::server::handshake(theirs).await.unwrap();
    let mut read = Vec::new();
    while read.len() < lists.len() {
        let (request, _) = server.accept().await.unwrap().unwrap();
        assert_eq!(request.uri(), "http://example.com:4317/a/b");
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let headers = request.headers().iter();
        let list: Fields = headers
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        read.push(said(&list));
    }
    read
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_read_what_the_other_writes(lists in lists()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let expected: Vec<_> = lists.iter().map(said).collect();
        prop_assert_eq!(&runtime.block_on(sent_by_h2(&lists)), &expected);
        prop_assert_eq!(&runtime.block_on(read_by_h2(&lists)), &expected);
    }
}
