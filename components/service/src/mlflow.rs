//! The scoring protocol of MLflow 2 and 3: `/invocations` with data frames or tensors as JSON, or with CSV.
//!
//! <https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/>

mod csv;

use portent_event::{ErrorType, Stage};
use portent_openapi::contract::{DATAFRAME_RECORDS, DATAFRAME_SPLIT, INPUTS, INSTANCES, PARAMS};

use crate::body;
use crate::call::Call;
use crate::exchange::Response;
use crate::fields;
use crate::json::{JsonType, Reader};
use crate::outcome::Outcome;
use crate::refusal::{ErrorForm, Refusal};
use crate::stop_watch::StopWatch;
use crate::table::{AnswerParameters, ColumnRows, Columns, ListedRows, RowForm, RowSource, Table};
use crate::values::{self, Coercion};
use crate::violation::{InputRule, Place, Violations};

/// Members that hold data, of which a request has exactly one, and the parameters. Others are passed over.
const MEMBERS: [&str; 5] = [DATAFRAME_SPLIT, DATAFRAME_RECORDS, INSTANCES, INPUTS, PARAMS];

/// Content of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Json,
    Csv,
}

/// Answers that the model can be used. Without a model the service answers 503 before.
pub(crate) fn ping() -> Outcome {
    Outcome::empty(200)
}

/// Answers the version of this software, as MLflow answers its own: bare text.
pub(crate) fn version() -> Outcome {
    Outcome::new(Response {
        status: 200,
        headers: vec![("content-type", "text/plain; charset=utf-8".into())],
        body: env!("CARGO_PKG_VERSION").into(),
    })
}

/// Answers the classes of rows.
pub(crate) fn invocations(call: &Call<'_>) -> Outcome {
    let mut watch = StopWatch::start(call.clock);
    let content = Content::of(call.request.header("content-type"));
    match content.and_then(|content| Ok((content, body::bytes(call.request)?))) {
        Ok((content, bytes)) => {
            let result = match content {
                Content::Json => body::utf8(&bytes)
                    .map_err(Refusal::from)
                    .and_then(|text| answer_json(call, text, &mut watch)),
                Content::Csv => answer_csv(call, &bytes, &mut watch),
            };
            watch.stop(result, ErrorForm::Code)
        }
        Err(refusal) => watch.stop(Err(refusal), ErrorForm::Code),
    }
}

impl Content {
    /// The content of a header; JSON if there is none.
    fn of<'a>(content_type: Option<&str>) -> Result<Self, Refusal<'a>> {
        let unsupported = |text| Err(Refusal::new(415, ErrorType::UnsupportedMediaType, text));
        let content_type = content_type.unwrap_or("application/json").to_ascii_lowercase();
        let mut parts = content_type.split(';').map(str::trim);
        let content = match parts.next() {
            Some("application/json") => Self::Json,
            Some("text/csv") => Self::Csv,
            _ => return unsupported("Content-Type is not supported; send application/json or text/csv"),
        };
        let is_utf8 = |value: &str| matches!(value.trim_matches('"'), "utf-8" | "utf8" | "us-ascii");
        let mut charsets = parts.filter_map(|part| part.strip_prefix("charset="));
        if charsets.all(is_utf8) {
            Ok(content)
        } else {
            unsupported("The charset is not supported; send UTF-8")
        }
    }
}

fn answer_json<'a>(
    call: &Call<'a>,
    text: &'a str,
    watch: &mut StopWatch<'_>,
) -> Result<Outcome, Refusal<'a>> {
    let (element, [data @ .., params]) = fields::members(text, &MEMBERS)?;
    watch.lap(Stage::Parse);
    if !element.is_object {
        return Err(not_one_member());
    }
    if let Some(name) = element.repeated.and_then(|index| MEMBERS.get(index)) {
        return Err(Violations::one(InputRule::repeated(), Place::default().field(name), None).into());
    }
    let mut present = MEMBERS.iter().zip(data).filter_map(|(name, text)| Some((*name, text?)));
    let (Some((name, text)), None) = (present.next(), present.next()) else {
        return Err(not_one_member());
    };
    let asked = AnswerParameters::read(call, PARAMS, params)?;
    answer_member(call, name, text, &asked, watch)
}

