//! Which version of WASI a component is written for: told by what it exports, before it is compiled.

/// The interfaces of HTTP that a component can export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `wasi:http/incoming-handler`, of WASI 0.2.
    P2,
    /// `wasi:http/handler`, of WASI 0.3.
    P3,
}

/// How the exports of a 0.3 component of HTTP begin.
const P3_HANDLER: &[u8] = b"wasi:http/handler@0.3.";

/// `\0asm`, the version of components, and their layer.
const PREAMBLE: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// The section of a component that lists its exports.
const EXPORTS: u8 = 11;

/// How the names of the interface begin that a component is composed through with its scorer.
const SCORER: &[u8] = b"portent:serve/scorer@";

/// Whether a component scores by another one that it is composed with: its own imports name the interface still.
pub(crate) fn has_scorer(wasm: &[u8]) -> bool {
    memchr::memmem::find(wasm, SCORER).is_some()
}

impl Kind {
    /// The kind of a component's bytes. Whatever is no 0.3 component of HTTP counts as 0.2: what is wrong with it
    /// comes out when it is compiled.
    pub(crate) fn of(wasm: &[u8]) -> Self {
        let mut rest = wasm.strip_prefix(&PREAMBLE).unwrap_or_default();
        while let Some((id, content, after)) = section(rest) {
            if id == EXPORTS && content.windows(P3_HANDLER.len()).any(|name| name == P3_HANDLER) {
                return Self::P3;
            }
            rest = after;
        }
        Self::P2
    }
}

/// The first section: its id, its content, and what follows it.
fn section(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (id, rest) = bytes.split_first()?;
    let (length, rest) = length(rest)?;
    let (content, after) = rest.split_at_checked(length)?;
    Some((*id, content, after))
}

/// An unsigned LEB128 number of 32 bits.
fn length(mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        bytes = rest;
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, bytes));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exporting(name: &str) -> Vec<u8> {
        let text = format!("(component (instance $i) (export \"{name}\" (instance $i)))");
        ::wat::parse_str(text).unwrap()
    }

    #[test]
    fn a_component_is_told_by_its_exports() {
        assert_eq!(Kind::of(&exporting("wasi:http/handler@0.3.0")), Kind::P3);
        assert_eq!(Kind::of(&exporting("wasi:http/incoming-handler@0.2.0")), Kind::P2);
        let importing = r#"(component (import "wasi:http/handler@0.3.0" (instance)))"#;
        assert_eq!(Kind::of(&::wat::parse_str(importing).unwrap()), Kind::P2);
    }

    #[test]
    fn cut_and_foreign_bytes_are_no_trouble() {
        let whole = exporting("wasi:http/handler@0.3.0");
        for end in 0..whole.len() {
            assert!(matches!(Kind::of(&whole[..end]), Kind::P2 | Kind::P3));
        }
        assert_eq!(Kind::of(b"not wasm"), Kind::P2);
        assert_eq!(Kind::of(&[&PREAMBLE[..], &[11, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]].concat()), Kind::P2);
    }
}
