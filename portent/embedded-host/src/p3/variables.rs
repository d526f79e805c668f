//! `spin:variables/variables@3.0.0`, by which a 0.3 component reads its variables.

use std::future::ready;

use wasmtime::component::{Accessor, Linker};

use crate::host::instance::State;
use crate::host::spin_variables::get;

/// Lets components import the interface.
pub(crate) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance("spin:variables/variables@3.0.0")?;
    interface.func_wrap_concurrent("get", |store: &Accessor<State>, (name,): (String,)| {
        let value = store.with(|mut store| get(store.get().variables(), name));
        Box::pin(ready(Ok((value,))))
    })
}
