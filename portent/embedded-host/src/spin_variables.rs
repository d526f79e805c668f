//! `fermyon:spin/variables@2.0.0` and `spin:variables/variables@3.0.0`, by which components of WASI 0.2 and of 0.3 read
//! their variables.

use std::future::ready;

use wasmtime::StoreContextMut;
use wasmtime::component::{Accessor, ComponentType, Linker, Lower};

use crate::state::State;

#[derive(ComponentType, Lower)]
#[component(variant)]
enum Error {
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

/// Adds the interface for components of WASI 0.2.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance("fermyon:spin/variables@2.0.0")?;
    interface.func_wrap("get", |store: StoreContextMut<'_, State>, (name,): (String,)| {
        Ok((get(store.data(), name),))
    })
}

/// Adds the interface for components of WASI 0.3.
pub(crate) fn add_p3_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance("spin:variables/variables@3.0.0")?;
    interface.func_wrap_concurrent("get", |store: &Accessor<State>, (name,): (String,)| {
        let value = store.with(|mut store| get(store.get(), name));
        Box::pin(ready(Ok((value,))))
    })
}

fn get(state: &State, name: String) -> Result<String, Error> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match state.variables.get(&name) {
        Some(value) => Ok(value.clone()),
        None if name.is_empty() || !name.chars().all(allowed) => Err(Error::InvalidName(name)),
        None => Err(Error::Undefined(format!("no variable {name} for this component"))),
    }
}
