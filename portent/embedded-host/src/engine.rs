//! The wasmtime engine: pooled memory, cached code, and a clock that makes busy components give way.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use wasmtime::{
    Cache, CacheConfig, Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
};

use super::Options;
use super::kind::Kind;

/// How long a component computes before it lets others have the thread.
const TICK: Duration = Duration::from_millis(10);

/// Bytes of a slot that stay mapped for its next instance and are cleared by hand, which is cheaper than a system
/// call. Where the kernel tells which pages were written to (Linux 6.7), only those are: a fresh instance for a
/// request then costs half (seen: 190 µs without, 110 µs with), and an instance holds a tenth of the memory.
const RESIDENT_BYTES: usize = 1 << 20;

/// A component of WASI holds a handful of core modules, its own and shims, of which one has a memory; one that
/// is composed of others holds theirs too.
const CORE_INSTANCES: u32 = 64;
const MEMORIES: u32 = 4;
const TABLES: u32 = 16;

/// One for what an instance computes, and one kept for what it computes next.
const STACKS: u32 = 2;

/// The engine for `components` components, all of one kind. What concurrency within an instance takes, those of
/// WASI 0.2 do without.
pub(crate) fn build(options: &Options, components: usize, kind: Kind) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(kind == Kind::P3)
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

/// Room for every instance that may exist at once: running, working after their answer, and kept.
fn pool(options: &Options, components: usize) -> PoolingAllocationConfig {
    let instances = options.concurrency * (components + 1) + options.after_answer;
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

/// The cache of compiled code. Without one the host works all the same, and starts more slowly.
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

/// A thread of its own: tasks would not run while components keep every worker busy, which is what it is for.
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
