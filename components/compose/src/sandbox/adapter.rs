//! The component that stands in the place of the world.

use anyhow::{Context as _, Result};
use indexmap::IndexMap;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{InterfaceId, Resolve, WorldId, WorldItem, WorldKey};

use super::{Replacement, module};

/// Name of the interface that standard output is replaced with.
const STDERR: &str = "stderr";

/// A component that exports the interfaces that are replaced, exactly as the dependency imports them. `world` is the
/// dependency's and becomes the adapter's.
pub(super) fn adapter(
    resolve: &mut Resolve,
    world: WorldId,
    replaced: &IndexMap<WorldKey, Replacement>,
) -> Result<Vec<u8>> {
    let mut needed = Vec::new();
    for replacement in replaced.values() {
        match replacement {
            Replacement::Nothing(id) => add_needed(resolve, *id, &mut needed),
            Replacement::StandardError(id) => {
                add_needed(resolve, *id, &mut needed);
                needed.push(standard_error(resolve, *id)?);
            }
        }
    }
    let world_of = &mut resolve.worlds[world];
    let item = |id: InterfaceId| WorldItem::Interface {
        id,
        docs: Default::default(),
        external_id: Default::default(),
        stability: Default::default(),
        span: Default::default(),
    };
    world_of.imports = needed.iter().map(|id| (WorldKey::Interface(*id), item(*id))).collect();
    world_of.exports =
        replaced.iter().map(|(key, replacement)| (key.clone(), item(replacement.interface()))).collect();
    let mut module = module::module(resolve, replaced)?;
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8)?;
    ComponentEncoder::default().validate(true).module(&module)?.encode()
}

impl Replacement {
    pub(super) fn interface(self) -> InterfaceId {
        match self {
            Self::Nothing(id) | Self::StandardError(id) => id,
        }
    }
}

/// The standard error that is beside a standard output: the same function, by another name.
pub(super) fn standard_error(resolve: &mut Resolve, stdout: InterfaceId) -> Result<InterfaceId> {
    let package = resolve.interfaces[stdout].package.context("standard output is of no package")?;
    if let Some(found) = resolve.packages[package].interfaces.get(STDERR) {
        return Ok(*found);
    }
    let mut interface = resolve.interfaces[stdout].clone();
    interface.name = Some(STDERR.to_owned());
    let functions = std::mem::take(&mut interface.functions).into_iter();
    interface.functions = functions
        .map(|(_, mut function)| {
            function.name = "get-stderr".to_owned();
            (function.name.clone(), function)
        })
        .collect();
    let id = resolve.interfaces.alloc(interface);
    resolve.packages[package].interfaces.insert(STDERR.to_owned(), id);
    for (name, of_stdout) in resolve.interfaces[stdout].types.clone() {
        let mut ty = resolve.types[of_stdout].clone();
        ty.owner = wit_parser::TypeOwner::Interface(id);
        let ty = resolve.types.alloc(ty);
        resolve.interfaces[id].types.insert(name, ty);
    }
    own_types(resolve, stdout, id);
    Ok(id)
}

/// Lets the functions of a copied interface speak of its own types.
fn own_types(resolve: &mut Resolve, from: InterfaceId, to: InterfaceId) {
    let names = resolve.interfaces[from].types.clone();
    let own = resolve.interfaces[to].types.clone();
    let renamed = |id: wit_parser::TypeId| {
        names.iter().find(|(_, found)| **found == id).and_then(|(name, _)| own.get(name).copied())
    };
    let mut copies = Vec::new();
    for function in resolve.interfaces[to].functions.values() {
        let Some(wit_parser::Type::Id(id)) = function.result else { continue };
        let mut ty = resolve.types[id].clone();
        if let wit_parser::TypeDefKind::Handle(wit_parser::Handle::Own(of)) = &mut ty.kind {
            *of = renamed(*of).unwrap_or(*of);
            copies.push(ty);
        }
    }
    let ids: Vec<_> = copies.into_iter().map(|ty| resolve.types.alloc(ty)).collect();
    for (function, id) in resolve.interfaces[to].functions.values_mut().zip(ids) {
        function.result = Some(wit_parser::Type::Id(id));
    }
}

/// The interfaces whose types an interface uses, each after those that it uses itself.
fn add_needed(resolve: &Resolve, id: InterfaceId, needed: &mut Vec<InterfaceId>) {
    for used in resolve.interface_direct_deps(id).collect::<Vec<_>>() {
        if !needed.contains(&used) {
            add_needed(resolve, used, needed);
            needed.push(used);
        }
    }
}
