//! `allowed_outbound_hosts`: `scheme://host[:port]`, with wildcards and port ranges, as Spin reads it.

use std::net::IpAddr;
use std::ops::Range;

use hyper::Uri;

/// The hosts that a component may send requests to.
#[derive(Debug, Default)]
pub(crate) struct AllowedHosts(Vec<Allowed>);

#[derive(Debug)]
struct Allowed {
    /// `None` is any.
    scheme: Option<String>,
    host: Host,
    /// `None` is any.
    ports: Option<Range<u32>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Host {
    Any,
    /// With its leading dot.
    Subdomains(String),
    Name(String),
    Ip(IpAddr),
}

impl AllowedHosts {
    /// Adds an entry in which variables are already expanded. One that a variable left empty allows nothing.
    pub(crate) fn add(&mut self, entry: &str) -> Result<(), &'static str> {
        if !matches!(entry, "" | "http://" | "https://") {
            self.0.push(Allowed::parse(entry)?);
        }
        Ok(())
    }

    /// Whether a request to this address may be sent.
    pub(crate) fn permit(&self, uri: &Uri) -> bool {
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else { return false };
        let Some(port) = uri.port_u16().or_else(|| default_port(scheme)) else { return false };
        let host = Host::literal(host);
        self.0.iter().any(|allowed| allowed.permits(scheme, &host, port))
    }
}

impl Allowed {
    fn parse(entry: &str) -> Result<Self, &'static str> {
        let (scheme, rest) =
            entry.trim().split_once("://").ok_or("has no scheme: write scheme://host:port")?;
        if scheme != "*" && (scheme.is_empty() || !scheme.bytes().all(|byte| byte.is_ascii_alphabetic())) {
            return Err("has a scheme that is not a word or *");
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@', '{']) {
            return Err("has more than a scheme, a host and a port");
        }
        let (host, port) = split_port(rest);
        Ok(Self {
            scheme: (scheme != "*").then(|| scheme.to_owned()),
            host: Host::parse(host)?,
            ports: parse_ports(scheme, port)?,
        })
    }

    fn permits(&self, scheme: &str, host: &Host, port: u16) -> bool {
        self.scheme.as_ref().is_none_or(|allowed| allowed == scheme)
            && self.host.covers(host)
            && self.ports.as_ref().is_none_or(|ports| ports.contains(&u32::from(port)))
    }
}

impl Host {
    fn parse(host: &str) -> Result<Self, &'static str> {
        if host == "*" {
            return Ok(Self::Any);
        }
        if matches!(host, "self" | "self.alt") || host.ends_with("spin.internal") {
            return Err("names the application itself, which the embedded host does not support");
        }
        let (wildcard, name) = match host.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, host),
        };
        if name.is_empty() || name.contains('*') {
            return Err("has a wildcard elsewhere than at the front of the host, or no host");
        }
        match (wildcard, Self::literal(name)) {
            (true, Self::Name(name)) => Ok(Self::Subdomains(format!(".{name}"))),
            (true, _) => Err("has a wildcard before an IP address"),
            (false, host) => Ok(host),
        }
    }

    fn literal(host: &str) -> Self {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        bare.parse().map_or_else(|_| Self::Name(host.to_ascii_lowercase()), Self::Ip)
    }

    fn covers(&self, host: &Self) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Subdomains(suffix), Self::Name(name)) => name.ends_with(suffix),
            _ => self == host,
        }
    }
}

/// Splits at the last colon that is not within an IPv6 address.
fn split_port(rest: &str) -> (&str, &str) {
    match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (rest, ""),
    }
}

fn parse_ports(scheme: &str, port: &str) -> Result<Option<Range<u32>>, &'static str> {
    let number = |text: &str| text.parse::<u16>().map(u32::from).map_err(|_| "has a port that is no number");
    match (port, port.split_once("..")) {
        ("*", _) => Ok(None),
        ("", _) => {
            let port = default_port(scheme).ok_or("needs a port, as its scheme has no default one")?;
            Ok(Some(u32::from(port)..u32::from(port) + 1))
        }
        (_, Some((first, end))) => Ok(Some(number(first)?..number(end)?)),
        (_, None) => number(port).map(|port| Some(port..port + 1)),
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(entries: &[&str]) -> Result<AllowedHosts, &'static str> {
        let mut hosts = AllowedHosts::default();
        entries.iter().try_for_each(|entry| hosts.add(entry))?;
        Ok(hosts)
    }

    #[track_caller]
    fn check(entry: &str, permitted: &[&str], refused: &[&str]) {
        let hosts = parse(&[entry]).unwrap();
        for uri in permitted {
            assert!(hosts.permit(&uri.parse().unwrap()), "{entry} should permit {uri}");
        }
        for uri in refused {
            assert!(!hosts.permit(&uri.parse().unwrap()), "{entry} should refuse {uri}");
        }
    }

    #[test]
    fn an_address_is_that_address_only() {
        check(
            "http://127.0.0.1:9465",
            &["http://127.0.0.1:9465/v1/events"],
            &[
                "http://127.0.0.1:9464/",
                "http://127.0.0.1/",
                "https://127.0.0.1:9465/",
                "http://localhost:9465/",
            ],
        );
        check("http://[::1]:80", &["http://[::1]/", "http://[0:0::1]/"], &["http://[::2]/"]);
        check(
            "http://Example.com",
            &["http://example.COM/"],
            &["http://example.com:81/", "http://a.example.com/"],
        );
    }

    #[test]
    fn wildcards_cover_what_they_say() {
        check(
            "https://*.example.com",
            &["https://a.example.com/", "https://a.b.example.com/"],
            &["https://example.com/", "https://badexample.com/", "http://a.example.com/"],
        );
        check("*://10.0.0.1:81", &["http://10.0.0.1:81/", "https://10.0.0.1:81/"], &["http://10.0.0.1/"]);
        check("http://host:*", &["http://host/", "http://host:9/"], &["http://other/"]);
        check("*://*:*", &["http://x/", "https://1.2.3.4:5/"], &[]);
        check("http://host:8000..8002", &["http://host:8000/", "http://host:8001/"], &["http://host:8002/"]);
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for entry in [
            "*",
            "example.com",
            "http://self",
            "http://x.spin.internal",
            "http://a/b",
            "http://*.1.2.3.4",
            "http://a.*",
            "ftp://a",
            "http://a:b",
            "http://",
            "http://u@a",
            "*://a",
        ] {
            let parsed = parse(&[entry]);
            assert!(parsed.is_err() || entry == "http://", "{entry}");
        }
    }

    #[test]
    fn an_entry_left_empty_by_a_variable_allows_nothing() {
        let hosts = parse(&["", "http://"]).unwrap();
        assert!(!hosts.permit(&"http://a/".parse().unwrap()));
    }
}
