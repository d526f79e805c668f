//! What a dependency may use: nothing of the world, unless it inherits it.
//!
//! A dependency is composed with an adapter that has no world behind it: an empty environment, no directories, no
//! sockets, no requests, no variables. This is what Spin composes dependencies with too. What has no effect that
//! others could see is passed on to the host: clocks, random numbers, standard error. Standard output becomes standard error:
//! lines on standard output are the component's events, and a dependency could otherwise write some of its own.

mod adapter;
mod answer;
mod module;

use indexmap::IndexMap;
use wit_component::DecodedWasm;
use wit_parser::{InterfaceId, Resolve, WorldId, WorldItem, WorldKey};

use crate::{ComposeError, Dependency, graph};

/// What a dependency can inherit of its component, by the manifest's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capability {
    /// Environment variables.
    Environment,
    /// Mounted files.
    Files,
    /// Requests and sockets to the hosts that are allowed.
    AllowedOutboundHosts,
    /// Variables of the application.
    Variables,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Environment, Self::Files, Self::AllowedOutboundHosts, Self::Variables];

    /// The capability that is given under this key of a manifest.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.key() == key)
    }

    /// The key of a manifest under which it is given.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Files => "files",
            Self::AllowedOutboundHosts => "allowed_outbound_hosts",
            Self::Variables => "variables",
        }
    }
}

/// What stands in the place of an import.
#[derive(Clone, Copy, Debug)]
pub(super) enum Replacement {
    /// Functions that answer that there is nothing, or that it is denied.
    Nothing(InterfaceId),
    /// Standard error.
    StandardError(InterfaceId),
}

/// What is done about an import of a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// The host satisfies it: nothing of the world can be reached through it.
    Pass,
    /// The host satisfies it if the capability is inherited, otherwise nothing is behind it.
    Needs(Capability),
    /// Standard output, which becomes standard error.
    StandardOutput,
    /// The dependency is refused.
    Refuse,
}

/// Interfaces without effects of their own, of WASI 0.2: what they work on comes from others that are denied.
const PASSED: [&str; 23] = [
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/timezone",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/types",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/udp",
];

/// A component that does what the dependency does and reaches nothing but what it inherits.
pub(crate) fn confine(dependency: &Dependency<'_>) -> Result<Vec<u8>, ComposeError> {
    let problem = |problem: String| ComposeError::DependencyNotAComponent {
        dependency: dependency.name.to_string(),
        problem,
    };
    let decoded = wit_component::decode(dependency.wasm).map_err(|error| problem(format!("{error:#}")))?;
    let DecodedWasm::Component(mut resolve, world) = decoded else {
        return Err(problem("it holds types and no code".to_owned()));
    };
    let replaced = replaced(&resolve, world, dependency)?;
    if replaced.is_empty() {
        return Ok(dependency.wasm.to_vec());
    }
    let names: Vec<_> = replaced.keys().map(|key| resolve.name_world_key(key)).collect();
    let encoding = |error| ComposeError::Encoding(format!("dependency \"{}\": {error}", dependency.name));
    let adapter = adapter::adapter(&mut resolve, world, &replaced);
    let adapter = adapter.map_err(|error| encoding(format!("{error:#}")))?;
    graph::plug(&adapter, dependency.wasm, &names).map_err(encoding)
}

/// The imports that the adapter satisfies.
fn replaced(
    resolve: &Resolve,
    world: WorldId,
    dependency: &Dependency<'_>,
) -> Result<IndexMap<WorldKey, Replacement>, ComposeError> {
    let mut replaced = IndexMap::new();
    for (key, item) in &resolve.worlds[world].imports {
        let import = resolve.name_world_key(key);
        let replacement = match (rule(&import), item) {
            (Rule::Pass, _) => continue,
            (Rule::Needs(capability), _) if dependency.inherits.contains(&capability) => continue,
            (Rule::Needs(_), WorldItem::Interface { id, .. }) => Replacement::Nothing(*id),
            (Rule::StandardOutput, WorldItem::Interface { id, .. }) => Replacement::StandardError(*id),
            _ => return Err(ComposeError::NotGiven { dependency: dependency.name.to_string(), import }),
        };
        replaced.insert(key.clone(), replacement);
    }
    Ok(replaced)
}

fn rule(import: &str) -> Rule {
    use Capability::{AllowedOutboundHosts, Environment, Files, Variables};
    let (name, version) = import.split_once('@').unwrap_or((import, ""));
    match name {
        "fermyon:spin/variables" | "spin:variables/variables" | "wasi:config/store" => {
            return Rule::Needs(Variables);
        }
        // Of other versions nothing is known.
        _ if !version.starts_with("0.2.") => return Rule::Refuse,
        _ => {}
    }
    match name {
        "wasi:cli/environment" => Rule::Needs(Environment),
        "wasi:filesystem/preopens" => Rule::Needs(Files),
        "wasi:http/outgoing-handler"
        | "wasi:sockets/ip-name-lookup"
        | "wasi:sockets/tcp-create-socket"
        | "wasi:sockets/udp-create-socket" => Rule::Needs(AllowedOutboundHosts),
        "wasi:cli/stdout" => Rule::StandardOutput,
        _ if PASSED.contains(&name) => Rule::Pass,
        _ => Rule::Refuse,
    }
}
