use hyper::header::HeaderValue;
use proptest::prelude::*;

use super::*;

const OLD: &str = "an-old-token-of-32-characters-00";
const NEW: &str = "a-new-token";

fn headers(lines: &[&str]) -> HeaderMap {
    let line = |text: &&str| (AUTHORIZATION, HeaderValue::from_str(text).unwrap());
    lines.iter().map(line).fold(HeaderMap::new(), |mut headers, (name, value)| {
        headers.append(name, value);
        headers
    })
}

const METRICS: ListenerNames = ListenerNames { name: "metrics", token_variable: "METRICS_TOKEN" };

fn from_environment(value: &str) -> Result<Option<BearerTokens>, AccessError> {
    BearerTokens::open(METRICS, None, Some(value.into()))
}

#[test]
fn each_line_is_a_token() {
    let tokens =
        TokenDigests::parse("FILE", format!("{OLD}\r\n\n  {OLD}2 \n{}", "z".repeat(512)).as_bytes()).unwrap();
    assert!(tokens.contain(OLD.as_bytes()) && tokens.contain(format!("{OLD}2").as_bytes()));
    assert!(tokens.contain("z".repeat(512).as_bytes()));
    for other in
        ["", "an-old-token", "An-old-token-of-32-characters-00", "n-old-token-of-32-characters-00", "z"]
    {
        assert!(!tokens.contain(other.as_bytes()), "{other}");
    }
}

#[test]
fn a_bad_token_is_refused_with_its_line_and_never_quoted() {
    let many = format!("{OLD}\n").repeat(MOST_TOKENS + 1);
    for (text, line, rule) in [
        ("", None, "there is no token"),
        ("\n \r\n", None, "there is no token"),
        (&format!("{OLD}\n{NEW}"), Some(2), "a token has 16 to 512 characters"),
        (&"a".repeat(513), Some(1), "a token has 16 to 512 characters"),
        ("an old token of many characters", Some(1), "a token is of visible ASCII characters"),
        ("an-öld-token-of-many-characters", Some(1), "a token is of visible ASCII characters"),
        ("an-old-token\0of-many-characters", Some(1), "a token is of visible ASCII characters"),
        (&many, Some(MOST_TOKENS + 1), "there are more than 64 tokens"),
    ] {
        let error = TokenDigests::parse("FILE", text.as_bytes()).unwrap_err().to_string();
        let place = line.map_or("FILE".to_owned(), |line| format!("FILE, line {line}"));
        assert_eq!(error, format!("{place}: {rule}"), "{text}");
        assert!(!error.contains("token-of") && !error.contains(NEW), "{error}");
    }
    let error = from_environment("short").unwrap_err().to_string();
    assert_eq!(error, "METRICS_TOKEN, line 1: a token has 16 to 512 characters");
}

#[test]
fn a_request_has_its_token_in_one_header_of_its_scheme() {
    let tokens = from_environment(OLD).unwrap().unwrap();
    for accepted in [format!("Bearer {OLD}"), format!("bearer {OLD}"), format!("BEARER   {OLD} ")] {
        assert!(tokens.accept(&headers(&[&accepted])), "{accepted}");
    }
    let line = format!("Bearer {OLD}");
    for refused in [
        &[][..],
        &[""],
        &["Bearer"],
        &["Bearer "],
        &[OLD],
        &[&format!("Basic {OLD}")],
        &[&format!("Bearer{OLD}")],
        &[&format!("Bearer {OLD}, Bearer {OLD}")],
        &[&line, &line],
        &["Bearer another-token-of-32-characters"],
    ] {
        assert!(!tokens.accept(&headers(refused)), "{refused:?}");
    }
}

#[test]
fn there_is_one_source_of_tokens() {
    assert!(BearerTokens::open(METRICS, None, None).unwrap().is_none());
    let both = BearerTokens::open(METRICS, Some("FILE".into()), Some(OLD.into())).unwrap_err();
    assert_eq!(both.to_string(), "--metrics-token-file and METRICS_TOKEN are both given: leave one out");
    assert!(both.is_usage());
    let missing = BearerTokens::open(METRICS, Some("no/such".into()), None).unwrap_err();
    assert!(missing.to_string().starts_with("--metrics-token-file no/such: ") && !missing.is_usage());
    assert!(from_environment("").is_err(), "an empty variable is not a way to ask for none");
}

#[test]
fn debug_output_has_no_token() {
    let tokens = from_environment(&format!("{OLD}\n{OLD}2")).unwrap().unwrap();
    let text = format!("{tokens:?}");
    assert!(text.contains("Tokens(2 redacted)") && !text.contains("old"), "{text}");
    let digest = format!("{:?}", <[u8; 32]>::from(Sha256::digest(OLD)));
    assert!(!text.contains(&digest));
}

#[test]
fn a_file_is_read_within_bounds() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(FILE_BYTES + 1).unwrap();
    let error = BearerTokens::open(METRICS, Some(file.path().to_owned()), None).unwrap_err();
    assert!(error.to_string().ends_with("longer than 1 MiB"), "{error}");
}

proptest! {
    #[test]
    fn a_token_is_accepted_if_it_is_in_the_list(
        tokens in prop::collection::vec("[!-~]{16,40}", 1..8),
        other in "[!-~]{0,40}",
    ) {
        let list = TokenDigests::parse("FILE", tokens.join("\n").as_bytes()).unwrap();
        for token in &tokens {
            prop_assert!(list.contain(token.as_bytes()));
            let rest = &token.as_bytes()[1..];
            prop_assert_eq!(list.contain(rest), tokens.iter().any(|one| one.as_bytes() == rest));
        }
        prop_assert_eq!(list.contain(other.as_bytes()), tokens.contains(&other));
    }

    #[test]
    fn any_bytes_can_be_parsed(text in prop::collection::vec(any::<u8>(), 0..200)) {
        TokenDigests::parse("FILE", &text).ok();
        bearer(&text);
    }
}
