//! The requests.

const ROW: &str = r#"{"age":63,"sex":1,"cp":1,"trestbps":145,"chol":233,"fbs":1,"restecg":2,"thalach":150,"exang":0,"oldpeak":2.3,"slope":3,"ca":0,"thal":6}"#;

/// Three fields are broken: a word, a value beyond its bound, and one that is not there.
const INVALID: &str = r#"{"age":"old","sex":7,"cp":1,"trestbps":145,"chol":233,"fbs":1,"restecg":2,"thalach":150,"exang":0,"oldpeak":2.3,"slope":3,"ca":0}"#;

const VALUES: &str = "63,1,1,145,233,1,2,150,0,2.3,3,0,6";

/// What the sensors say beside the time.
const SENSORS: &str = r#""Module_ID":"RackA1_Module01","Module_Avg_Surface_Temp_C":25.5,"Module_Max_Surface_Temp_C":26.25,"Module_Voltage_V":51.2,"Module_Current_A":0.0,"Module_SoC_percent":60.0,"Sim_OffGas_CO_ppm_proxy":2.0,"Sim_OffGas_H2_ppm_proxy":2.0,"Sim_OffGas_VOC_ppm_proxy":2.0,"Ambient_Temp_Rack_C":22.0"#;

/// The application that a request is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Application {
    Heart,
    Battery,
}

/// A request, and what is expected of the answer.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) application: Application,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) body: String,
    pub(crate) status: u16,
    pub(crate) rows: usize,
}

/// Every input.
pub(crate) fn all() -> Vec<Input> {
    let health =
        Input { method: "GET", status: 200, rows: 0, ..post("health", "/health/live", String::new(), 0) };
    let invalid = Input { status: 422, ..post("invalid", "/predict", INVALID.to_owned(), 1) };
    vec![
        health,
        post("predict", "/predict", ROW.to_owned(), 1),
        post("predict-explain", "/predict?explain=true", ROW.to_owned(), 1),
        invalid,
        post("batch-100", "/predict/batch", batch(100), 100),
        post("batch-1000", "/predict/batch", batch(1_000), 1_000),
        post("v1-1000", "/v1/models/logistic_regression:predict", instances(1_000), 1_000),
        post("v2-1", "/v2/models/logistic_regression/infer", tensor(1), 1),
        post("v2-1000", "/v2/models/logistic_regression/infer", tensor(1_000), 1_000),
        Input { application: Application::Battery, ..post("hvs-raw-60", "/predict", raw_readings(60), 60) },
    ]
}

fn post(name: &'static str, path: &'static str, body: String, rows: usize) -> Input {
    Input { name, application: Application::Heart, method: "POST", path, body, status: 200, rows }
}

fn batch(rows: usize) -> String {
    format!("{{\"patients\":[{}]}}", vec![ROW; rows].join(","))
}

fn instances(rows: usize) -> String {
    format!("{{\"instances\":[{}]}}", vec![format!("[{VALUES}]"); rows].join(","))
}

fn tensor(rows: usize) -> String {
    let data = vec![VALUES; rows].join(",");
    format!(r#"{{"inputs":[{{"name":"input","shape":[{rows},13],"datatype":"FP64","data":[{data}]}}]}}"#)
}

/// Readings of one module, ten seconds apart.
fn raw_readings(rows: usize) -> String {
    let time = |row: usize| format!("2024-01-01 00:{:02}:{:02}", row / 6, row % 6 * 10);
    let readings = (0..rows).map(|row| format!("{{\"Timestamp\":\"{}\",{SENSORS}}}", time(row)));
    format!("{{\"readings\":[{}]}}", readings.collect::<Vec<_>>().join(","))
}
