//! The page at `/docs`, in a browser, used with the keyboard alone.

use serde_json::Value;

use crate::browser::{Browser, ENTER};
use crate::fixture::Running;

/// Where the applications are mounted, and a field of the form with a good value for it.
const APPLICATIONS: [(&str, &str, &str); 2] =
    [("", "chol", "199"), ("/hvs", "Module_Max_Surface_Temp_C", "31.25")];

/// Ratio of contrast between a text and what is behind it: WCAG 2.2, 1.4.3, <https://www.w3.org/TR/WCAG22/>.
const CONTRAST: &str = r"
    const light = (color) => color.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const behind = (element) => {
        const color = getComputedStyle(element).backgroundColor;
        return color !== 'rgba(0, 0, 0, 0)' || !element.parentElement ? color : behind(element.parentElement);
    };
    const ratio = (element) => {
        const [dark, bright] = [getComputedStyle(element).color, behind(element)].map(light).sort((a, b) => a - b);
        return (bright + 0.05) / (dark + 0.05);
    };
    const texts = [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() &&
        [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
    return texts.filter((element) => ratio(element) < 4.5).map((element) => element.outerHTML.slice(0, 80));
";

/// Controls without a name that a screen reader could read out, and fields whose hint does not exist.
const NAMELESS: &str = r"
    const named = (control) => control.labels?.length || control.ariaLabel || control.textContent.trim();
    const hinted = (control) => (control.getAttribute('aria-describedby') || '').split(' ').filter(Boolean)
        .every((id) => document.getElementById(id));
    return [...document.querySelectorAll('input, select, textarea, button, summary, a')]
        .filter((control) => !named(control) || !hinted(control)).map((control) => control.outerHTML.slice(0, 80));
";

/// A browser and the host, with the page of an application open and built.
fn opened(base: &str) -> Option<(Browser, Running)> {
    let browser = Browser::start()?;
    let host = Running::up(&[]);
    browser.open(&format!("{}{base}/docs", host.base("serving")));
    browser.wait_for("document.querySelector('#operations .operation')");
    Some((browser, host))
}

fn text(browser: &Browser, selector: &str) -> String {
    let text = browser.run(&format!("return document.querySelector('{selector}').innerText"));
    text.as_str().unwrap().to_lowercase()
}

/// Answers on the page what a client gets who sends the request that the page shows.
#[track_caller]
fn check_result(browser: &Browser, host: &Running, path: &str) {
    let sent = browser
        .run("return [...document.querySelectorAll('.raw details')][1].querySelector('pre').textContent");
    let (status, answer) = host.post(path, sent.as_str().unwrap());
    assert_eq!(status, 200, "{sent}: {answer}");
    let first = if answer["predictions"].is_array() { &answer["predictions"][0] } else { &answer };
    let share = ["confidence", "hazard_probability"].iter().find_map(|name| first[name].as_f64()).unwrap();
    let result = text(browser, "#result");
    assert!(result.contains(&format!("{:.1} %", share * 100.0)), "{result}: {answer}");
    assert!(result.contains("status 200"), "{result}");
}

#[test]
fn a_prediction_is_made_with_the_keyboard() {
    for (base, field, value) in APPLICATIONS {
        let Some((browser, host)) = opened(base) else { return };
        browser.tab_to(&format!("#field-{field}"));
        browser.overwrite(&format!("{value}{ENTER}"));
        browser.wait_for("document.querySelector('#result .meter')");
        check_result(&browser, &host, &format!("{base}/predict"));
        let sent = browser.run("return [...document.querySelectorAll('.raw pre')][1].textContent");
        assert!(sent.as_str().unwrap().contains(&format!("\"{field}\":{value}")), "{sent}");
        let bars = browser.run("return document.querySelectorAll('.why .signed').length");
        assert!(bars.as_u64().unwrap() >= 13, "{bars} contributions are shown");
        assert_eq!(browser.console(), Vec::<String>::new());
        let own = format!("{}{base}/", host.base("serving"));
        let requests = browser.requests();
        assert!(requests.iter().any(|url| url.ends_with("/predict?explain=true")), "{requests:?}");
        assert!(requests.iter().all(|url| url.starts_with(&own) || url.starts_with("data:")), "{requests:?}");
    }
}

#[test]
fn broken_values_are_shown_at_their_fields() {
    let Some((browser, _host)) = opened("") else { return };
    browser.tab_to("#field-age");
    browser.overwrite("200");
    browser.tab_to("#field-oldpeak");
    browser.overwrite(&format!("x{ENTER}"));
    browser.wait_for("document.querySelector('[aria-invalid=true]')");
    let invalid =
        browser.run("return [...document.querySelectorAll('[aria-invalid=true]')].map((field) => field.id)");
    assert_eq!(invalid, serde_json::json!(["field-age", "field-oldpeak"]));
    assert!(text(&browser, "#field-age-wrong").contains("less than or equal to 120"));
    assert!(text(&browser, "#field-oldpeak-wrong").contains("valid number"));
    assert_eq!(browser.run("return document.activeElement.id"), "field-age");
    assert!(text(&browser, "#result").contains("status 422"));
    browser.overwrite("50");
    browser.tab_to("#field-oldpeak");
    browser.overwrite(&format!("1.5{ENTER}"));
    browser.wait_for("document.querySelector('#result .meter')");
    assert_eq!(browser.run("return document.querySelectorAll('[aria-invalid=true]').length"), 0);
}

#[test]
fn a_body_is_sent_as_json_too() {
    for (base, example) in [("", "/predict/batch"), ("/hvs", "raw")] {
        let Some((browser, host)) = opened(base) else { return };
        browser.tab_to("[data-key=json]");
        browser.press("J");
        browser.wait_for("document.querySelector('textarea')");
        browser.tab_to("[data-key=example]");
        for _ in 0..10 {
            if text(&browser, "[data-key=example] option:checked").contains(example) {
                break;
            }
            browser.press("\u{e015}");
        }
        browser.tab_to(".primary");
        browser.press(&ENTER.to_string());
        browser.wait_for("document.querySelectorAll('#result .meter').length === 2");
        let path = if example.starts_with('/') { example.to_owned() } else { format!("{base}/predict") };
        check_result(&browser, &host, &path);
    }
}

#[test]
fn both_schemes_are_legible_on_wide_and_narrow_screens() {
    for (base, ..) in APPLICATIONS {
        let Some((browser, _host)) = opened(base) else { return };
        browser.tab_to(".primary");
        browser.press(&ENTER.to_string());
        browser.wait_for("document.querySelector('#result .meter')");
        browser.run("document.querySelectorAll('summary').forEach((summary) => summary.click())");
        browser.wait_for("document.querySelector('#schemas pre')");
        let mut backgrounds = Vec::new();
        for (width, scheme) in [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")] {
            browser.show(width, scheme);
            assert_eq!(browser.run(CONTRAST), Value::Array(vec![]), "{base} {width} {scheme}");
            let overflow = browser.run("return document.documentElement.scrollWidth - innerWidth");
            assert!(overflow.as_f64().unwrap() <= 0.0, "{base} at {width}: {overflow} pixels too wide");
            backgrounds.push(browser.run("return getComputedStyle(document.body).backgroundColor"));
        }
        assert_ne!(backgrounds[0], backgrounds[1], "the page follows the scheme");
        browser.run("document.documentElement.style.setProperty('--soft', '#777')");
        assert_ne!(browser.run(CONTRAST), Value::Array(vec![]), "grey on grey is found");
        assert_eq!(browser.run(NAMELESS), Value::Array(vec![]), "{base}");
    }
}

#[test]
fn only_the_pages_own_script_runs() {
    let Some((browser, _host)) = opened("") else { return };
    let injected = "const script = document.createElement('script');
        script.textContent = 'window.injected = true';
        document.body.append(script);
        const style = document.createElement('style');
        style.textContent = 'body { display: none }';
        document.head.append(style);
        return [window.injected === undefined, getComputedStyle(document.body).display]";
    assert_eq!(browser.run(injected), serde_json::json!([true, "block"]));
}
