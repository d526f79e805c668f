//! The adapter's code: each function gives back what it was handed and answers that there is nothing.

use anyhow::{Result, bail};
use indexmap::IndexMap;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, ImportSection, Instruction, MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wit_parser::abi::{AbiVariant, WasmSignature, WasmType};
use wit_parser::{Handle, InterfaceId, Resolve, SizeAlign, Type, TypeDefKind, TypeId, TypeOwner, WorldKey};

use super::Replacement;
use super::adapter::standard_error;
use super::answer::answer;

/// Size of a page of memory.
const PAGE: usize = 1 << 16;

/// Answers lie in memory at multiples of this.
const ALIGNMENT: usize = 16;

/// A core module that exports the interfaces that are replaced.
pub(super) fn module(resolve: &mut Resolve, replaced: &IndexMap<WorldKey, Replacement>) -> Result<Vec<u8>> {
    let mut exports = Vec::new();
    for (key, replacement) in replaced {
        let redirect = match replacement {
            Replacement::Nothing(_) => None,
            Replacement::StandardError(id) => Some(standard_error(resolve, *id)?),
        };
        exports.push((resolve.name_world_key(key), replacement.interface(), redirect));
    }
    let mut sizes = SizeAlign::default();
    sizes.fill(resolve);
    let mut writer = Writer { resolve, sizes: &sizes, parts: Parts::default() };
    for (name, interface, redirect) in &exports {
        for function in resolve.interfaces[*interface].functions.values() {
            writer.add(name, function, *redirect)?;
        }
    }
    Ok(writer.parts.finish())
}

struct Writer<'a> {
    resolve: &'a Resolve,
    sizes: &'a SizeAlign,
    parts: Parts,
}

/// The module's parts as they grow.
#[derive(Default)]
struct Parts {
    /// Parameters and results.
    types: Vec<(Vec<ValType>, Vec<ValType>)>,
    /// Imported functions: module, name, type.
    imports: Vec<(String, String, u32)>,
    /// Exported functions: name, type, code.
    functions: Vec<(String, u32, Code)>,
    /// Answers.
    memory: Vec<u8>,
}

/// A function's code.
#[derive(Default)]
struct Code {
    /// Handles to give back: the parameter, and the imported function that drops it.
    drops: Vec<(u32, u32)>,
    end: End,
}

/// How a function ends.
#[derive(Default)]
enum End {
    /// With an answer that is no value.
    #[default]
    Return,
    /// With this number, or the address of the answer.
    Number(i32),
    /// With what an imported function answers.
    Call(u32),
    /// There is no answer that would be true.
    Trap,
}

impl Writer<'_> {
    fn add(
        &mut self,
        interface: &str,
        function: &wit_parser::Function,
        redirect: Option<InterfaceId>,
    ) -> Result<()> {
        let signature = self.resolve.wasm_signature(AbiVariant::GuestExport, function);
        let code = match redirect {
            Some(target) => Code { end: End::Call(self.redirected(target, &signature)?), ..Code::default() },
            None => Code { drops: self.drops(function, &signature), end: self.end(function, &signature) },
        };
        let ty = self.parts.ty(values(&signature.params), values(&signature.results));
        self.parts.functions.push((format!("{interface}#{}", function.name), ty, code));
        Ok(())
    }

    fn redirected(&mut self, target: InterfaceId, signature: &WasmSignature) -> Result<u32> {
        let module = self.resolve.name_world_key(&WorldKey::Interface(target));
        let Some(name) = self.resolve.interfaces[target].functions.keys().next() else {
            bail!("{module} has no function");
        };
        let ty = self.parts.ty(values(&signature.params), values(&signature.results));
        Ok(self.parts.import(module, name.clone(), ty))
    }

    /// Handles of the host's resources among the parameters.
    fn drops(&mut self, function: &wit_parser::Function, signature: &WasmSignature) -> Vec<(u32, u32)> {
        let mut place = 0;
        let mut drops = Vec::new();
        if signature.indirect_params {
            return drops;
        }
        for param in &function.params {
            let mut storage = [WasmType::I32; Resolve::MAX_FLAT_PARAMS];
            let mut flat = wit_parser::abi::FlatTypes::new(&mut storage);
            self.resolve.push_flat(&param.ty, &mut flat);
            if let Some((module, name)) = self.host_resource(&param.ty) {
                let ty = self.parts.ty(vec![ValType::I32], Vec::new());
                drops.push((place, self.parts.import(module, format!("[resource-drop]{name}"), ty)));
            }
            place += u32::try_from(flat.to_vec().len()).unwrap_or(0);
        }
        drops
    }

    /// The interface and the name of the resource that a handle is of, unless the adapter defines it.
    fn host_resource(&self, ty: &Type) -> Option<(String, String)> {
        let Type::Id(id) = ty else { return None };
        let TypeDefKind::Handle(Handle::Own(of) | Handle::Borrow(of)) = &self.resolve.types[*id].kind else {
            return None;
        };
        let origin = self.origin(*of);
        let is_alias = origin != *of;
        let resource = &self.resolve.types[origin];
        let TypeOwner::Interface(owner) = resource.owner else { return None };
        let module = self.resolve.name_world_key(&WorldKey::Interface(owner));
        is_alias.then(|| Some((module, resource.name.clone()?))).flatten()
    }

    fn origin(&self, mut id: TypeId) -> TypeId {
        while let TypeDefKind::Type(Type::Id(of)) = self.resolve.types[id].kind {
            id = of;
        }
        id
    }

    fn end(&mut self, function: &wit_parser::Function, signature: &WasmSignature) -> End {
        let Some(ty) = &function.result else { return End::Return };
        let Some(answer) = answer(self.resolve, self.sizes, ty) else { return End::Trap };
        if signature.retptr {
            return End::Number(i32::try_from(self.parts.keep(&answer)).unwrap_or(0));
        }
        let mut number = [0; 4];
        number.iter_mut().zip(&answer).for_each(|(to, from)| *to = *from);
        match signature.results[..] {
            [WasmType::I32] => End::Number(i32::from_le_bytes(number)),
            _ => End::Trap,
        }
    }
}

