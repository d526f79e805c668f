//! Bearer tokens (RFC 6750): which are accepted, and whether a request has one.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use hyper::header::{AUTHORIZATION, HeaderMap};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use crate::error::{AccessError, ListenerNames};

/// Bytes of a token.
const TOKEN_BYTES: RangeInclusive<usize> = 16..=512;

/// Most tokens of a listener: those in use, and those that will replace them.
const MOST_TOKENS: usize = 64;

/// Most bytes of a file of tokens, of a certificate chain and of a key.
const FILE_BYTES: u64 = 1 << 20;

/// The tokens of a listener, and the file that they come from.
#[derive(Debug)]
pub(crate) struct BearerTokens {
    listener: ListenerNames,
    /// `None` for tokens from the environment, which stay as they are.
    file: Option<PathBuf>,
    accepted: RwLock<TokenDigests>,
}

/// SHA-256 digests of the accepted tokens. The tokens are not kept, and `Debug` does not show the digests.
pub(crate) struct TokenDigests(Vec<[u8; 32]>);

impl BearerTokens {
    /// Tokens from a file or from the environment; `None` if there are neither.
    pub(crate) fn open(
        listener: ListenerNames,
        file: Option<PathBuf>,
        variable: Option<OsString>,
    ) -> Result<Option<Self>, AccessError> {
        let accepted = match (&file, variable) {
            (Some(_), Some(_)) => return Err(AccessError::TwoSources(listener)),
            (Some(path), None) => read(listener, path)?,
            (None, Some(value)) => TokenDigests::parse(listener.token_variable, value.as_encoded_bytes())?,
            (None, None) => return Ok(None),
        };
        Ok(Some(Self { listener, file, accepted: RwLock::new(accepted) }))
    }

    /// Reads the file again, if there is one. The result puts its tokens into force.
    pub(crate) fn read(&self) -> Result<impl FnOnce(), AccessError> {
        let read = self.file.as_deref().map(|path| read(self.listener, path)).transpose()?;
        Ok(|| {
            if let Some(read) = read {
                *self.accepted.write().unwrap_or_else(PoisonError::into_inner) = read;
            }
        })
    }

    /// Whether a request with these headers has an accepted token. Two `Authorization` lines are refused.
    pub(crate) fn accept(&self, headers: &HeaderMap) -> bool {
        let mut lines = headers.get_all(AUTHORIZATION).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else { return false };
        let accepted = self.accepted.read().unwrap_or_else(PoisonError::into_inner);
        bearer(line.as_bytes()).is_some_and(|token| accepted.contain(token))
    }
}

impl TokenDigests {
    /// Reads one token per line. Empty lines and the white space at either end of a line do not count.
    fn parse(place: &str, text: &[u8]) -> Result<Self, AccessError> {
        let mut digests = Vec::new();
        for (line, number) in text.split(|byte| *byte == b'\n').zip(1_usize..) {
            let token = line.trim_ascii();
            if token.is_empty() {
                continue;
            }
            let broken = if !token.iter().all(u8::is_ascii_graphic) {
                Some("a token is of visible ASCII characters")
            } else if !TOKEN_BYTES.contains(&token.len()) {
                Some("a token has 16 to 512 characters")
            } else {
                (digests.len() == MOST_TOKENS).then_some("there are more than 64 tokens")
            };
            if let Some(rule) = broken {
                return Err(AccessError::Invalid { place: format!("{place}, line {number}"), rule });
            }
            digests.push(Sha256::digest(token).into());
        }
        if digests.is_empty() {
            return Err(AccessError::Invalid { place: place.to_owned(), rule: "there is no token" });
        }
        Ok(Self(digests))
    }

    /// Whether this is one of the tokens. The time depends only on its length and on the number of tokens:
    /// digests are compared, all of them and each to its end.
    fn contain(&self, token: &[u8]) -> bool {
        let wanted: [u8; 32] = Sha256::digest(token).into();
        let equal = self.0.iter().fold(Choice::from(0), |equal, known| equal | known.ct_eq(&wanted));
        equal.into()
    }
}

impl fmt::Debug for TokenDigests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({} redacted)", self.0.len())
    }
}

fn read(listener: ListenerNames, path: &Path) -> Result<TokenDigests, AccessError> {
    let place = place(listener, "token-file", path);
    TokenDigests::parse(&place, &read_bounded(&place, path)?)
}

/// How an error names a file: with its option.
pub(crate) fn place(listener: ListenerNames, suffix: &str, path: &Path) -> String {
    format!("{} {}", listener.option(suffix), path.display())
}

/// Reads a whole file, up to a bound that no sensible one reaches.
pub(crate) fn read_bounded(place: &str, path: &Path) -> Result<Vec<u8>, AccessError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(FILE_BYTES + 1).read_to_end(&mut bytes));
    let failed = |error| AccessError::Read { place: place.to_owned(), error };
    if read.map_err(failed)? as u64 > FILE_BYTES {
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, "longer than 1 MiB")));
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
