//! Large requests of every shape are answered, with answers of a bounded size. Time and memory are not asserted: a
//! shape whose cost grows faster than its length would not let this end.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::limits::BATCH_ROWS;

const LIST: &str = "[63,1,1,145,233,1,2,150,0,2.3,3,0,6]";
const V1: &str = "/v1/models/logistic_regression:predict";
const V2: &str = "/v2/models/logistic_regression/infer";

/// Rows of a large batch: fewer than are taken, since this runs without optimisation.
const ROWS: usize = 20_000;

/// Every path that takes a body, with its content type.
const PATHS: [(&str, &str); 6] = [
    ("/predict", "application/json"),
    ("/predict/batch", "application/json"),
    (V1, "application/json"),
    (V2, "application/json"),
    ("/invocations", "application/json"),
    ("/invocations", "text/csv"),
];

fn send((path, content_type): (&str, &str), encoding: &str, body: &[u8]) -> Answer {
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let headers = [header("content-type", content_type), header("content-encoding", encoding)];
    ask(&service(), &Request { headers: &headers, ..request("POST", path, body) })
}

/// A text of this length: its beginning, and a part of it again and again.
fn filled(length: usize, begin: &str, part: &str) -> String {
    let times = (length - begin.len()) / part.len();
    begin.to_owned() + &part.repeat(times)
}

fn rows(begin: &str, row: &str, end: &str, count: usize) -> String {
    format!("{begin}{}{end}", vec![row; count].join(","))
}

/// Bodies that go on and on.
fn endless(length: usize) -> Vec<String> {
    let mut shapes: Vec<_> = [
        "[",
        "{\"a\":",
        "1",
        "\\u0041",
        "\"\\u0041",
        "{\"a\":[",
        "[],",
        "{},",
        ",",
        "\"",
        "\n",
        "\"\n",
        "a,\n",
        " ",
        "-",
        "é",
        "[[1,2],",
    ]
    .map(|part| filled(length, "", part))
    .to_vec();
    for member in ["instances", "inputs", "patients", "dataframe_split", "parameters", "age", "encoding"] {
        for (begin, part) in [
            ("", "["),
            ("[", "[],"),
            ("[", "{},"),
            ("{", "\"a\":1,"),
            ("{", "\"age\":[],"),
            ("", "1"),
            ("\"", "\\\\"),
        ] {
            shapes.push(filled(length, &format!("{{\"{member}\":{begin}"), part));
        }
    }
    shapes.push(filled(length, "{\"dataframe_split\":{\"data\":[],\"columns\":[", "\"age\","));
    shapes
}

#[test]
fn bodies_of_any_shape_are_refused() {
    for body in endless(256 << 10) {
        for path in PATHS {
            let answer = send(path, "identity", body.as_bytes());
            let start = body.get(..40).unwrap_or_default();
            assert!((400..500).contains(&answer.status), "{path:?} {start}: {}", answer.status);
            assert!(answer.response.body.len() < 2_000_000, "{path:?} {start}");
        }
    }
}

#[test]
fn large_batches_are_answered() {
    let names: Vec<_> = heart().features().map(|feature| feature.name()).collect();
    let line = LIST.trim_matches(['[', ']']);
    let lines = format!("{}\n{}", names.join(","), format!("{line}\n").repeat(BATCH_ROWS));
    let column = |(name, value): (&&str, &str)| rows(&format!("\"{name}\":["), value, "]", ROWS);
    let columns: Vec<_> = names.iter().zip(line.split(',')).map(column).collect();
    let split = format!("{{\"dataframe_split\":{{\"columns\":{names:?},\"data\":[");
    let batches = [
        (PATHS[1], rows("{\"patients\":[", FIRST_ROW, "]}", ROWS)),
        (PATHS[2], rows("{\"instances\":[", LIST, "]}", ROWS)),
        (PATHS[2], rows("{\"parameters\":{\"probabilities\":true},\"instances\":[", LIST, "]}", ROWS)),
        (PATHS[4], rows("{\"dataframe_records\":[", FIRST_ROW, "]}", ROWS)),
        (PATHS[4], rows(&split, LIST, "]}}", ROWS)),
        (PATHS[4], format!("{{\"inputs\":{{{}}}}}", columns.join(","))),
        (PATHS[5], lines),
    ];
    for (path, body) in batches {
        let answer = send(path, "identity", body.as_bytes());
        let rows = if path == PATHS[5] { BATCH_ROWS } else { ROWS };
        assert_eq!((answer.status, answer.event.predictions[0].rows as usize), (200, rows), "{path:?}");
        assert_eq!(answer.json["predictions"].as_array().unwrap().len(), rows);
    }
}

#[test]
fn large_broken_batches_are_refused() {
    for row in ["{}", "[]", "0", "null", "{\"age\":1,\"age\":2}", "[1,2,3]"] {
        for (path, begin) in [
            (PATHS[1], "{\"patients\":["),
            (PATHS[2], "{\"instances\":["),
            (PATHS[4], "{\"dataframe_records\":["),
            (PATHS[4], "{\"inputs\":["),
        ] {
            let answer = send(path, "identity", rows(begin, row, "]}", ROWS).as_bytes());
            assert!([400, 422].contains(&answer.status), "{path:?} {row}: {}", answer.status);
            assert!(answer.response.body.len() < 2_000_000, "{path:?} {row}");
        }
    }
}

#[test]
fn what_grows_when_it_is_decompressed_is_refused() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![b'0'; 1 << 20];
    for _ in 0..256 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let inner = bomb.len();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bomb).unwrap();
    let twice = encoder.finish().unwrap();
    assert!(inner < 300_000 && twice.len() < inner / 10);
    for path in PATHS {
        assert_eq!(send(path, "gzip", &bomb).status, 413, "{path:?}");
        assert!((400..500).contains(&send(path, "gzip", &twice).status), "{path:?}");
    }
}
