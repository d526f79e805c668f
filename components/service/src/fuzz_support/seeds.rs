//! Valid requests of every protocol, made of a model's own self-check rows.

use portent_model::{Model, Style};
use serde_json::{Map, Value, json};

/// Header of Triton's binary tensors: the length of the JSON before them.
pub(super) const JSON_LENGTH: &str = "inference-header-content-length";

/// A valid request.
#[derive(Debug)]
pub(super) struct Seed {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    /// Length of the JSON before binary tensors.
    pub(super) json_length: Option<usize>,
}

/// Rows of the model in the forms of protocols.
struct Rows<'r, 'm> {
    model: &'r Model<'m>,
    names: Vec<&'m str>,
    values: Vec<Vec<f64>>,
}

/// All seeds: the requests of each protocol, then one that is only a path.
pub(super) fn of(model: &Model<'_>) -> Vec<Seed> {
    let names: Vec<_> = model.features().map(|feature| feature.name()).collect();
    let checked: Vec<_> = model.self_check_rows().take(2).map(|checked| checked.row).collect();
    let values = if checked.is_empty() { vec![vec![1.0; names.len()]; 2] } else { checked };
    let rows = Rows { model, names, values };
    let mut seeds = rows.own();
    seeds.extend(rows.v1());
    seeds.extend(rows.mlflow());
    seeds.extend(rows.v2());
    seeds.push(Seed { method: "GET", ..post("/".to_owned(), Vec::new()) });
    seeds
}

impl Rows<'_, '_> {
    /// The application's own protocol.
    fn own(&self) -> Vec<Seed> {
        let interface = self.model.interface();
        let list = |rows: Vec<Value>| json!({ interface.list: rows });
        if interface.style == Style::Records {
            return vec![
                post_json("/predict", &self.object(0)),
                post_json("/predict", &with(self.object(0), "encoding", "kaggle".into())),
                post_json("/predict/batch", &list(self.objects())),
            ];
        }
        let raw = |row: usize, time: &str| {
            let mut object = with(self.object(row), interface.time, time.into());
            if let Value::Object(fields) = &mut object {
                fields.retain(|name, _| {
                    let index = self.names.iter().position(|known| known == name);
                    index.is_none_or(|index| !self.model.is_derived(index))
                });
            }
            with(object, interface.group, "Module01".into())
        };
        let times = ["2024-01-01T00:00:00Z", "2024-01-01 00:00:10"];
        let raw = times.iter().enumerate().map(|(row, time)| raw(row % self.values.len(), time));
        vec![post_json("/predict", &list(self.objects())), post_json("/predict", &list(raw.collect()))]
    }

    fn v1(&self) -> Vec<Seed> {
        let path = format!("/v1/models/{}:predict", self.model.name());
        let parameters = json!({ "probabilities": true, "explain": true, "encoding": "uci" });
        vec![
            post_json(&path, &json!({ "instances": self.objects() })),
            post_json(&path, &json!({ "instances": self.values, "parameters": parameters })),
        ]
    }

    fn mlflow(&self) -> Vec<Seed> {
        let column = |(index, name): (usize, &&str)| {
            let values: Vec<_> = self.values.iter().map(|row| row[index]).collect();
            ((*name).to_owned(), json!(values))
        };
        let columns: Map<_, _> = self.names.iter().enumerate().map(column).collect();
        let split = json!({ "columns": self.names, "index": [0, 1], "data": self.values });
        let mut lines = self.names.join(",");
        for row in &self.values {
            let cells: Vec<_> = row.iter().map(|value| format!("\"{value}\"")).collect();
            lines += &format!("\r\n{}", cells.join(","));
        }
        let csv = Seed {
            headers: vec![("content-type".to_owned(), b"text/csv".to_vec())],
            ..post("/invocations".to_owned(), lines.into_bytes())
        };
        let members = [
            json!({ "dataframe_split": split, "params": { "explain": true } }),
            json!({ "dataframe_records": self.objects() }),
            json!({ "instances": self.values }),
            json!({ "inputs": columns }),
        ];
        members.iter().map(|body| post_json("/invocations", body)).chain([csv]).collect()
    }

    fn v2(&self) -> Vec<Seed> {
        let path = format!("/v2/models/{}/infer", self.model.name());
        let (rows, width) = (self.values.len(), self.names.len());
        let tensor = |data: Value| json!({ "name": "input", "datatype": "FP64", "shape": [rows, width], "data": data });
        let one = |(index, name): (usize, &&str)| {
            let values: Vec<_> = self.values.iter().map(|row| row[index]).collect();
            json!({ "name": name, "datatype": "FP32", "shape": [rows, 1], "data": values })
        };
        let each: Vec<_> = self.names.iter().enumerate().map(one).collect();
        let outputs = json!([{ "name": "predict_proba", "parameters": { "classification": 2 } }]);
        let json =
            json!({ "id": "1", "inputs": [tensor(json!(self.values))], "parameters": { "explain": true } });
        let bytes: Vec<u8> = self.values.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
        let mut binary = tensor(json!([]));
        if let Value::Object(tensor) = &mut binary {
            tensor.remove("data");
        }
        let binary = with(binary, "parameters", json!({ "binary_data_size": bytes.len() }));
        let header = json!({ "inputs": [binary], "parameters": { "binary_data_output": true } }).to_string();
        let json_length = Some(header.len());
        vec![
            post_json(&path, &json),
            post_json(&path, &json!({ "inputs": each, "outputs": outputs })),
            Seed { json_length, ..post(path, [header.into_bytes(), bytes].concat()) },
        ]
    }

    fn objects(&self) -> Vec<Value> {
        (0..self.values.len()).map(|row| self.object(row)).collect()
    }

    /// A row as an object; whole numbers as such.
    fn object(&self, row: usize) -> Value {
        let number = |value: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "whole numbers of rows are small")]
            if value.fract() == 0.0 { json!(value as i64) } else { json!(value) }
        };
        let fields = self.names.iter().zip(&self.values[row]);
        fields.map(|(name, value)| ((*name).to_owned(), number(*value))).collect::<Map<_, _>>().into()
    }
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn post_json(path: &str, body: &Value) -> Seed {
    Seed {
        headers: vec![("content-type".to_owned(), b"application/json".to_vec())],
        ..post(path.to_owned(), body.to_string().into_bytes())
    }
}

fn post(path: String, body: Vec<u8>) -> Seed {
    Seed { method: "POST", path, headers: Vec::new(), body, json_length: None }
}
