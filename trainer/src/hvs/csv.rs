//! Recordings as a file: the columns of the seed project's raw data, and the scenario.
//!
//! A gap is an empty cell. So is the label of a reading that has none: one during a fault that runs away, but
//! outside the window of early warning.

use std::io::{self, Write};
use std::path::Path;

use csv::StringRecord;
use portent_event::time::Date;

use super::recording::{Label, Reading, Recording, SAMPLE_SECONDS, SENSORS, Series};
use crate::table::{BadValue, Column, DataError, Rule, check_header, excerpt, records, value};

/// Column of the time of a reading.
pub const TIMESTAMP: &str = "Timestamp";
/// Column of the module.
pub const MODULE: &str = "Module_ID";
const RACK: &str = "Rack_ID";
const LABEL: &str = "Hazard_Label";
const SCENARIO: &str = "Scenario";

const DAY: u64 = 86_400;

/// Writes the header.
///
/// # Errors
/// As of the writer.
pub fn write_header(out: &mut impl Write) -> io::Result<()> {
    let names: Vec<String> = columns().into_iter().map(|column| column.name).collect();
    writeln!(out, "{}", names.join(","))
}

/// Writes the rows of a recording, module by module.
///
/// # Errors
/// As of the writer.
pub fn write(recording: &Recording, out: &mut impl Write) -> io::Result<()> {
    let Recording { scenario, rack, started, modules } = recording;
    for Series { module, readings, labels } in modules {
        for ((index, reading), label) in (0..).zip(readings).zip(labels) {
            write!(out, "{},{module},{rack}", timestamp(started + index * SAMPLE_SECONDS as u64))?;
            for value in reading {
                if value.is_nan() { write!(out, ",")? } else { write!(out, ",{value}")? }
            }
            let label = match label {
                Label::Normal => "0",
                Label::Hazardous => "1",
                Label::Unlabelled => "",
            };
            writeln!(out, ",{label},{scenario}")?;
        }
    }
    Ok(())
}

/// Reads a file as [`write()`] writes it: the rows of a module in one piece, and those of a scenario.
///
/// # Errors
/// [`DataError`] for the first thing that is wrong.
pub fn read(path: &Path) -> Result<Vec<Recording>, DataError> {
    parse(&String::from_utf8(std::fs::read(path)?).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let newlines = error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count();
        DataError::NotUtf8 { line: newlines as u64 + 1 }
    })?)
}

/// The text of a file.
///
/// # Errors
/// As [`read`].
pub fn parse(text: &str) -> Result<Vec<Recording>, DataError> {
    let mut records = records(text);
    let (_, header) = records.next().ok_or(DataError::Empty)??;
    let columns = columns();
    check_header(&header, &columns)?;
    let mut recordings: Vec<Recording> = Vec::new();
    for record in records {
        let (line, record) = record?;
        if record.len() != columns.len() {
            return Err(DataError::Width { line, actual: record.len(), expected: columns.len() });
        }
        add(&mut recordings, &Row::read(line, &record, &columns)?)?;
    }
    if recordings.is_empty() { Err(DataError::NoCompleteRow { rows: 0 }) } else { Ok(recordings) }
}

/// A line, checked by itself.
struct Row<'a> {
    line: u64,
    time: u64,
    module: &'a str,
    rack: &'a str,
    scenario: &'a str,
    reading: Reading,
    label: Label,
}

impl<'a> Row<'a> {
    fn read(line: u64, record: &'a StringRecord, columns: &[Column]) -> Result<Self, DataError> {
        let cell = |index: usize| record.get(index).unwrap_or_default();
        let number = |index: usize, column: &Column| {
            value(cell(index), &column.rule).map_err(|problem| bad(line, &column.name, cell(index), problem))
        };
        let name = |index: usize, column: &str| match cell(index) {
            "" => Err(bad(line, column, "", BadValue::NotAName)),
            name => Ok(name),
        };
        let mut reading = [f64::NAN; SENSORS.len()];
        for (value, (index, column)) in reading.iter_mut().zip(columns.iter().enumerate().skip(3)) {
            *value = number(index, column)?;
        }
        let label = SENSORS.len() + 3;
        let label = match number(label, &columns[label])? {
            unlabelled if unlabelled.is_nan() => Label::Unlabelled,
            0.0 => Label::Normal,
            _ => Label::Hazardous,
        };
        Ok(Self {
            line,
            time: seconds(cell(0)).ok_or_else(|| bad(line, TIMESTAMP, cell(0), BadValue::NotATime))?,
            module: name(1, MODULE)?,
            rack: name(2, RACK)?,
            scenario: name(SENSORS.len() + 4, SCENARIO)?,
            reading,
            label,
        })
    }
}

/// Appends a row to the recordings that it continues, or begins another.
fn add(recordings: &mut Vec<Recording>, row: &Row<'_>) -> Result<(), DataError> {
    if recordings.last().is_none_or(|last| last.scenario != row.scenario || last.rack != row.rack) {
        let (scenario, rack) = (row.scenario.to_owned(), row.rack.to_owned());
        recordings.push(Recording { scenario, rack, started: row.time, modules: Vec::new() });
    }
    let Some(recording) = recordings.last_mut() else { return Ok(()) };
    if recording.modules.last().is_none_or(|last| last.module != row.module) {
        let module = row.module.to_owned();
        recording.modules.push(Series { module, readings: Vec::new(), labels: Vec::new() });
    }
    let Some(series) = recording.modules.last_mut() else { return Ok(()) };
    let expected = recording.started + series.readings.len() as u64 * SAMPLE_SECONDS as u64;
    if row.time != expected {
        return Err(bad(row.line, TIMESTAMP, &timestamp(row.time), BadValue::NotNext));
    }
    series.readings.push(row.reading);
    series.labels.push(row.label);
    Ok(())
}

fn columns() -> Vec<Column> {
    let any = || Rule::Number { lower: f64::NEG_INFINITY, upper: f64::INFINITY };
    let sensors = SENSORS.iter().map(|name| (*name, any()));
    let columns = [TIMESTAMP, MODULE, RACK].map(|name| (name, any())).into_iter().chain(sensors);
    let columns = columns.chain([(LABEL, Rule::Code(vec![0.0, 1.0])), (SCENARIO, any())]);
    columns.map(|(name, rule)| Column { name: name.to_owned(), rule }).collect()
}

fn bad(line: u64, column: &str, found: &str, problem: BadValue) -> DataError {
    DataError::Value { line, column: column.to_owned(), found: excerpt(found), problem }
}

/// Seconds since 1970-01-01 as `YYYY-MM-DD HH:MM:SS`.
fn timestamp(seconds: u64) -> String {
    let (day, second) = (seconds / DAY, seconds % DAY);
    format!("{} {:02}:{:02}:{:02}", Date::from_days(day), second / 3600, second / 60 % 60, second % 60)
}

fn seconds(text: &str) -> Option<u64> {
    let (date, time) = text.split_once([' ', 'T'])?;
    let days = u64::try_from(date.parse::<Date>().ok()?.days()).ok()?;
    let parts: Vec<u64> =
        time.split(':').map(|part| part.parse().ok().filter(|_| part.len() == 2)).collect::<Option<_>>()?;
    let [hour, minute, second] = parts[..] else { return None };
    (hour < 24 && minute < 60 && second < 60).then_some(days * DAY + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests;
