//! `fermyon:spin/variables@2.0.0`, by which a component reads its variables.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Linker, Lower};

use super::instance::State;

/// A component's variables with their values.
pub(crate) type ComponentVariables = Arc<BTreeMap<String, String>>;

#[derive(ComponentType, Lower)]
#[component(variant)]
pub(crate) enum Error {
    #[component(name = "invalid-name")]
    InvalidName(String),
    #[component(name = "undefined")]
    Undefined(String),
    #[component(name = "provider")]
    #[expect(dead_code, reason = "part of the interface's type; this host has no other provider")]
    Provider(String),
    #[component(name = "other")]
    #[expect(dead_code, reason = "part of the interface's type")]
    Other(String),
}

/// Lets components import the interface.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance("fermyon:spin/variables@2.0.0")?;
    interface.func_wrap("get", |store: StoreContextMut<'_, State>, (name,): (String,)| {
        Ok((get(store.data().variables(), name),))
    })
}

pub(crate) fn get(variables: &ComponentVariables, name: String) -> Result<String, Error> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match variables.get(&name) {
        Some(value) => Ok(value.clone()),
        None if name.is_empty() || !name.chars().all(allowed) => Err(Error::InvalidName(name)),
        None => Err(Error::Undefined(format!("no variable {name} for this component"))),
    }
}
