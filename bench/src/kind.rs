//! Kinds of contenders.

use std::fmt;

use super::workload::{Protocol, Workload};

/// What runs a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// `portent up`.
    Embedded,
    /// `spin up`.
    Spin,
}

/// Version of WASI that a component is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wasi {
    P2,
    P3,
}

/// Where events go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Events {
    Off,
    Stdout,
    Http,
}

/// A server of the same predictions that is written in Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Usual,
    Tuned,
    Flask,
}

/// What a contender is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The prediction component.
    Predict(Host, Wasi, Events),
    /// A component that answers and does nothing else.
    Nothing(Host, Wasi),
    /// The prediction component, composed with a scorer of the same linear model, in the embedded host with events off.
    Composed(Wasi),
    Peer(Peer),
}

impl Kind {
    /// All there are, ours first.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for host in [Host::Embedded, Host::Spin] {
            for wasi in [Wasi::P2, Wasi::P3] {
                all.extend(
                    [Events::Off, Events::Stdout, Events::Http].map(|to| Self::Predict(host, wasi, to)),
                );
                all.push(Self::Nothing(host, wasi));
            }
        }
        all.extend([Wasi::P2, Wasi::P3].map(Self::Composed));
        all.extend([Peer::Usual, Peer::Tuned, Peer::Flask].map(Self::Peer));
        all
    }

    /// Those whose time to start is measured: of each program one.
    pub(crate) fn starting() -> Vec<Self> {
        let starts = |kind: &Self| !matches!(kind, Self::Predict(_, _, Events::Stdout | Events::Http));
        Self::all().into_iter().filter(starts).collect()
    }

    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Self::Predict(..) => Protocol::Portent,
            Self::Nothing(..) => Protocol::Nothing,
            Self::Composed(_) => Protocol::Composed,
            Self::Peer(Peer::Flask) => Protocol::Flask,
            Self::Peer(_) => Protocol::FastApi,
        }
    }

    /// The request by which it is known to be there.
    pub(crate) fn first_workload(self) -> Workload {
        Workload::first_of(self.protocol())
    }

    pub(crate) fn name(self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Predict(host, wasi, events) => write!(f, "{host}, {wasi}, events {}", events.value()),
            Self::Nothing(host, wasi) => write!(f, "{host}, {wasi}, do-nothing"),
            Self::Composed(wasi) => write!(f, "{}, {wasi}, composed with a scorer", Host::Embedded),
            Self::Peer(Peer::Usual) => f.write_str("FastAPI, pandas, scikit-learn"),
            Self::Peer(Peer::Tuned) => f.write_str("FastAPI, async, numpy"),
            Self::Peer(Peer::Flask) => f.write_str("Flask, pandas, scikit-learn (battery)"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded host",
            Self::Spin => "Spin",
        })
    }
}

impl fmt::Display for Wasi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P2 => "WASI 0.2",
            Self::P3 => "WASI 0.3",
        })
    }
}

impl Events {
    /// Value of the component's variable.
    pub(crate) fn value(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Stdout => "stdout",
            Self::Http => "http",
        }
    }
}

impl Peer {
    /// Its module in the folder of peers.
    pub(crate) fn module(self) -> &'static str {
        match self {
            Self::Usual => "fastapi_heart",
            Self::Tuned => "fastapi_heart_tuned",
            Self::Flask => "flask_hvs",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contender_has_a_name_of_its_own() {
        let mut names: Vec<_> = Kind::all().into_iter().map(Kind::name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!((names.len(), count), (21, 21));
        assert!(names.contains(&"embedded host, WASI 0.2, events stdout".to_owned()), "{names:?}");
    }

    #[test]
    fn every_contender_has_an_answer_to_its_first_request() {
        assert!(Kind::all().into_iter().all(|kind| kind.first_workload().request(kind.protocol()).is_some()));
    }
}
