//! `/docs`: a page that reads `openapi.json` and `model/info`, shows the API and tries it.
//!
//! It is one document that asks no other host. Its policy allows its style and its script by their digests alone, so
//! that nothing else can run on it.

const HEAD: &str = include_str!("docs/head.html");
pub(crate) const STYLE: &str = include_str!("docs/page.css");
const BODY: &str = include_str!("docs/body.html");

/// The parts of the script, in their order.
pub(crate) const SCRIPT: &str = concat!(
    include_str!("docs/dom.js"),
    include_str!("docs/api.js"),
    include_str!("docs/form.js"),
    include_str!("docs/result.js"),
    include_str!("docs/reference.js"),
    include_str!("docs/main.js"),
);

/// The `content-security-policy` of the page. A test compares the digests with those of the style and the script.
pub(crate) const POLICY: &str = "default-src 'none'; base-uri 'none'; connect-src 'self'; form-action 'none'; \
    frame-ancestors 'none'; img-src data:; \
    style-src 'sha256-N9XJXjMj8GUHXktAtxOzzOO5ia5wptDuwYD4tZI5p+E='; \
    script-src 'sha256-q4pz/yl9aIXXKYx2cHc4l8pwvAqWKdrwAkz38U+F/lE='";

/// Headers of the page.
pub const HEADERS: [(&str, &str); 4] = [
    ("content-type", "text/html; charset=utf-8"),
    ("content-security-policy", POLICY),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

/// The page.
#[must_use]
pub fn page() -> String {
    [HEAD, "<style>", STYLE, "</style>", BODY, "<script>", SCRIPT, "</script></body></html>"].concat()
}
