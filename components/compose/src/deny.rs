//! The component that takes the place of the interfaces that a dependency is denied.
//!
//! Its functions have no effect. Each drops the handles that it is passed, then returns an empty list, no value, or the
//! error that says best that access is denied. A function without such a result traps.

use std::mem;

use anyhow::{Context as _, Result, bail};
use indexmap::{IndexMap, IndexSet};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, ImportSection, InstructionSink, MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, FlatTypes, WasmType};
use wit_parser::{
    Handle, Int, InterfaceId, Resolve, SizeAlign, Type, TypeDefKind, TypeId, TypeOwner, WorldId, WorldItem,
    WorldKey,
};

/// The errors that say best that access is denied, best first.
const DENIALS: [&str; 3] = ["access-denied", "HTTP-request-denied", "undefined"];

/// Results lie in memory at multiples of this.
const ALIGNMENT: usize = 16;

/// A component that exports these imports of a world, with the same types. `stdout` is the one of them that standard
/// error takes the place of.
pub(crate) fn component(
    mut resolve: Resolve,
    world: WorldId,
    denied: &IndexSet<WorldKey>,
    stdout: Option<&WorldKey>,
) -> Result<Vec<u8>> {
    let imports = mem::take(&mut resolve.worlds[world].imports);
    let (exports, mut imports): (IndexMap<_, _>, IndexMap<_, _>) =
        imports.into_iter().partition(|(key, _)| denied.contains(key));
    let mut interfaces = Vec::new();
    for (key, item) in &exports {
        let WorldItem::Interface { id, .. } = item else { continue };
        let mut stderr = None;
        if stdout == Some(key) {
            let (mut item, interface) = (item.clone(), standard_error(&mut resolve, *id)?);
            if let WorldItem::Interface { id, .. } = &mut item {
                *id = interface;
            }
            imports.insert(WorldKey::Interface(interface), item);
            stderr = Some(interface);
        }
        interfaces.push((resolve.name_world_key(key), *id, stderr));
    }
    resolve.worlds[world].imports = imports;
    resolve.worlds[world].exports = exports;
    let mut sizes = SizeAlign::default();
    sizes.fill(&resolve);
    let mut code = Code::default();
    for (name, interface, stderr) in interfaces {
        for function in resolve.interfaces[interface].functions.values() {
            code.add(&resolve, &sizes, &name, function, stderr)?;
        }
    }
    let mut module = code.finish()?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    ComponentEncoder::default().validate(true).module(&module)?.encode()
}

/// The interface of standard error in the package of this one of standard output. It is made if the world lacks it.
fn standard_error(resolve: &mut Resolve, stdout: InterfaceId) -> Result<InterfaceId> {
    let package = resolve.interfaces[stdout].package.context("standard output is in no package")?;
    if let Some(found) = resolve.packages[package].interfaces.get("stderr") {
        return Ok(*found);
    }
    let (id, mut stderr) = (resolve.interfaces.next_id(), resolve.interfaces[stdout].clone());
    let (Some((_, mut get)), Some((name, stream))) = (stderr.functions.pop(), stderr.types.pop()) else {
        bail!("standard output has no function or type");
    };
    let mut stream = resolve.types[stream].clone();
    stream.owner = TypeOwner::Interface(id);
    let mut handle = stream.clone();
    (handle.name, handle.owner) = (None, TypeOwner::None);
    let stream = resolve.types.alloc(stream);
    handle.kind = TypeDefKind::Handle(Handle::Own(stream));
    get.result = Some(Type::Id(resolve.types.alloc(handle)));
    get.name = "get-stderr".to_owned();
    stderr.name = Some("stderr".to_owned());
    stderr.types = [(name, stream)].into_iter().collect();
    stderr.functions = [(get.name.clone(), get)].into_iter().collect();
    resolve.interfaces.alloc(stderr);
    resolve.packages[package].interfaces.insert("stderr".to_owned(), id);
    Ok(id)
}

