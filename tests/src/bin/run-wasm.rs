//! Runs a wasm test program, as cargo's runner for `wasm32-wasip2`.

use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::error::Context as _;
use wasmtime::{Config, Engine, Result, Store};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let program = arguments.first().context("usage: run-wasm PROGRAM [ARGUMENTS]")?;
    let engine = Engine::new(&Config::new())?;
    let component = Component::from_file(&engine, program)?;
    let mut linker = Linker::<State>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    let root = portent_tests::external::workspace();
    let wasi = WasiCtx::builder()
        .inherit_stdio()
        .inherit_env()
        .args(&arguments)
        .preopened_dir(root, root.to_string_lossy(), FsPerms::ReadOnly)?
        .build();
    let mut store = Store::new(&engine, State { wasi, table: ResourceTable::new() });
    let command = Command::instantiate_async(&mut store, &component, &linker).await?;
    let outcome = command.wasi_cli_run().call_run(&mut store).await?;
    outcome.map_err(|()| wasmtime::format_err!("{program} failed"))
}
