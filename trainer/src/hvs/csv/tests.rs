//! Recordings come back as they were written, and faults are named.

use super::*;
use crate::hvs::simulator::simulate;

fn text(numbers: std::ops::Range<u64>) -> String {
    let mut bytes = Vec::new();
    write_header(&mut bytes).unwrap();
    numbers.for_each(|number| write(&simulate(5, number), &mut bytes).unwrap());
    String::from_utf8(bytes).unwrap()
}

/// Expects this message of a file whose line 3 has `cell` in a column.
#[track_caller]
fn check(column: usize, cell: &str, message: &str) {
    let text = text(0..1);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut cells: Vec<&str> = text.lines().nth(2).unwrap().split(',').collect();
    cells[column] = cell;
    lines[2] = cells.join(",");
    assert_eq!(parse(&lines.join("\n")).unwrap_err().to_string(), message);
}

#[test]
fn what_is_written_is_read() {
    let read = parse(&text(0..3)).unwrap();
    assert_eq!(read.len(), 3);
    for (number, read) in (0..).zip(read) {
        let written = simulate(5, number);
        assert_eq!(
            (read.started, &read.scenario, &read.rack),
            (written.started, &written.scenario, &written.rack)
        );
        for (read, written) in read.modules.iter().zip(&written.modules) {
            assert_eq!((&read.module, &read.labels), (&written.module, &written.labels));
            let bits =
                |series: &Series| series.readings.iter().flatten().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(read), bits(written));
        }
    }
}

#[test]
fn the_header_is_the_seeds_with_the_scenario() {
    assert_eq!(
        text(0..0).trim_end(),
        "Timestamp,Module_ID,Rack_ID,Module_Avg_Surface_Temp_C,Module_Max_Surface_Temp_C,Module_Voltage_V,Module_Current_A,\
         Module_SoC_percent,Sim_OffGas_CO_ppm_proxy,Sim_OffGas_H2_ppm_proxy,Sim_OffGas_VOC_ppm_proxy,Ambient_Temp_Rack_C,\
         Hazard_Label,Scenario"
    );
    assert!(text(0..1).lines().nth(1).unwrap().starts_with("2024-01-01 00:00:00,RackA1_Module01,RackA1,"));
}

#[test]
fn faults_are_named_by_line_and_column() {
    let column = |problem: &str| format!("line 3, column {problem}");
    check(0, "yesterday", &column("`Timestamp`: `yesterday` is not a time YYYY-MM-DD HH:MM:SS"));
    check(
        0,
        "2024-01-01 00:60:00",
        &column("`Timestamp`: `2024-01-01 00:60:00` is not a time YYYY-MM-DD HH:MM:SS"),
    );
    let next = column("`Timestamp`: `2024-01-01 00:00:30` is not 10 seconds after the reading before");
    check(0, "2024-01-01 00:00:30", &next);
    check(1, "", &column("`Module_ID`: `` is not a name"));
    check(4, "warm", &column("`Module_Max_Surface_Temp_C`: `warm` is not a number"));
    check(4, "inf", &column("`Module_Max_Surface_Temp_C`: `inf` is not a finite number"));
    check(12, "2", &column("`Hazard_Label`: `2` is not one of the codes 0, 1"));
    check(13, "a,b", "line 3: 15 cells, the header has 14");
}

#[test]
fn an_empty_file_is_refused() {
    assert!(matches!(parse(""), Err(DataError::Empty)));
    assert!(matches!(parse(&text(0..0)), Err(DataError::NoCompleteRow { rows: 0 })));
    let without = text(0..1).replacen("Rack_ID,", "", 1);
    assert_eq!(parse(&without).unwrap_err().to_string(), "line 1, column `Rack_ID`: missing from the header");
}