/// The type that others are names of.
fn origin(resolve: &Resolve, mut id: TypeId) -> TypeId {
    while let TypeDefKind::Type(Type::Id(of)) = resolve.types[id].kind {
        id = of;
    }
    id
}

/// The core module of the component.
#[derive(Default)]
struct Code {
    types: TypeSection,
    /// Imported functions: module, name, parameters and results.
    imports: IndexSet<(String, String, Vec<ValType>, Vec<ValType>)>,
    functions: FunctionSection,
    /// Names of the functions.
    exports: Vec<String>,
    code: CodeSection,
    /// Results that functions return the addresses of.
    memory: Vec<u8>,
}

impl Code {
    /// Adds a function of an interface. A function of standard output calls that of standard error.
    fn add(
        &mut self,
        resolve: &Resolve,
        sizes: &SizeAlign,
        interface: &str,
        function: &wit_parser::Function,
        stderr: Option<InterfaceId>,
    ) -> Result<()> {
        let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
        let (params, results) = (values(&signature.params), values(&signature.results));
        let mut code = Function::new([]);
        let mut body = code.instructions();
        if let Some(stderr) = stderr {
            let name = resolve.interfaces[stderr].functions.keys().next().context("no function")?;
            body.call(self.import(resolve, stderr, name.clone(), &params, &results)?);
        } else {
            if !signature.indirect_params {
                self.drop_handles(resolve, function, &mut body)?;
            }
            let result = function.result.map(|ty| denial(resolve, sizes, &ty));
            match (result, &results[..]) {
                (None, _) => &mut body,
                (Some(Some(bytes)), _) if signature.retptr => body.i32_const(self.keep(&bytes)?),
                // Such a result is a case, or zero.
                (Some(Some(bytes)), [ValType::I32]) => {
                    body.i32_const(bytes.first().copied().unwrap_or(0).into())
                }
                _ => body.unreachable(),
            };
        }
        body.end();
        self.function(format!("{interface}#{}", function.name), params, results, &code);
        Ok(())
    }

    /// Drops the handles of the host's resources among the parameters.
    fn drop_handles(
        &mut self,
        resolve: &Resolve,
        function: &wit_parser::Function,
        body: &mut InstructionSink<'_>,
    ) -> Result<()> {
        let mut storage = [WasmType::I32; Resolve::MAX_FLAT_PARAMS];
        let mut flat = FlatTypes::new(&mut storage);
        for param in &function.params {
            let place = u32::try_from(flat.to_vec().len())?;
            resolve.push_flat(&param.ty, &mut flat);
            let Type::Id(id) = param.ty else { continue };
            if let TypeDefKind::Handle(Handle::Own(of) | Handle::Borrow(of)) = resolve.types[id].kind {
                let origin = origin(resolve, of);
                let resource = &resolve.types[origin];
                // What an interface calls by no other name it defines itself, so that the value is no handle here.
                if origin != of
                    && let (TypeOwner::Interface(owner), Some(name)) = (resource.owner, &resource.name)
                {
                    let name = format!("[resource-drop]{name}");
                    body.local_get(place).call(self.import(resolve, owner, name, &[ValType::I32], &[])?);
                }
            }
        }
        Ok(())
    }

    /// The index of an imported function.
    fn import(
        &mut self,
        resolve: &Resolve,
        interface: InterfaceId,
        name: String,
        params: &[ValType],
        results: &[ValType],
    ) -> Result<u32> {
        let module = resolve.name_world_key(&WorldKey::Interface(interface));
        let (index, _) = self.imports.insert_full((module, name, params.to_vec(), results.to_vec()));
        Ok(u32::try_from(index)?)
    }

    fn function(&mut self, name: String, params: Vec<ValType>, results: Vec<ValType>, code: &Function) {
        self.functions.function(self.types.len());
        self.types.ty().function(params, results);
        self.exports.push(name);
        self.code.function(code);
    }

