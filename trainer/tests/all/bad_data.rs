//! Every fault of a data file is named by line and column.

use trainer::dataset::Loaded;
use trainer::heart;
use trainer::table::Table;

const HEADER: &str = "age,sex,cp,trestbps,chol,fbs,restecg,thalach,exang,oldpeak,slope,ca,thal,num";
const HEALTHY: &str = "63,1,1,145,233,1,2,150,0,2.3,3,0,6,0";
const DISEASED: &str = "67,1,4,160,286,0,2,108,1,1.5,2,3,3,2";

fn load(file: &[u8]) -> Result<Loaded, String> {
    let task = heart::task();
    let table = Table::parse(file, &task.columns()).map_err(|error| error.to_string())?;
    Loaded::from_table(&table, &task).map_err(|error| error.to_string())
}

/// Expects this message of a file.
#[track_caller]
fn check(file: &str, message: &str) {
    assert_eq!(load(file.as_bytes()).unwrap_err(), message);
}

/// Expects this message where the second row has `cell` in column `name`.
#[track_caller]
fn check_cell(name: &str, cell: &str, message: &str) {
    let index = HEADER.split(',').position(|column| column == name).unwrap();
    let mut cells: Vec<&str> = DISEASED.split(',').collect();
    cells[index] = cell;
    let message = format!("line 3, column `{name}`: `{cell}` {message}");
    check(&format!("{HEADER}\n{HEALTHY}\n{}\n", cells.join(",")), &message);
}

#[test]
fn a_good_file_is_read() {
    let loaded = load(format!("{HEADER}\n{HEALTHY}\n{DISEASED}\n").as_bytes()).unwrap();
    assert_eq!(loaded.data.positive(), [false, true]);
    assert_eq!(loaded.data.rows()[0][9], 2.3);
    assert_eq!(loaded.data.width(), 13);
}

/// As written by a spreadsheet: byte order mark, CRLF, quotes, spaces, blank lines, no final newline.
#[test]
fn a_spreadsheets_file_is_read() {
    let quoted = HEALTHY.replacen("63", "\"63\"", 1).replacen("145", " 145 ", 1);
    let file = format!("\u{feff}{HEADER}\r\n\r\n{quoted}\r\n{DISEASED}");
    assert_eq!(load(file.as_bytes()).unwrap().data.rows()[0][..4], [63.0, 1.0, 1.0, 145.0]);
}

/// Lines are counted as an editor counts them, whatever ends them.
#[test]
fn lines_are_those_of_the_file() {
    let bad = DISEASED.replacen("67", "old", 1);
    check(&format!("{HEADER}\r\n{HEALTHY}\r\n\r\n{bad}\r\n"), "line 4, column `age`: `old` is not a number");
    check(&format!("\n{HEADER}\n\n\n{HEALTHY}\n{bad}\n"), "line 6, column `age`: `old` is not a number");
}

#[test]
fn incomplete_rows_are_left_out() {
    let file =
        format!("{HEADER}\n{HEALTHY}\n63,1,1,145,233,1,2,150,0,2.3,3,,6,0\n{DISEASED}\n,,,,,,,,,,,,,\n");
    let loaded = load(file.as_bytes()).unwrap();
    assert_eq!((loaded.rows_read, loaded.data.len()), (4, 2));
}

#[test]
fn header() {
    check("", "line 1: the file is empty; it must begin with a header");
    check("\n \n", "line 1: the file is empty; it must begin with a header");
    let unknown = format!("line 1, column `target`: unknown; the header must be {HEADER}");
    check(&HEADER.replace("num", "target"), &unknown);
    let rows_only = format!("line 1, column `63`: unknown; the header must be {HEADER}");
    check(HEALTHY, &rows_only);
    let semicolons = HEADER.replace(',', ";");
    assert!(load(semicolons.as_bytes()).unwrap_err().starts_with("line 1, column `age;sex;"));
    check(&HEADER.replace("chol,", ""), "line 1, column `chol`: missing from the header");
    check(
        &HEADER.replace("age,sex", "sex,age"),
        "line 1, column `sex`: at position 1, where the header must have age",
    );
    check(
        &format!("{HEADER},age"),
        "line 1, column `age`: at position 15, where the header must have nothing more",
    );
}

#[test]
fn number_of_cells() {
    check(&format!("{HEADER}\n{HEALTHY},1\n"), "line 2: 15 cells, the header has 14");
    check(&format!("{HEADER}\n{HEALTHY}\n1,2\n"), "line 3: 2 cells, the header has 14");
    check(&format!("{HEADER}\n\"{HEALTHY}\n{DISEASED}\n"), "line 2: 1 cells, the header has 14");
}

#[test]
fn numbers() {
    check_cell("chol", "high", "is not a number");
    check_cell("ca", "?", "is not a number");
    check_cell("thalach", "1O8", "is not a number");
    check_cell("oldpeak", "NaN", "is not a finite number");
    check_cell("oldpeak", "-inf", "is not a finite number");
    check_cell("oldpeak", "1e400", "is not a finite number");
    check_cell("num", "nan", "is not a finite number");
    check_cell("age", "63.5", "is not a whole number");
}

#[test]
fn bounds_and_codes() {
    check_cell("age", "121", "is above 120");
    check_cell("age", "-1", "is below 0");
    check_cell("oldpeak", "-0.5", "is below 0");
    check_cell("cp", "0", "is not one of the codes 1, 2, 3, 4");
    check_cell("thal", "4", "is not one of the codes 3, 6, 7");
    check_cell("sex", "0.5", "is not one of the codes 0, 1");
    check_cell("num", "5", "is not one of the codes 0, 1, 2, 3, 4");
}

#[test]
fn classes() {
    check(&format!("{HEADER}\n"), "no complete row among 0; an empty cell is a missing value");
    check(
        &format!("{HEADER}\n,{}\n", HEALTHY.trim_start_matches("63,")),
        "no complete row among 1; an empty cell is a missing value",
    );
    check(
        &format!("{HEADER}\n{HEALTHY}\n,{}\n{HEALTHY}\n", DISEASED.trim_start_matches("67,")),
        "lines 2 to 4, column `num`: every complete row (2) is of class no_disease",
    );
}

#[test]
fn text_encoding() {
    let mut file = format!("{HEADER}\n{HEALTHY}\n").into_bytes();
    file.extend(b"63,1,\xff");
    assert_eq!(load(&file).unwrap_err(), "line 3: not UTF-8 text");
}
