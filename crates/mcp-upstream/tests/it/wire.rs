//! What passes between a session and a server, written down below the engine.
//!
//! Over stdio the program `tee-mcp` stands between the two and writes a file; over HTTP the client below the engine is
//! wrapped. Either way the bytes are those that the server sent, so what comes out of the engine can be compared.
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use mcp_upstream::{Command, HttpService};

use crate::{kit, scan};

/// A record of what passed.
#[derive(Debug, Clone)]
pub(crate) enum Wire {
    /// What `tee-mcp` writes.
    File(PathBuf),
    /// Requests and what was answered.
    Exchanges(Arc<Mutex<Vec<Exchange>>>),
}

#[derive(Debug)]
pub(crate) struct Exchange {
    sent: Bytes,
    events: bool,
    received: Vec<u8>,
}

/// One message on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) from_server: bool,
    pub(crate) text: String,
}

impl Wire {
    /// A record of HTTP, and the client that keeps it.
    pub(crate) fn over_http() -> (Self, HttpService) {
        let exchanges = Arc::new(Mutex::new(Vec::new()));
        let wire = Self::Exchanges(Arc::clone(&exchanges));
        let client = kit::client();
        let service = tower::service_fn(move |request: http::Request<Full<Bytes>>| {
            let (exchanges, client) = (Arc::clone(&exchanges), client.clone());
            async move { exchange(&exchanges, client, request).await }
        });
        (wire, HttpService::new(service))
    }

    /// The command with the program between that writes `file`.
    pub(crate) fn over_stdio(command: Command, file: PathBuf) -> (Self, Command) {
        let tee = testkit::programs::program("tee-mcp");
        let arguments = [file.clone().into_os_string(), command.program].into_iter().chain(command.args);
        let mut tapped = Command::new(tee).args(arguments);
        tapped.env = command.env;
        tapped.inherit_env = command.inherit_env;
        tapped.current_dir = command.current_dir;
        (Self::File(file), tapped)
    }

    /// Every message so far. Over HTTP, a request stands before what came in answer to it.
    pub(crate) fn passed(&self) -> Vec<Passed> {
        match self {
            Self::File(file) => transcript(&std::fs::read_to_string(file).unwrap()),
            Self::Exchanges(exchanges) => {
                exchanges.lock().unwrap().iter().flat_map(Exchange::passed).collect()
            }
        }
    }

    /// The results of all requests of `method`, in the order of the requests.
    pub(crate) fn results(&self, method: &str) -> Vec<String> {
        results(&self.passed(), method)
    }
}

/// Reads what `tee-mcp` writes. Whatever is no message is left out, as the engine leaves it out.
pub(crate) fn transcript(text: &str) -> Vec<Passed> {
    text.lines()
        .filter_map(|line| {
            let from_server = line.starts_with('<');
            let text = line.strip_prefix(if from_server { "< " } else { "> " })?;
            text.starts_with('{').then(|| Passed { from_server, text: text.to_owned() })
        })
        .collect()
}

/// The results that came for the requests of `method`.
pub(crate) fn results(passed: &[Passed], method: &str) -> Vec<String> {
    let method = format!("\"{method}\"");
    let asked = passed.iter().filter(|passed| {
        !passed.from_server && scan::member(&passed.text, "method") == Some(method.as_str())
    });
    let answered = |request: &Passed| {
        let id = scan::member(&request.text, "id")?;
        let mut answers = passed.iter().filter(|passed| passed.from_server);
        let result = |answer: &Passed| {
            let own = scan::member(&answer.text, "id") == Some(id);
            own.then(|| scan::member(&answer.text, "result").map(ToOwned::to_owned)).flatten()
        };
        answers.find_map(result)
    };
    asked.filter_map(answered).collect()
}

async fn exchange(
    exchanges: &Arc<Mutex<Vec<Exchange>>>,
    client: kit::PlainClient,
    request: http::Request<Full<Bytes>>,
) -> Result<
    http::Response<impl http_body::Body<Data = Bytes, Error = hyper::Error> + use<>>,
    mcp_upstream::BoxError,
> {
    let sent = request.body().clone().collect().await?.to_bytes();
    let number = {
        let mut exchanges = exchanges.lock().unwrap();
        exchanges.push(Exchange { sent, events: false, received: Vec::new() });
        exchanges.len() - 1
    };
    let response: http::Response<Incoming> = tower::ServiceExt::oneshot(client, request).await?;
    let kind = response.headers().get(http::header::CONTENT_TYPE);
    let events = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    exchanges.lock().unwrap()[number].events = events;
    let exchanges = Arc::clone(exchanges);
    Ok(response.map(|body| {
        body.map_frame(move |frame| {
            if let Some(data) = frame.data_ref() {
                exchanges.lock().unwrap()[number].received.extend_from_slice(data);
            }
            frame
        })
    }))
}

impl Exchange {
    fn passed(&self) -> Vec<Passed> {
        let sent = Passed { from_server: false, text: String::from_utf8(self.sent.to_vec()).unwrap() };
        let received = std::str::from_utf8(&self.received).unwrap();
        let received = if self.events { events(received) } else { vec![received.to_owned()] };
        let received = received.into_iter().map(|text| Passed { from_server: true, text });
        std::iter::once(sent).chain(received).filter(|passed| passed.text.starts_with('{')).collect()
    }
}

/// The data of each event (WHATWG HTML §9.2.6), read in the plainest way.
fn events(stream: &str) -> Vec<String> {
    let stream = stream.replace("\r\n", "\n");
    let data = |event: &str| {
        let lines = event.lines().filter_map(|line| line.strip_prefix("data:"));
        lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
    };
    stream.split("\n\n").map(data).collect()
}

#[test]
fn results_are_found_by_the_id_of_their_request() {
    let record = "> {\"id\":1,\"method\":\"tools/call\"}\n< log\n> {\"id\":2,\"method\":\"tools/call\"}\n\
                  < {\"result\": {\"b\":1.10}, \"id\":2}\n< {\"id\":1,\"error\":{}}\n";
    assert_eq!(results(&transcript(record), "tools/call"), ["{\"b\":1.10}"]);
    assert_eq!(
        events(": open\n\nevent: message\ndata: {\ndata:  1}\n\ndata:x\r\n\r\n"),
        ["", "{\n 1}", "x", ""]
    );
}
