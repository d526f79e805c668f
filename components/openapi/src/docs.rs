//! `/docs`: a page that reads `openapi.json` and `model/info`, shows what the service offers and tries it.
//!
//! It is one document without a request to any other host. Its style and its script are allowed by their
//! digests alone, so that nothing else can run on it.

use std::borrow::Cow;

use crate::exchange::Response;
use crate::outcome::Outcome;

const HEAD: &str = include_str!("docs/head.html");
const STYLE: &str = include_str!("docs/page.css");
const BODY: &str = include_str!("docs/body.html");

/// The parts of the script, in their order.
const SCRIPT: &str = concat!(
    include_str!("docs/dom.js"),
    include_str!("docs/api.js"),
    include_str!("docs/form.js"),
    include_str!("docs/result.js"),
    include_str!("docs/reference.js"),
    include_str!("docs/main.js"),
);

/// What the page may do. The digests are those of [`STYLE`] and [`SCRIPT`]; a test compares.
const POLICY: &str = "default-src 'none'; base-uri 'none'; connect-src 'self'; form-action 'none'; \
    frame-ancestors 'none'; img-src data:; \
    style-src 'sha256-N9XJXjMj8GUHXktAtxOzzOO5ia5wptDuwYD4tZI5p+E='; \
    script-src 'sha256-ZfWDMgGsF3X0FlitdmE4eq+nWt9HO/KOHt/W96QfLbI='";

/// The page.
pub(crate) fn page() -> Outcome {
    let body =
        [HEAD, "<style>", STYLE, "</style>", BODY, "<script>", SCRIPT, "</script></body></html>"].concat();
    let fixed = |name, value: &'static str| (name, Cow::Borrowed(value));
    Outcome::new(Response {
        status: 200,
        headers: vec![
            fixed("content-type", "text/html; charset=utf-8"),
            fixed("content-security-policy", POLICY),
            fixed("referrer-policy", "no-referrer"),
            fixed("x-content-type-options", "nosniff"),
        ],
        body: body.into_bytes(),
    })
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_policy_allows_this_style_and_this_script() {
        for (directive, text) in [("style-src", STYLE), ("script-src", SCRIPT)] {
            let source = format!("{directive} 'sha256-{}'", base64(&Sha256::digest(text)));
            assert!(POLICY.contains(&source), "the policy should have: {source}");
        }
    }

    #[test]
    fn the_page_is_small_and_asks_no_other_host() {
        let page = String::from_utf8(page().response.body).unwrap();
        assert!(page.len() < 25_600, "{} bytes", page.len());
        let without_namespace = page.replace("http://www.w3.org/2000/svg", "");
        for address in ["http://", "https://", "@import", " url("] {
            assert!(!without_namespace.contains(address), "{address}");
        }
        for markup in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!SCRIPT.contains(markup), "{markup}");
        }
        assert!(!SCRIPT.contains("</"), "the script would end");
    }

    /// RFC 4648, with padding.
    fn base64(bytes: &[u8]) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let group =
                chunk.iter().chain([&0; 2]).take(3).fold(0, |group, byte| group << 8 | usize::from(*byte));
            for place in 0..4 {
                let digit = char::from(ALPHABET[group >> (18 - 6 * place) & 63]);
                text.push(if place > chunk.len() { '=' } else { digit });
            }
        }
        text
    }
}
