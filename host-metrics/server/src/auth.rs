//! Bearer tokens (RFC 6750): which are accepted, and whether a request shows one.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use hyper::header::{AUTHORIZATION, HeaderMap};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::{DoorError, Listener, TokenRule};

/// Bytes of a token.
const TOKEN_BYTES: std::ops::RangeInclusive<usize> = 16..=512;

/// Most tokens of a listener: those in use, and those that take their place.
const MOST_TOKENS: usize = 64;

/// Most bytes that are read of a file.
const FILE_BYTES: u64 = 1 << 20;

/// The tokens of a listener, and where they come from.
#[derive(Debug)]
pub struct Credentials {
    listener: Listener,
    /// `None` for tokens from the environment, which stay as they are.
    file: Option<PathBuf>,
    tokens: RwLock<Arc<Tokens>>,
}

/// Accepted tokens. Only their SHA-256 is kept, and that is not shown either.
pub struct Tokens(Vec<[u8; 32]>);

impl Credentials {
    /// Tokens from a file or from the environment; `None` if there are neither.
    pub(super) fn open(
        listener: Listener,
        file: Option<PathBuf>,
        variable: Option<OsString>,
    ) -> Result<Option<Self>, DoorError> {
        let tokens = match (&file, variable) {
            (Some(_), Some(_)) => return Err(DoorError::TwoSources(listener)),
            (Some(path), None) => read(listener, path)?,
            (None, Some(value)) => {
                let parsed = Tokens::parse(value.as_encoded_bytes());
                parsed.map_err(|error| error.at(listener.variable().name))?
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(Self { listener, file, tokens: RwLock::new(Arc::new(tokens)) }))
    }

    /// Reads the file again; `None` if there is none.
    pub(super) fn read(&self) -> Result<Option<Tokens>, DoorError> {
        self.file.as_deref().map(|path| read(self.listener, path)).transpose()
    }

    pub(super) fn replace(&self, tokens: Tokens) {
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tokens);
    }

    pub(super) fn listener(&self) -> Listener {
        self.listener
    }

    /// Whether a request with these headers shows an accepted token. Two `Authorization` lines show none.
    pub(super) fn accept(&self, headers: &HeaderMap) -> bool {
        let mut lines = headers.get_all(AUTHORIZATION).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else { return false };
        let tokens = Arc::clone(&self.tokens.read().unwrap_or_else(PoisonError::into_inner));
        bearer(line.as_bytes()).is_some_and(|token| tokens.contain(token))
    }
}

impl Tokens {
    /// One token a line; empty lines and the white space at either end of a line do not count.
    fn parse(text: &[u8]) -> Result<Self, BadToken> {
        let mut tokens = Vec::new();
        for (line, number) in text.split(|byte| *byte == b'\n').zip(1_usize..) {
            let token = line.trim_ascii();
            if token.is_empty() {
                continue;
            }
            let fault = if !token.iter().all(u8::is_ascii_graphic) {
                Some(TokenRule::Character)
            } else if !TOKEN_BYTES.contains(&token.len()) {
                Some(TokenRule::Length)
            } else {
                (tokens.len() == MOST_TOKENS).then_some(TokenRule::Many)
            };
            if let Some(rule) = fault {
                return Err(BadToken { line: Some(number), rule });
            }
            tokens.push(Sha256::digest(token).into());
        }
        if tokens.is_empty() {
            return Err(BadToken { line: None, rule: TokenRule::Empty });
        }
        Ok(Self(tokens))
    }

    /// Whether this is one of the tokens, found in a time that depends on its own length and on the number of
    /// tokens alone: digests are compared, all of them and each to its end.
    fn contain(&self, token: &[u8]) -> bool {
        let shown: [u8; 32] = Sha256::digest(token).into();
        let equal = self.0.iter().fold(Choice::from(0), |equal, known| equal | known.ct_eq(&shown));
        equal.into()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({} redacted)", self.0.len())
    }
}

/// A rule that tokens break, and the line in which they do.
#[derive(Debug)]
struct BadToken {
    line: Option<usize>,
    rule: TokenRule,
}

impl BadToken {
    fn at(self, place: &str) -> DoorError {
        let place = match self.line {
            Some(line) => format!("{place}, line {line}"),
            None => place.to_owned(),
        };
        DoorError::Token { place, rule: self.rule }
    }
}

fn read(listener: Listener, path: &Path) -> Result<Tokens, DoorError> {
    let option = listener.token_option();
    let text =
        read_bounded(path).map_err(|error| DoorError::Read { option, path: path.to_owned(), error })?;
    Tokens::parse(&text).map_err(|error| error.at(&format!("{option} {}", path.display())))
}

/// Reads a file whole, within a bound that no sensible one meets.
pub(super) fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "longer than 1 MiB"));
    }
    Ok(bytes)
}

/// The token of an `Authorization` line; the scheme's case does not matter.
fn bearer(line: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = line.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests;
