//! The page keeps its policy, and patterns match the numbers that they stand for.

use sha2::{Digest as _, Sha256};

use crate::docs::{POLICY, SCRIPT, STYLE, page};
use crate::pattern::{real, whole};

#[test]
fn the_policy_allows_this_style_and_this_script() {
    for (directive, text) in [("style-src", STYLE), ("script-src", SCRIPT)] {
        let source = format!("{directive} 'sha256-{}'", base64(&Sha256::digest(text)));
        assert!(POLICY.contains(&source), "the policy should have: {source}");
    }
}

#[test]
fn the_page_is_small_and_asks_no_other_host() {
    let page = page();
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

fn matches(pattern: &str, text: &str) -> bool {
    let schema = serde_json::json!({ "type": "string", "pattern": pattern });
    jsonschema::is_valid(&schema, &text.into())
}

#[test]
fn whole_numbers_match_exactly_within_their_range() {
    for (least, most) in [(0, 120), (1, 4), (3, 7), (0, 0), (95, 1234), (100, 100), (-40, 7), (-9, -3)] {
        let pattern = whole(f64::from(least), f64::from(most));
        for number in -1300..1300 {
            let text = number.to_string();
            assert_eq!(matches(&pattern, &text), (least..=most).contains(&number), "{text} {pattern}");
        }
    }
}

#[test]
fn forms_of_a_number() {
    let pattern = whole(0.0, 120.0);
    for text in ["063", " 63 ", "63.0", "63.", "+63"] {
        assert!(matches(&pattern, text), "{text}");
    }
    for text in ["", "63.5", "6 3", "0x3f", "nan", "-1", "1e400", "121"] {
        assert!(!matches(&pattern, text), "{text}");
    }
    assert!(matches(&whole(0.0, f64::INFINITY), "999999999999999"));
    assert!(!matches(&whole(0.0, f64::INFINITY), "9999999999999999"));
}

#[test]
fn real_numbers_keep_their_bounds() {
    let pattern = real(0.0, 100.0);
    for text in ["0", "99.99", "100", "100.00", "5."] {
        assert!(matches(&pattern, text), "{text}");
    }
    for text in ["100.01", "-0.1", "101", "", "."] {
        assert!(!matches(&pattern, text), "{text}");
    }
    assert!(matches(&real(f64::NEG_INFINITY, f64::INFINITY), "-2.5"));
    assert!(matches(&real(-40.5, 10.0), "-40"));
    assert!(!matches(&real(-40.5, 10.0), "-40.1"));
}