impl Parts {
    fn ty(&mut self, params: Vec<ValType>, results: Vec<ValType>) -> u32 {
        index_or_push(&mut self.types, (params, results))
    }

    fn import(&mut self, module: String, name: String, ty: u32) -> u32 {
        index_or_push(&mut self.imports, (module, name, ty))
    }

    /// Puts an answer into memory and tells where it lies.
    fn keep(&mut self, answer: &[u8]) -> usize {
        let place = self.memory.len();
        self.memory.extend_from_slice(answer);
        self.memory.resize(self.memory.len().next_multiple_of(ALIGNMENT), 0);
        place
    }

    fn finish(mut self) -> Vec<u8> {
        let i32s = |count| vec![ValType::I32; count];
        let realloc = self.ty(i32s(4), i32s(1));
        let (mut types, mut imports, mut functions) =
            (TypeSection::new(), ImportSection::new(), FunctionSection::new());
        let (mut exports, mut code) = (ExportSection::new(), CodeSection::new());
        for (params, results) in self.types {
            types.ty().function(params, results);
        }
        for (module, name, ty) in &self.imports {
            imports.import(module, name, EntityType::Function(*ty));
        }
        let mut index = u32::try_from(self.imports.len()).unwrap_or(u32::MAX);
        for (name, ty, body) in &self.functions {
            functions.function(*ty);
            exports.export(name, ExportKind::Func, index);
            code.function(&body.function());
            index += 1;
        }
        functions.function(realloc);
        exports.export("cabi_realloc", ExportKind::Func, index);
        exports.export("memory", ExportKind::Memory, 0);
        let scratch = self.memory.len();
        code.function(&reallocation(scratch));
        let mut memories = MemorySection::new();
        let minimum = (scratch / PAGE + 1) as u64;
        memories.memory(MemoryType {
            minimum,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(0), self.memory);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&functions).section(&memories);
        module.section(&exports).section(&code).section(&data);
        module.finish()
    }
}

impl Code {
    fn function(&self) -> Function {
        let mut function = Function::new([]);
        for (parameter, drop) in &self.drops {
            function.instruction(&Instruction::LocalGet(*parameter)).instruction(&Instruction::Call(*drop));
        }
        match self.end {
            End::Return => &mut function,
            End::Number(number) => function.instruction(&Instruction::I32Const(number)),
            End::Call(index) => function.instruction(&Instruction::Call(index)),
            End::Trap => function.instruction(&Instruction::Unreachable),
        };
        function.instruction(&Instruction::End);
        function
    }
}

/// Room for what the functions are handed. Nothing of it is read, so it is the same room for all; memory grows to hold it.
fn reallocation(scratch: usize) -> Function {
    use Instruction as I;
    let scratch = i32::try_from(scratch).unwrap_or(i32::MAX);
    let mut function = Function::new([(1, ValType::I32)]);
    // Pages that are missing: (scratch + size + PAGE - 1) / PAGE - those that there are.
    let missing = [
        I::LocalGet(3),
        I::I32Const(scratch + 0xffff),
        I::I32Add,
        I::I32Const(16),
        I::I32ShrU,
        I::MemorySize(0),
        I::I32Sub,
        I::LocalTee(4),
        I::I32Const(0),
        I::I32GtS,
    ];
    let grown = [
        I::LocalGet(4),
        I::MemoryGrow(0),
        I::I32Const(-1),
        I::I32Eq,
        I::If(BlockType::Empty),
        I::Unreachable,
        I::End,
    ];
    for instruction in missing.into_iter().chain([I::If(BlockType::Empty)]).chain(grown) {
        function.instruction(&instruction);
    }
    for instruction in [I::End, I::I32Const(scratch), I::End] {
        function.instruction(&instruction);
    }
    function
}

fn index_or_push<T: PartialEq>(list: &mut Vec<T>, item: T) -> u32 {
    let index = list.iter().position(|found| *found == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    });
    u32::try_from(index).unwrap_or(u32::MAX)
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
