//! Bytes to a request: a seed, and changes to it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use portent_event::ROUTES;

use super::seeds::{JSON_LENGTH, Seed};

/// Longest body that is made by repeating a part of one: long enough for lists of violations to end.
const BODY_BYTES: usize = 64 * 1024;

const METHODS: [&str; 8] = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "BREW"];
const QUERIES: [&str; 6] = [
    "",
    "?explain=true",
    "?probabilities=true",
    "?explain",
    "?explain=maybe",
    "?explain=1&probabilities=1#x",
];
const CONTENT_TYPES: [&str; 8] = [
    "application/json",
    "text/csv",
    "text/csv; charset=utf-8",
    "application/json; charset=latin-1",
    "application/vnd.x+json",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "",
];

/// A text and a number that are in no line of an event by chance.
const TELLING: [&[u8]; 2] = [b"\"secret7351canary\"", b"98765432.10123456"];

/// A request as bytes.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    /// Length of the body before compression.
    pub(super) plain_length: usize,
}

/// Reads the script from front to back; zeros follow its end.
struct Script<'s>(&'s [u8]);

/// Makes the request of a script. A byte chooses the seed, the bits of another one the parts that are replaced. The rest
/// are changes to the body.
pub(super) fn make(script: &[u8], seeds: &[Seed], model: &str) -> Made {
    let mut script = Script(script);
    let seed = &seeds[usize::from(script.byte()) % seeds.len()];
    let changes = script.byte();
    let is_changed = |bit: u32| changes & 1 << bit != 0;
    let (mut path, mut method) = (seed.path.clone(), seed.method.to_owned());
    let mut headers = seed.headers.clone();
    if is_changed(0) {
        path = script.path(model);
    }
    if is_changed(1) {
        path += QUERIES[usize::from(script.byte()) % QUERIES.len()];
    }
    if is_changed(2) {
        method = METHODS[usize::from(script.byte()) % METHODS.len()].to_owned();
    }
    if is_changed(3) {
        headers.retain(|(name, _)| name != "content-type");
        let content_type = CONTENT_TYPES[usize::from(script.byte()) % CONTENT_TYPES.len()];
        headers.push(("content-type".to_owned(), content_type.into()));
    }
    if is_changed(4) {
        path = format!("/mounted{path}");
        headers.push(("spin-component-route".to_owned(), b"/mounted".to_vec()));
        let length = usize::from(script.byte() % 80);
        headers.push(("x-request-id".to_owned(), script.bytes(length).to_vec()));
    }
    let mut body = if is_changed(5) { Vec::new() } else { seed.body.clone() };
    if is_changed(6) {
        repeat(&mut script, &mut body);
    }
    let compression = if is_changed(7) { script.byte() } else { u8::MAX };
    let json_length = edit(&mut script, &mut body, seed.json_length);
    if let Some(length) = json_length {
        headers.push((JSON_LENGTH.to_owned(), length.to_string().into_bytes()));
    }
    let plain_length = body.len();
    let body = compressed(body, compression, &mut headers);
    Made { method, path, headers, body, plain_length }
}

impl<'s> Script<'s> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn short(&mut self) -> usize {
        usize::from(u16::from_be_bytes([self.byte(), self.byte()]))
    }

    fn bytes(&mut self, length: usize) -> &'s [u8] {
        let (bytes, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    /// The path of a route, or any text.
    fn path(&mut self, model: &str) -> String {
        let choice = usize::from(self.byte());
        match ROUTES.get(choice) {
            Some(info) => info.route.as_str().replace("{model}", model),
            None => format!("/{}", String::from_utf8_lossy(self.bytes(choice % 64))),
        }
    }
}

/// Repeats a part of the body, so that lists become long and nesting deep.
fn repeat(script: &mut Script<'_>, body: &mut Vec<u8>) {
    let (start, length, times) = (script.short(), usize::from(script.byte()) + 1, script.short());
    let start = start % (body.len() + 1);
    let part = match body.get(start..(start + length).min(body.len())) {
        Some([]) | None => b"[".to_vec(),
        Some(part) => part.to_vec(),
    };
    let room = BODY_BYTES.saturating_sub(body.len());
    let times = times.min(room / part.len());
    body.splice(start..start, part.repeat(times));
}

/// Replaces parts of the body. Returns the length of its JSON, for bodies with binary tensors behind it.
fn edit(script: &mut Script<'_>, body: &mut Vec<u8>, mut json_length: Option<usize>) -> Option<usize> {
    while !script.0.is_empty() {
        let start = script.short() % (body.len() + 1);
        let end = (start + usize::from(script.byte())).min(body.len());
        let inserted = match usize::from(script.byte() % 32) {
            30 => TELLING[0],
            31 => TELLING[1],
            length => script.bytes(length),
        };
        json_length = json_length.map(|json| {
            if start < json { (json + inserted.len()).saturating_sub(end - start) } else { json }
        });
        body.splice(start..end, inserted.iter().copied());
    }
    json_length
}

/// The body with compression, which its header may misstate.
fn compressed(body: Vec<u8>, how: u8, headers: &mut Vec<(String, Vec<u8>)>) -> Vec<u8> {
    macro_rules! with {
        ($encoder:ident) => {{
            let mut encoder = $encoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&body).and_then(|()| encoder.finish()).unwrap_or_default()
        }};
    }
    let (encoding, compressed) = match how {
        0..50 => ("gzip", with!(GzEncoder)),
        50..90 => ("deflate", with!(ZlibEncoder)),
        90..130 => ("deflate", with!(DeflateEncoder)),
        130..150 => ("gzip", body),
        150..170 => {
            let whole = with!(GzEncoder);
            ("gzip", whole[..whole.len() / 2].to_vec())
        }
        170..180 => ("br", body),
        _ => return body,
    };
    headers.push(("content-encoding".to_owned(), encoding.into()));
    compressed
}
