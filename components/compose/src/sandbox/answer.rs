//! What a function answers behind which there is nothing: an empty list, no value, or that access is denied.

use wit_parser::{Resolve, Result_, SizeAlign, Type, TypeDefKind, Variant};

/// The errors that say best why there is nothing, best first.
const DENIALS: [&str; 3] = ["access-denied", "HTTP-request-denied", "undefined"];

/// The bytes of the answer in memory; none for a type that has no empty value.
pub(super) fn answer(resolve: &Resolve, sizes: &SizeAlign, ty: &Type) -> Option<Vec<u8>> {
    let mut bytes = vec![0; sizes.size(ty).size_wasm32()];
    let Type::Id(id) = ty else { return Some(bytes) };
    match &resolve.types[*id].kind {
        TypeDefKind::Type(alias) => return answer(resolve, sizes, alias),
        TypeDefKind::List(_) | TypeDefKind::Option(_) | TypeDefKind::Enum(_) | TypeDefKind::Flags(_) => {}
        TypeDefKind::Result(result) => fail(resolve, sizes, result, &mut bytes)?,
        TypeDefKind::Variant(variant) => choose(resolve, sizes, variant, &mut bytes)?,
        _ => return None,
    }
    Some(bytes)
}

/// Writes a result that is an error.
fn fail(resolve: &Resolve, sizes: &SizeAlign, result: &Result_, bytes: &mut [u8]) -> Option<()> {
    *bytes.first_mut()? = 1;
    let Some(error) = &result.err else { return Some(()) };
    let payload = denial(resolve, sizes, error)?;
    let place = payload_place(sizes, [&result.ok, &result.err]);
    bytes.get_mut(place..place + payload.len())?.copy_from_slice(&payload);
    Some(())
}

/// An error, the one that says best why there is nothing.
fn denial(resolve: &Resolve, sizes: &SizeAlign, error: &Type) -> Option<Vec<u8>> {
    if let Type::Id(id) = error {
        match &resolve.types[*id].kind {
            TypeDefKind::Type(alias) => return denial(resolve, sizes, alias),
            TypeDefKind::Enum(cases) => {
                let mut bytes = answer(resolve, sizes, error)?;
                *bytes.first_mut()? = best(cases.cases.iter().map(|case| &*case.name));
                return Some(bytes);
            }
            _ => {}
        }
    }
    answer(resolve, sizes, error)
}

/// Writes the case of a variant that says best why there is nothing.
fn choose(resolve: &Resolve, sizes: &SizeAlign, variant: &Variant, bytes: &mut [u8]) -> Option<()> {
    let case = best(variant.cases.iter().map(|case| &*case.name));
    *bytes.first_mut()? = case;
    let Some(ty) = &variant.cases.get(usize::from(case))?.ty else { return Some(()) };
    let payload = answer(resolve, sizes, ty)?;
    let place = payload_place(sizes, variant.cases.iter().map(|case| &case.ty));
    bytes.get_mut(place..place + payload.len())?.copy_from_slice(&payload);
    Some(())
}

/// The index of the best case; the first one where none is known.
fn best<'a>(cases: impl Iterator<Item = &'a str>) -> u8 {
    let names: Vec<_> = cases.take(usize::from(u8::MAX)).collect();
    let found = DENIALS.iter().find_map(|denial| names.iter().position(|name| name == denial));
    u8::try_from(found.unwrap_or(0)).unwrap_or(0)
}

/// Where the payload of a value lies whose case is one byte.
fn payload_place<'a>(sizes: &SizeAlign, payloads: impl IntoIterator<Item = &'a Option<Type>>) -> usize {
    let aligns = payloads.into_iter().flatten().map(|ty| sizes.align(ty).align_wasm32());
    aligns.max().unwrap_or(1)
}