fn answer_member<'a>(
    call: &Call<'a>,
    name: &'static str,
    text: &'a str,
    asked: &AnswerParameters<'a>,
    watch: &mut StopWatch<'_>,
) -> Result<Outcome, Refusal<'a>> {
    let mut table = match name {
        DATAFRAME_RECORDS => Table::of(call, RowForm::Object, Coercion::Uniform),
        DATAFRAME_SPLIT => Table::of(call, RowForm::List, Coercion::Uniform),
        _ => Table::of_either(call, Coercion::Uniform),
    };
    table.state_coding(asked);
    let is_object = Reader::new(text).next_type()? == JsonType::Object;
    match name {
        DATAFRAME_SPLIT => {
            let rows = data_frame(text, &mut table)?;
            answer(call, table, rows, asked, watch)
        }
        INPUTS if is_object => {
            let rows = ColumnRows::new(name, text, &table.reader, &mut table.violations)?;
            answer(call, table, rows, asked, watch)
        }
        _ => {
            let rows = ListedRows::new(name, text, Columns::of_model(&table.reader))?;
            answer(call, table, rows, asked, watch)
        }
    }
}

fn answer_csv<'a>(
    call: &Call<'a>,
    bytes: &'a [u8],
    watch: &mut StopWatch<'_>,
) -> Result<Outcome, Refusal<'a>> {
    let asked = AnswerParameters::read(call, PARAMS, None)?;
    let mut table = Table::of(call, RowForm::List, Coercion::Cell);
    let rows = csv::CsvRows::new(bytes, &table.reader, &mut table.violations)?;
    answer(call, table, rows, &asked, watch)
}

/// Reads the rows and answers. If columns are missing, they are not named again for each row.
fn answer<'a>(
    call: &Call<'a>,
    mut table: Table<'a>,
    mut rows: impl RowSource<'a>,
    asked: &AnswerParameters<'a>,
    watch: &mut StopWatch<'_>,
) -> Result<Outcome, Refusal<'a>> {
    if table.violations.is_empty() {
        table.read(&mut rows, watch)?;
    }
    table.answer(call, asked, &rows, watch)
}

fn not_one_member<'a>() -> Refusal<'a> {
    let (last, others) = (MEMBERS[3], MEMBERS[..3].join(", "));
    Refusal::bad(format!("Input should be an object with exactly one of {others} and {last}"))
}

/// The rows of a data frame in the `split` orientation of pandas: names of columns, and rows as lists. Its index is
/// passed over.
fn data_frame<'a>(text: &'a str, table: &mut Table<'a>) -> Result<ListedRows<'a>, Refusal<'a>> {
    let place = Place::list(DATAFRAME_SPLIT);
    let [columns, data] = fields::object_members(text, &["columns", "data"], place)?;
    let missing = |name| Refusal::from(Violations::one(InputRule::Missing, place.field(name), None));
    let (names, data) = (columns.ok_or_else(|| missing("columns"))?, data.ok_or_else(|| missing("data"))?);
    let place = Place::list("dataframe_split.columns");
    let mut reader = Reader::new(names);
    if reader.next_type()? != JsonType::Array {
        return Err(Violations::one(InputRule::NotAList, place, None).into());
    }
    reader.begin_array()?;
    let mut columns = Columns::default();
    while reader.next_element()? {
        let name = values::string(reader.skip()?).unwrap_or_default();
        columns.add(&name, &table.reader, place, &mut table.violations)?;
    }
    columns.check(&table.reader, place, &mut table.violations);
    ListedRows::new("dataframe_split.data", data, columns)
}
