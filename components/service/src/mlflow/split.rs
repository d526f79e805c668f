//! A data frame in the `split` orientation of pandas: names of columns, and rows as lists. Its index is passed over.

use crate::fields::Fields;
use crate::json::{Kind, Reader};
use crate::refusal::Refusal;
use crate::table::{Columns, Listed, Table};
use crate::values;
use crate::violation::{Place, Rule, Violations};

const MEMBERS: [&str; 2] = ["columns", "data"];

/// The rows of a data frame, from its text.
pub(super) fn rows<'a>(
    text: &'a str,
    table: &Table<'a>,
    violations: &mut Violations<'a>,
) -> Result<Listed<'a>, Refusal<'a>> {
    let place = Place { list: Some(super::SPLIT), ..Place::default() };
    let members = Fields::of_text(text, &MEMBERS)?;
    let Some((element, &[columns, data])) = members.iter().next().filter(|(element, _)| element.is_object)
    else {
        return Err(Violations::one(Rule::NotAnObject, place, None).into());
    };
    if let Some(name) = element.repeated.and_then(|index| MEMBERS.get(index)) {
        return Err(Violations::one(Rule::repeated(), place.field(name), None).into());
    }
    let missing = |name| Refusal::from(Violations::one(Rule::Missing, place.field(name), None));
    let (names, data) = (columns.ok_or_else(|| missing("columns"))?, data.ok_or_else(|| missing("data"))?);
    let place = Place { list: Some("dataframe_split.columns"), ..Place::default() };
    let mut reader = Reader::new(names);
    if reader.kind()? != Kind::Array {
        return Err(Violations::one(Rule::NotAList, place, None).into());
    }
    reader.begin_array()?;
    let mut columns = Columns::default();
    while reader.next_element()? {
        let name = values::string(reader.skip()?).unwrap_or_default();
        columns.add(&name, &table.reader, place, violations)?;
    }
    columns.check(&table.reader, place, violations);
    Listed::new("dataframe_split.data", data, columns)
}
