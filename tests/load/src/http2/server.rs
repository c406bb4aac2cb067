//! How are requests received over HTTP/2? Headers are not even looked at: whoever connects sends OTLP.

use std::{collections::HashMap, io, net::TcpStream};

use crate::{
    http2::{
        frame::{
            Head, LARGEST_WINDOW, PREFACE, content, flag, frame, kind, setting, settings,
            window_update,
        },
        hpack::literal,
    },
    server::{Arrived, Reply, Server},
    wire::{Input, Output},
};

/// A connection that receives gRPC requests.
pub(crate) struct Http2 {
    socket: TcpStream,
    input: Input,
    output: Output,
    streams: HashMap<u32, Vec<u8>>,
    /// Bytes that came since the window of the connection was widened.
    unseen: u32,
    accepted: [Vec<u8>; 2],
}

impl Http2 {
    /// A connection whose first bytes, the preface among them, are in `input`.
    pub(crate) fn new(socket: TcpStream, mut input: Input) -> Self {
        input.used(PREFACE.len());
        let mut output = Output::default();
        output.own(settings(&[
            (setting::INITIAL_WINDOW_SIZE, LARGEST_WINDOW),
            (setting::MAX_CONCURRENT_STREAMS, 10_000),
        ]));
        output.own(window_update(0, LARGEST_WINDOW - 65_535));
        Self {
            socket,
            input,
            output,
            streams: HashMap::new(),
            unseen: 0,
            accepted: [
                [vec![0x88], literal("content-type", "application/grpc")].concat(),
                literal("grpc-status", "0"),
            ],
        }
    }

    fn frame(&mut self, arrived: &mut Vec<Arrived>) -> io::Result<bool> {
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "padding");
        let Some(head) = Head::read(self.input.bytes()) else {
            return Ok(false);
        };
        let whole = Head::LENGTH + head.length;
        let Some(payload) = self.input.bytes().get(Head::LENGTH..whole) else {
            return Ok(false);
        };
        match head.kind {
            kind::DATA => {
                let data = content(head, payload).ok_or_else(broken)?;
                let message = self.streams.entry(head.stream).or_default();
                if message.is_empty() {
                    let length = data.get(1..5).and_then(|l| l.first_chunk::<4>());
                    message.reserve(length.map_or(0, |l| u32::from_be_bytes(*l) as usize + 5));
                }
                message.extend_from_slice(data);
                self.unseen += u32::try_from(head.length).unwrap_or_default();
            }
            kind::SETTINGS if head.flags & flag::ACK == 0 => {
                self.output.own(frame(kind::SETTINGS, flag::ACK, 0, &[]));
            }
            kind::PING if head.flags & flag::ACK == 0 => {
                self.output.own(frame(kind::PING, flag::ACK, 0, payload));
            }
            kind::RST_STREAM => drop(self.streams.remove(&head.stream)),
            _ => {}
        }
        let ends =
            matches!(head.kind, kind::DATA | kind::HEADERS) && head.flags & flag::END_STREAM != 0;
        if ends {
            let message = self.streams.remove(&head.stream).unwrap_or_default();
            arrived.push(Arrived {
                stream: head.stream,
                message,
                prefix: 5,
            });
        }
        self.input.used(whole);
        Ok(true)
    }
}

impl Server for Http2 {
    fn socket(&self) -> &TcpStream {
        &self.socket
    }

    fn read(&mut self, arrived: &mut Vec<Arrived>) -> io::Result<()> {
        // What came with the preface is there already.
        while self.frame(arrived)? {}
        self.input.fill(&self.socket)?;
        while self.frame(arrived)? {}
        if self.unseen > 1 << 28 {
            self.output.own(window_update(0, self.unseen));
            self.unseen = 0;
        }
        Ok(())
    }

    fn answer(&mut self, stream: u32, reply: Reply) {
        let [opening, closing] = &self.accepted;
        match reply {
            Reply::Accept => {
                let mut frames = frame(kind::HEADERS, flag::END_HEADERS, stream, opening);
                frames.extend(frame(kind::DATA, 0, stream, &[0; 5]));
                frames.extend(frame(
                    kind::HEADERS,
                    flag::END_HEADERS | flag::END_STREAM,
                    stream,
                    closing,
                ));
                self.output.own(frames);
            }
            Reply::Refuse(status) => {
                let block = [opening.clone(), literal("grpc-status", &status.to_string())].concat();
                self.output.own(frame(
                    kind::HEADERS,
                    flag::END_HEADERS | flag::END_STREAM,
                    stream,
                    &block,
                ));
            }
            Reply::Reset => {
                self.output
                    .own(frame(kind::RST_STREAM, 0, stream, &2_u32.to_be_bytes()));
            }
        }
    }

    fn flush(&mut self) -> io::Result<bool> {
        self.output.flush(&self.socket)
    }

    fn received(&self) -> u64 {
        self.input.total
    }
}
