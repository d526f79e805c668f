//! Stand-ins for Slack, the pager, the dead man's switch and the mail server: they write down what they get.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portent_tests::deploy;

use super::SECRETS;
use super::server::Alertmanager;

/// Everything that was received: the place, and the message with its head.
type Messages = Arc<Mutex<Vec<(String, String)>>>;

/// Servers for all receivers of the shipped configuration.
pub(super) struct Receivers {
    web: String,
    mail: String,
    messages: Messages,
}

impl Receivers {
    pub(super) fn start() -> Self {
        let messages = Messages::default();
        let web = listen(&messages, receive_web);
        let mail = listen(&messages, receive_mail);
        Self { web, mail, messages }
    }

    /// An Alertmanager with the shipped configuration, but for addresses, credentials and the time that a group
    /// waits.
    pub(super) fn alertmanager(&self, program: &Path) -> (Alertmanager, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        for (file, content) in [
            ("slack-api-url", format!("http://{}/slack-secret\n", self.web)),
            ("smtp-password", "mail-secret".to_owned()),
            ("pager-token", "pager-secret\n".to_owned()),
            ("dead-man-token", "dead-man-secret\n".to_owned()),
        ] {
            std::fs::write(folder.path().join(file), content).unwrap();
        }
        let mut text = std::fs::read_to_string(deploy::path("alertmanager/alertmanager.yml")).unwrap();
        for (shipped, here) in [
            (SECRETS, folder.path().display().to_string()),
            ("https://pager.example.org/v1/alerts", format!("http://{}/pager", self.web)),
            ("https://dead-man.example.org/v1/portent", format!("http://{}/dead-man", self.web)),
            // The stand-in has no TLS; a password goes to this machine in clear, and nowhere else.
            ("smtp.example.org:587", format!("{}\n  smtp_require_tls: false", self.mail)),
            ("templates/*.tmpl", deploy::path("alertmanager/templates/*.tmpl").display().to_string()),
            ("group_wait: 30s", "group_wait: 1s".to_owned()),
            ("group_wait: 5m", "group_wait: 1s".to_owned()),
        ] {
            assert!(text.contains(shipped), "{shipped} is in the configuration");
            text = text.replace(shipped, &here);
        }
        let config = folder.path().join("alertmanager.yml");
        std::fs::write(&config, text).unwrap();
        (Alertmanager::start(program, &config), folder)
    }

    /// Messages at a place that hold a text.
    pub(super) fn messages(&self, place: &str, text: &str) -> Vec<String> {
        let messages = self.messages.lock().unwrap();
        let found = messages.iter().filter(|(at, message)| at == place && message.contains(text));
        found.map(|(_, message)| message.clone()).collect()
    }

    /// The first message at a place that holds a text.
    #[track_caller]
    pub(super) fn wait_for(&self, place: &str, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(message) = self.messages(place, text).into_iter().next() {
                return message;
            }
            assert!(Instant::now() < deadline, "{place} is not told of {text}: {:#?}", self.messages);
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Serves each connection on a thread of its own, and returns the address.
fn listen(messages: &Messages, serve: fn(&TcpStream) -> std::io::Result<(String, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let messages = Arc::clone(messages);
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let messages = Arc::clone(&messages);
            std::thread::spawn(move || {
                // A client that goes away ends its own message, and nothing else.
                if let Ok(message) = serve(&client) {
                    messages.lock().unwrap().push(message);
                }
            });
        }
    });
    address
}

/// One request: its path, and head and body.
fn receive_web(mut client: &TcpStream) -> std::io::Result<(String, String)> {
    let mut reader = BufReader::new(client);
    let head: Vec<String> =
        reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let length =
        head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body)?;
    client.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")?;
    let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
    Ok((path, format!("{}\n\n{}", head.join("\n"), String::from_utf8_lossy(&body))))
}

/// One mail: everything that the client said.
fn receive_mail(mut client: &TcpStream) -> std::io::Result<(String, String)> {
    client.write_all(b"220 mail\r\n")?;
    let (mut said, mut in_data) = (String::new(), false);
    for line in BufReader::new(client).lines() {
        let line = line?;
        said.push_str(&line);
        said.push('\n');
        let answer: &[u8] = match line.split(' ').next().unwrap_or_default() {
            "." if in_data => {
                in_data = false;
                b"250 kept\r\n"
            }
            _ if in_data => continue,
            "EHLO" => b"250-mail\r\n250 AUTH PLAIN\r\n",
            "AUTH" => b"235 known\r\n",
            "DATA" => {
                in_data = true;
                b"354 go on\r\n"
            }
            "QUIT" => {
                client.write_all(b"221 bye\r\n")?;
                break;
            }
            _ => b"250 ok\r\n",
        };
        client.write_all(answer)?;
    }
    Ok(("mail".to_owned(), said))
}
