//! The requests sent to a contender, in the protocol that it understands.

use std::fmt::Write as _;

use super::load::Feed;

/// First row of the UCI data.
const PATIENT: &str = r#"{"age":63,"sex":1,"cp":1,"trestbps":145,"chol":233,"fbs":1,"restecg":2,"thalach":150,"exang":0,"oldpeak":2.3,"slope":3,"ca":0,"thal":6}"#;

/// The same with three values that are none.
const INVALID_PATIENT: &str = r#"{"age":630,"sex":7,"cp":"typical","trestbps":145,"chol":233,"fbs":1,"restecg":2,"thalach":150,"exang":0,"oldpeak":2.3,"slope":3,"ca":0,"thal":6}"#;

/// Sensors of a battery module, with what they say at rest.
const SENSORS: [(&str, f64); 9] = [
    ("Module_Avg_Surface_Temp_C", 25.1),
    ("Module_Max_Surface_Temp_C", 26.0),
    ("Module_Voltage_V", 51.2),
    ("Module_Current_A", 0.1),
    ("Module_SoC_percent", 78.5),
    ("Sim_OffGas_CO_ppm_proxy", 2.1),
    ("Sim_OffGas_H2_ppm_proxy", 1.9),
    ("Sim_OffGas_VOC_ppm_proxy", 2.0),
    ("Ambient_Temp_Rack_C", 22.3),
];

/// The protocol of a contender: requests differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Both applications, as `spin.toml` mounts them.
    Portent,
    /// The heart application, of a scorer in another component: lists of rows are called otherwise.
    Composed,
    /// The peers of the heart application.
    FastApi,
    /// The peer of the battery application.
    Flask,
    /// A component that answers everything alike.
    Nothing,
}

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// One patient.
    Predict,
    /// So many patients in one request.
    Batch(usize),
    /// One patient with values that break rules: 422.
    Invalid,
    /// Whether the server lives.
    Live,
    /// Whether it is ready, which reads the model and does little else.
    Ready,
    /// So many readings of battery modules with all 30 features, in one request.
    Battery(usize),
}

/// A request of one kind to one contender.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    /// Status of the right answer.
    pub(crate) status: u16,
}

impl Workload {
    pub(crate) fn name(self) -> String {
        match self {
            Self::Predict => "/predict".to_owned(),
            Self::Batch(rows) => format!("batch of {rows}"),
            Self::Invalid => "invalid".to_owned(),
            Self::Live => "live".to_owned(),
            Self::Ready => "ready".to_owned(),
            Self::Battery(rows) => format!("battery, {rows}"),
        }
    }

    /// The request, if the contender has an answer to it.
    pub(crate) fn request(self, protocol: Protocol) -> Option<Request> {
        use Protocol::{Composed, FastApi, Flask, Nothing, Portent};
        let (status, bytes) = match (self, protocol) {
            (Self::Predict, Portent | Composed | FastApi | Nothing) => (200, post("/predict", PATIENT)),
            (Self::Invalid, Portent | FastApi) => (422, post("/predict", INVALID_PATIENT)),
            (Self::Batch(rows), Portent | FastApi) => {
                (200, post("/predict/batch", &patients("patients", rows)))
            }
            (Self::Batch(rows), Composed) => (200, post("/predict/batch", &patients("instances", rows))),
            (Self::Live, Portent | Nothing) => (200, get("/health/live")),
            (Self::Live, FastApi) => (200, get("/health")),
            (Self::Ready, Portent | Nothing) => (200, get("/health/ready")),
            (Self::Battery(rows), Portent) => (200, post("/hvs/predict", &readings(rows))),
            (Self::Battery(rows), Flask) => (200, post("/predict", &readings(rows))),
            _ => return None,
        };
        Some(Request { bytes, status })
    }

    /// The request by which a contender is known to be there.
    pub(crate) fn first_of(protocol: Protocol) -> Self {
        if protocol == Protocol::Flask { Self::Battery(1) } else { Self::Predict }
    }
}

impl Request {
    /// The same request again and again.
    pub(crate) fn feed(&self) -> Feed {
        let bytes = self.bytes.clone();
        Box::new(move |out| out.extend_from_slice(&bytes))
    }
}

pub(crate) fn post(path: &str, body: &str) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

fn patients(list: &str, rows: usize) -> String {
    format!(r#"{{"{list}":[{}]}}"#, vec![PATIENT; rows].join(","))
}

/// Readings at rest: what changes is 0, and what is averaged is what the sensor says.
fn readings(rows: usize) -> String {
    let mut reading = r#"{"Module_ID":"RackA1_Module01","Timestamp":"2024-01-01T00:00:00Z""#.to_owned();
    let mut value = |name: &str, value: f64| write!(reading, r#","{name}":{value}"#).is_ok();
    let mut complete = SENSORS.iter().all(|(name, says)| value(name, *says));
    for sensor in ["Module_Avg_Surface_Temp_C", "Module_Voltage_V", "Module_SoC_percent"] {
        complete &= value(&format!("Delta_1_{sensor}"), 0.0);
    }
    let rolled = SENSORS.iter().filter(|(name, _)| {
        ["Module_Avg_Surface_Temp_C", "Module_Voltage_V", "Module_Current_A"].contains(name)
    });
    for ((sensor, says), window) in rolled.flat_map(|sensor| [6, 30, 60].map(|window| (sensor, window))) {
        complete &= value(&format!("Rolling_mean_{window}_{sensor}"), *says);
        complete &= value(&format!("Rolling_std_{window}_{sensor}"), 0.0);
    }
    debug_assert!(complete, "writing into a string does not fail");
    reading.push('}');
    format!(r#"{{"readings":[{}]}}"#, vec![reading; rows].join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_has_every_feature_that_the_battery_model_asks_for() {
        let file = std::fs::read(crate::paths::workspace().join("models/hvs.portent")).unwrap();
        let model = portent_model::Model::open(&file).unwrap();
        let readings: serde_json::Value = serde_json::from_str(&readings(2)).unwrap();
        let reading = readings["readings"][1].as_object().unwrap();
        for feature in model.features() {
            assert!(reading.contains_key(feature.name()), "{} is not in the reading", feature.name());
        }
        assert_eq!(reading.len(), 30 + 2);
    }

    #[test]
    fn a_batch_has_as_many_patients_as_are_asked_for() {
        let batch: serde_json::Value = serde_json::from_str(&patients("patients", 3)).unwrap();
        assert_eq!(batch["patients"].as_array().unwrap().len(), 3);
    }

    #[test]
    fn a_request_states_its_length_and_who_cannot_answer_it_gets_none() {
        let request = String::from_utf8(Workload::Predict.request(Protocol::FastApi).unwrap().bytes).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
        assert!(Workload::Battery(1).request(Protocol::FastApi).is_none());
        assert!(Workload::Ready.request(Protocol::FastApi).is_none());
    }
}
