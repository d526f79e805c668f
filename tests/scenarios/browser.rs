//! Chromium, driven by way of WebDriver: <https://www.w3.org/TR/webdriver2/>.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portent_tests::external;
use serde_json::{Value, json};

/// Keys beyond characters: <https://www.w3.org/TR/webdriver2/#keyboard-actions>.
pub(crate) const TAB: char = '\u{e004}';
pub(crate) const ENTER: char = '\u{e007}';
const CONTROL: char = '\u{e009}';

/// A window of a browser without a screen, closed when dropped.
pub(crate) struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
    /// A browser, or `None` after recording that there is none.
    pub(crate) fn start() -> Option<Self> {
        let program = external::program("chromedriver")?;
        let mut driver = Command::new(program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            Some(line.split_once("successfully on port ")?.1.trim_end_matches('.').to_owned())
        });
        let base = format!("http://127.0.0.1:{}/session", port.expect("chromedriver says its port"));
        // In a container Chromium's own sandbox has no namespaces to build on.
        let options =
            json!({ "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
        let wanted = json!({
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let session = call("POST", &base, &json!({ "capabilities": { "alwaysMatch": wanted } }));
        let session = format!("{base}/{}", session["sessionId"].as_str().unwrap());
        Some(Self { driver, session })
    }

    pub(crate) fn open(&self, url: &str) {
        self.post("url", &json!({ "url": url }));
    }

    /// What a script returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(crate) fn wait_for(&self, expression: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.run(&format!("return Boolean({expression})")) != true {
            let text = self.run("return document.body.innerText.slice(0, 2000)");
            assert!(Instant::now() < deadline, "never: {expression}, on {text}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses keys, one after the other.
    pub(crate) fn press(&self, keys: &str) {
        let actions = keys.chars().flat_map(|key| [stroke("keyDown", key), stroke("keyUp", key)]);
        self.act(&actions.collect::<Vec<_>>());
    }

    /// Replaces what stands in the field that has the focus.
    pub(crate) fn overwrite(&self, text: &str) {
        self.act(&[
            stroke("keyDown", CONTROL),
            stroke("keyDown", 'a'),
            stroke("keyUp", 'a'),
            stroke("keyUp", CONTROL),
        ]);
        self.press(text);
    }

    /// Goes forward with the tabulator until the focus is where `selector` says.
    #[track_caller]
    pub(crate) fn tab_to(&self, selector: &str) {
        for _ in 0..80 {
            self.press(&TAB.to_string());
            if self.run(&format!("return document.activeElement.matches('{selector}')")) == true {
                return;
            }
        }
        panic!("the tabulator does not lead to {selector}");
    }

    /// Shows the page on a screen of this width, in a dark or a light scheme.
    pub(crate) fn show(&self, width: u32, scheme: &str) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.command("Emulation.setDeviceMetricsOverride", &size);
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.command("Emulation.setEmulatedMedia", &json!({ "features": [feature] }));
    }

    /// Messages of the console.
    pub(crate) fn console(&self) -> Vec<String> {
        let entries = self.post("se/log", &json!({ "type": "browser" }));
        entries
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Addresses that were asked for since the last look.
    pub(crate) fn requests(&self) -> Vec<String> {
        let entries = self.post("se/log", &json!({ "type": "performance" }));
        let messages = entries.as_array().unwrap().iter().filter_map(|entry| {
            let entry: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let is_request = entry["message"]["method"] == "Network.requestWillBeSent";
            let url = entry["message"]["params"]["request"]["url"].as_str()?;
            is_request.then(|| url.to_owned())
        });
        messages.collect()
    }

    fn act(&self, actions: &[Value]) {
        self.post(
            "actions",
            &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }),
        );
    }

    /// A command of the DevTools protocol.
    fn command(&self, name: &str, parameters: &Value) {
        self.post("goog/cdp/execute", &json!({ "cmd": name, "params": parameters }));
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        call("POST", &format!("{}/{path}", self.session), body)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser with its session; without its answer, the browser ends with the driver.
        let _ = crate::fixture::agent().delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn stroke(kind: &str, key: char) -> Value {
    json!({ "type": kind, "value": key.to_string() })
}

#[track_caller]
fn call(method: &str, url: &str, body: &Value) -> Value {
    let request =
        ureq::http::Request::builder().method(method).uri(url).header("content-type", "application/json");
    let request = request.body(body.to_string()).unwrap();
    let mut response = crate::fixture::agent().run(request).expect("the driver answers");
    let text = response.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
    let mut answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{url} answered {text}"));
    assert!(response.status().is_success(), "{method} {url} {body}: {}", answer["value"]["message"]);
    answer["value"].take()
}