    /// Puts a result into memory and returns its address.
    fn keep(&mut self, result: &[u8]) -> Result<i32> {
        let address = self.memory.len();
        self.memory.extend_from_slice(result);
        self.memory.resize(self.memory.len().next_multiple_of(ALIGNMENT), 0);
        Ok(i32::try_from(address)?)
    }

    fn finish(mut self) -> Result<Vec<u8>> {
        let parameters = i32::try_from(self.memory.len())?;
        let realloc = reallocation(parameters);
        self.function("cabi_realloc".to_owned(), vec![ValType::I32; 4], vec![ValType::I32], &realloc);
        let (mut imports, mut exports) = (ImportSection::new(), ExportSection::new());
        for (module, name, params, results) in self.imports {
            imports.import(&module, &name, EntityType::Function(self.types.len()));
            self.types.ty().function(params, results);
        }
        for (index, name) in (imports.len()..).zip(&self.exports) {
            exports.export(name, ExportKind::Func, index);
        }
        exports.export("memory", ExportKind::Memory, 0);
        let mut memories = MemorySection::new();
        let minimum = (self.memory.len() as u64 >> 16) + 1;
        let page_size_log2 = None;
        memories.memory(MemoryType {
            minimum,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2,
        });
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(0), self.memory);
        let mut module = Module::new();
        module.section(&self.types).section(&imports).section(&self.functions).section(&memories);
        module.section(&exports).section(&self.code).section(&data);
        Ok(module.finish())
    }
}

/// Allocates the same memory for all parameters, since none of them is read: it begins behind the results.
fn reallocation(address: i32) -> Function {
    let mut function = Function::new([(1, ValType::I32)]);
    let mut body = function.instructions();
    // Pages that are missing: (address + size + 0xffff) / 0x10000 - memory.size.
    body.local_get(3).i32_const(address + 0xffff).i32_add().i32_const(16).i32_shr_u();
    body.memory_size(0).i32_sub().local_tee(4).i32_const(0).i32_gt_s().if_(BlockType::Empty);
    body.local_get(4).memory_grow(0).i32_const(-1).i32_eq().if_(BlockType::Empty).unreachable().end();
    body.end().i32_const(address).end();
    function
}

/// The bytes of a result that denies access; none for a type that has no such value.
fn denial(resolve: &Resolve, sizes: &SizeAlign, ty: &Type) -> Option<Vec<u8>> {
    let mut bytes = vec![0; sizes.size(ty).size_wasm32()];
    let Type::Id(id) = ty else { return Some(bytes) };
    let (case, payloads): (usize, Vec<Option<Type>>) = match &resolve.types[*id].kind {
        TypeDefKind::Type(alias) => return denial(resolve, sizes, alias),
        TypeDefKind::List(_) | TypeDefKind::Option(_) | TypeDefKind::Flags(_) => return Some(bytes),
        TypeDefKind::Enum(ty) => (best(&ty.cases.iter().map(|case| &*case.name)), Vec::new()),
        TypeDefKind::Result(ty) => (1, vec![ty.ok, ty.err]),
        TypeDefKind::Variant(ty) => {
            (best(&ty.cases.iter().map(|case| &*case.name)), ty.cases.iter().map(|case| case.ty).collect())
        }
        _ => return None,
    };
    *bytes.first_mut()? = u8::try_from(case).ok()?;
    if let Some(Some(ty)) = payloads.get(case) {
        let payload = denial(resolve, sizes, ty)?;
        let place = sizes.payload_offset(Int::U8, payloads.iter().map(Option::as_ref)).size_wasm32();
        bytes.get_mut(place..place + payload.len())?.copy_from_slice(&payload);
    }
    Some(bytes)
}

/// The index of the case that says best that access is denied; the first one if none does.
fn best<'a>(cases: &(impl Iterator<Item = &'a str> + Clone)) -> usize {
    DENIALS.iter().find_map(|denial| cases.clone().position(|case| case == *denial)).unwrap_or(0)
}

fn values(types: &[WasmType]) -> Vec<ValType> {
    let value = |ty: &WasmType| match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    };
    types.iter().map(value).collect()
}
