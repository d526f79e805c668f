//! The shipped component, whose events wait in its instance for a delivery to an aggregator.

use std::collections::HashMap;

use super::*;

/// The deliveries of one aggregator: how many lines each identity had.
type Delivered = Arc<Mutex<HashMap<(String, String), usize>>>;

/// Most events that wait in an instance, and most of a delivery that is under way beside them.
const MOST_LOST: usize = 2 * 1_024;

const ROW: &str = r#"{"age":63,"sex":1,"cp":3,"trestbps":145,"chol":233,"fbs":1,"restecg":0,"thalach":150,
    "exang":0,"oldpeak":2.3,"slope":0,"ca":0,"thal":1}"#;

/// A heart component that delivers, and holds less than a large body.
async fn delivering() -> (Fixture, Delivered) {
    let delivered = Delivered::default();
    let seen = Arc::clone(&delivered);
    let address = serve(move |request| {
        let seen = Arc::clone(&seen);
        async move { count(&seen, request).await }
    });
    let address = address.await;
    let options = Options { instance_memory: 8 << 20, ..Options::default() };
    let component = format!(
        "environment = {{ PORTENT_APP = \"heart-disease\", PORTENT_MODEL = \"heart-disease\" }}\n\
         allowed_outbound_hosts = [\"http://{address}\"]\n[component.it.variables]\n\
         events = \"http\"\nmetrics_url = \"http://{address}\"\nmetrics_token = \"\""
    );
    (Fixture::new(&build("predict-p3"), &component, options), delivered)
}

async fn count(delivered: &Delivered, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let identity =
        ["portent-source", "portent-sequence"].map(|name| head.headers[name].to_str().unwrap().to_owned());
    let lines = body.collect().await.unwrap().to_bytes().split(|byte| *byte == b'\n').count() - 1;
    let before = delivered.lock().unwrap().insert(identity.into(), lines);
    assert!(before.is_none(), "nothing was wrong with the first delivery of this identity");
    Response::new(Full::from("{}"))
}

fn counted(delivered: &Delivered) -> usize {
    delivered.lock().unwrap().values().sum()
}

async fn predict(fixture: &Fixture, count: usize) {
    for _ in 0..count {
        assert_eq!(fixture.send("POST", "/predict", ROW.as_bytes()).await.status, 200);
    }
}

/// Ends the instance that serves now: it cannot hold the body.
async fn trap(fixture: &Fixture) {
    let answer = fixture.send("POST", "/predict/batch", &vec![b' '; 12 << 20]).await;
    assert_eq!(answer.status, 500, "{answer:?}");
}

/// A trap takes with it what waits in its instance: nothing where nothing waits, else no more than the queue and the
/// delivery hold. Its own request is counted by the host.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_trap_loses_is_bounded() {
    let (fixture, delivered) = delivering().await;
    for round in 1..=10 {
        predict(&fixture, 200).await;
        eventually("all are counted", || counted(&delivered) == round * 200).await;
        trap(&fixture).await;
        assert_eq!(fixture.failures().len(), round);
    }
    assert_eq!(counted(&delivered), 2_000);
    predict(&fixture, MOST_LOST + 1_000).await;
    trap(&fixture).await;
    fixture.host.drain(Duration::from_secs(10)).await;
    let (sent, counted) = (2_000 + MOST_LOST + 1_000, counted(&delivered));
    assert!(counted <= sent && counted + MOST_LOST >= sent, "{counted} of {sent}");
    assert!(fixture.failures().iter().all(|failure| failure.2 == ErrorType::Trap && !failure.3));
}
