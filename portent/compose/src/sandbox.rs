//! What a dependency may use: nothing of the world, unless it inherits it.
//!
//! An adapter denies it the environment, directories, sockets, requests and variables, as Spin's does. Functions without
//! an effect that others could see are left to the host: clocks, random numbers, standard error. Standard output becomes
//! standard error, because lines on standard output are the component's events, and a dependency could write false ones.

use indexmap::IndexSet;
use wit_component::DecodedWasm;
use wit_parser::{WorldItem, WorldKey};

use crate::deny;
use crate::dependency::{Capability, Dependency};
use crate::error::ComposeError;

/// Interfaces without effects of their own, of WASI 0.2. The resources that they work on come from others.
const HARMLESS: [&str; 23] = [
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

/// What is done about an import of a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// The host satisfies it.
    Allow,
    /// The host satisfies it if the capability is inherited; otherwise the adapter denies it.
    Needs(Capability),
    /// The adapter turns standard output into standard error.
    StandardOutput,
    /// The dependency is refused.
    Refuse,
}

/// A component in the place of the host.
pub(crate) struct Adapter {
    pub(crate) wasm: Vec<u8>,
    /// The imports of the dependency that it satisfies.
    pub(crate) imports: Vec<String>,
}

/// The adapter that confines a dependency; none if it imports nothing that is denied.
pub(crate) fn adapter(dependency: &Dependency<'_>) -> Result<Option<Adapter>, ComposeError> {
    let name = || dependency.name.to_string();
    let problem = |problem| ComposeError::DependencyNotAComponent { dependency: name(), problem };
    let decoded = wit_component::decode(dependency.wasm).map_err(|error| problem(format!("{error:#}")))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err(problem("it holds types and no code".to_owned()));
    };
    let (mut denied, mut stdout): (IndexSet<WorldKey>, _) = (IndexSet::new(), None);
    for (key, item) in &resolve.worlds[world].imports {
        let import = resolve.name_world_key(key);
        match (rule(&import), item) {
            (Rule::Allow, _) => continue,
            (Rule::Needs(capability), _) if dependency.inherits.contains(&capability) => continue,
            (Rule::Needs(_), WorldItem::Interface { .. }) => {}
            (Rule::StandardOutput, WorldItem::Interface { .. }) => stdout = Some(key.clone()),
            _ => return Err(ComposeError::NotGiven { dependency: name(), import }),
        }
        denied.insert(key.clone());
    }
    if denied.is_empty() {
        return Ok(None);
    }
    let imports = denied.iter().map(|key| resolve.name_world_key(key)).collect();
    let wasm = deny::component(resolve, world, &denied, stdout.as_ref());
    let wasm =
        wasm.map_err(|error| ComposeError::Encoding(format!("dependency \"{}\": {error:#}", name())))?;
    Ok(Some(Adapter { wasm, imports }))
}

fn rule(import: &str) -> Rule {
    use Capability::{AllowedOutboundHosts, Environment, Files, Variables};
    let (name, version) = import.split_once('@').unwrap_or((import, ""));
    match name {
        "fermyon:spin/variables" | "spin:variables/variables" | "wasi:config/store" => Rule::Needs(Variables),
        // Nothing is known of other versions.
        _ if !version.starts_with("0.2.") => Rule::Refuse,
        "wasi:cli/environment" => Rule::Needs(Environment),
        "wasi:filesystem/preopens" => Rule::Needs(Files),
        "wasi:http/outgoing-handler"
        | "wasi:sockets/ip-name-lookup"
        | "wasi:sockets/tcp-create-socket"
        | "wasi:sockets/udp-create-socket" => Rule::Needs(AllowedOutboundHosts),
        "wasi:cli/stdout" => Rule::StandardOutput,
        _ if HARMLESS.contains(&name) => Rule::Allow,
        _ => Rule::Refuse,
    }
}
