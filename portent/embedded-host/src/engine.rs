//! The wasmtime engines: pooled memory, cached code, and a clock that makes busy components yield.
//!
//! Components of WASI 0.2 do without concurrency within an instance, which costs CPU time. So each version of WASI has
//! an engine of its own.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use wasmtime::{
    Cache, CacheConfig, Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
};

use wasmparser::{Parser, Payload};

use crate::options::Options;

/// How long a component computes before it yields its thread to others.
const TICK: Duration = Duration::from_millis(10);

/// Bytes of a slot that stay mapped for its next instance and are cleared by hand, which is cheaper than a system
/// call. Where the kernel tells which pages were written to (Linux 6.7), only those are: a fresh instance for a
/// request then costs half (seen: 190 µs without, 110 µs with), and an instance holds a tenth of the memory.
const RESIDENT_BYTES: usize = 1 << 20;

/// Prefix of the interface that an HTTP component of WASI 0.3 exports.
const P3_HANDLER: &str = "wasi:http/handler@0.3.";

/// A component of WASI holds a handful of core modules, its own and shims, of which one has a memory; one that
/// is composed of others holds theirs too.
const CORE_INSTANCES: u32 = 64;
const MEMORIES: u32 = 4;
const TABLES: u32 = 16;

/// One for what an instance computes, and one kept for what it computes next.
const STACKS: u32 = 2;

/// The version of WASI that a component is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WasiVersion {
    /// It exports `wasi:http/incoming-handler`.
    P2,
    /// It exports `wasi:http/handler`.
    P3,
}

impl WasiVersion {
    /// The version of a component's bytes. Anything that is not an HTTP component of WASI 0.3 counts as 0.2: its
    /// compilation finds its fault.
    pub(crate) fn of(wasm: &[u8]) -> Self {
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
            match payload {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                Payload::ComponentExportSection(exports) if depth == 0 => {
                    let mut exports = exports.into_iter().map_while(Result::ok);
                    if exports.any(|export| export.name.name.starts_with(P3_HANDLER)) {
                        return Self::P3;
                    }
                }
                _ => {}
            }
        }
        Self::P2
    }
}

/// The engine for `components` components, all of one version.
pub(crate) fn build(options: &Options, components: usize, version: WasiVersion) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(version == WasiVersion::P3)
        .cache(cache(options.cache_dir.clone()));
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(options, components)));
    let engine = Engine::new(&config).or_else(|error| {
        tracing::warn!(
            error = format!("{error:#}"),
            "no room for pooled memory: every instance maps its own"
        );
        config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        Engine::new(&config)
    })?;
    spawn_ticker(&engine)?;
    Ok(engine)
}

/// Room for every instance that may exist at once: running, working after its response, and idle.
fn pool(options: &Options, components: usize) -> PoolingAllocationConfig {
    let instances = options.concurrency * (components + 1) + options.after_response;
    let instances = u32::try_from(instances).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances.saturating_mul(MEMORIES))
        .total_tables(instances.saturating_mul(TABLES / 2))
        .total_stacks(instances.saturating_mul(STACKS))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_tables_per_component(TABLES)
        .max_memories_per_component(MEMORIES)
        .max_memory_size(options.instance_memory)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .linear_memory_keep_resident(RESIDENT_BYTES)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(instances);
    pool
}

/// The cache of compiled code. Without one the host only starts more slowly.
fn cache(directory: Option<PathBuf>) -> Option<Cache> {
    let directory = directory.or_else(default_cache_directory)?;
    let mut config = CacheConfig::new();
    config.with_directory(directory.clone());
    match Cache::new(config) {
        Ok(cache) => Some(cache),
        Err(error) => {
            let error = format!("{error:#}");
            tracing::warn!(%error, directory = %directory.display(), "no cache of compiled code");
            None
        }
    }
}

fn default_cache_directory() -> Option<PathBuf> {
    let directory = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = directory("XDG_CACHE_HOME").or_else(|| Some(directory("HOME")?.join(".cache")))?;
    Some(base.join("portent").join("wasmtime"))
}

/// Runs on a thread of its own: a task would not run while components keep every worker busy.
fn spawn_ticker(engine: &Engine) -> wasmtime::Result<()> {
    let engine = engine.weak();
    let ticker = thread::Builder::new().name("epoch".to_owned());
    ticker.spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    })?;
    Ok(())
}
