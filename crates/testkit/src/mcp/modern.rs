//! What a server of a stateless revision (2026-07-28) demands of every request.
use base64::Engine as _;
use http::HeaderMap;
use serde_json::{Value, json};

use super::{Era, Script, Step};

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const CLIENT: &str = "io.modelcontextprotocol/clientInfo";

/// `HeaderMismatch`.
const HEADER_MISMATCH: i64 = -32020;
/// `MissingRequiredClientCapability`.
const MISSING_CAPABILITY: i64 = -32021;
/// `UnsupportedProtocolVersion`.
const UNSUPPORTED_VERSION: i64 = -32022;

/// Whether a message is one of a stateless revision, to this server.
pub(super) fn is_modern(script: &Script, message: &Value, headers: Option<&HeaderMap>) -> bool {
    match script.era {
        Era::Legacy => false,
        Era::Modern => true,
        Era::Both if message["method"] == "initialize" => false,
        Era::Both => {
            let header = headers.and_then(|headers| headers.get("mcp-protocol-version")?.to_str().ok());
            message["params"]["_meta"].get(VERSION).is_some()
                || header.is_some_and(|header| script.stateless.iter().any(|version| version == header))
        }
    }
}

/// The answer to a request that is not as it must be; nothing if it is.
pub(super) fn refusal(script: &Script, message: &Value, headers: Option<&HeaderMap>) -> Option<Step> {
    let method = message["method"].as_str().unwrap_or_default();
    if method == "initialize" {
        let why =
            format!("There is no initialize here; supported versions: {}", script.versions().join(", "));
        return Some(unsupported(script, &why, &message["params"]["protocolVersion"]));
    }
    if let Some(headers) = headers {
        for name in ["mcp-protocol-version", "mcp-method"] {
            if !headers.contains_key(name) {
                return Some(mismatch(&format!("there is no {name} header")));
            }
        }
    }
    let meta = &message["params"]["_meta"];
    let Some(version) = meta[VERSION].as_str() else {
        return Some(malformed(&format!("_meta has no {VERSION}")));
    };
    if !meta[CAPABILITIES].is_object() {
        return Some(malformed(&format!("_meta has no {CAPABILITIES}")));
    }
    let client = &meta[CLIENT];
    let is_named = client["name"].is_string() && client["version"].is_string();
    if !client.is_null() && !is_named {
        return Some(malformed(&format!("{CLIENT} has no name and version")));
    }
    if let Some(why) = headers.and_then(|headers| mismatched(script, method, message, headers)) {
        return Some(mismatch(&why));
    }
    if !script.stateless.iter().any(|known| known == version) {
        return Some(unsupported(script, "Unsupported protocol version", &meta[VERSION]));
    }
    None
}

/// The refusal of a request that cannot be answered without these capabilities.
pub(super) fn missing_capabilities(required: &Value) -> Step {
    refuse(
        MISSING_CAPABILITY,
        "Missing required client capability",
        &json!({"requiredCapabilities": required}),
    )
}

/// What the client says that it can do.
pub(super) fn capabilities(message: &Value) -> &Value {
    &message["params"]["_meta"][CAPABILITIES]
}

/// A request with parameters that make no sense.
pub(super) fn malformed(why: &str) -> Step {
    refuse(-32602, &format!("Invalid params: {why}"), &Value::Null)
}

/// A method that is not there.
pub(super) fn unknown_method() -> Step {
    Step::Answer { status: 404, message: error(-32601, "Method not found", &Value::Null) }
}

/// The answer to `server/discover`.
pub(super) fn discovered(script: &Script) -> String {
    let versions = json!(script.versions());
    let capabilities = &script.capabilities;
    format!(
        r#"{{"resultType":"complete","supportedVersions":{versions},"capabilities":{capabilities},"instructions":"Use it in tests.","ttlMs":0,"cacheScope":"private","_meta":{{"io.modelcontextprotocol/serverInfo":{{"name":"scripted","title":"A scripted server","version":"1.0"}}}}}}"#
    )
}

fn unsupported(script: &Script, why: &str, requested: &Value) -> Step {
    refuse(UNSUPPORTED_VERSION, why, &json!({"supported": script.versions(), "requested": requested}))
}

fn mismatch(why: &str) -> Step {
    refuse(HEADER_MISMATCH, &format!("Header mismatch: {why}"), &Value::Null)
}

fn refuse(code: i64, message: &str, data: &Value) -> Step {
    Step::Answer { status: 400, message: error(code, message, data) }
}

fn error(code: i64, message: &str, data: &Value) -> String {
    let mut error = json!({"code": code, "message": message});
    if !data.is_null() {
        error["data"] = data.clone();
    }
    format!(r#"{{"jsonrpc":"2.0","id":$ID,"error":{error}}}"#)
}

/// What the headers say that the body does not, or the other way round.
fn mismatched(script: &Script, method: &str, message: &Value, headers: &HeaderMap) -> Option<String> {
    let params = &message["params"];
    let of_all = [("mcp-protocol-version", &params["_meta"][VERSION]), ("mcp-method", &message["method"])];
    let name = match method {
        "tools/call" | "prompts/get" => Some(("mcp-name", &params["name"])),
        "resources/read" => Some(("mcp-name", &params["uri"])),
        _ => None,
    };
    let mut pairs: Vec<(String, &Value)> =
        of_all.into_iter().chain(name).map(|(name, value)| (name.to_owned(), value)).collect();
    if method == "tools/call" {
        let tool = script.tools.iter().find(|tool| tool.name.as_deref() == params["name"].as_str());
        let definition: Value =
            tool.and_then(|tool| serde_json::from_str(&tool.definition).ok()).unwrap_or_default();
        annotated(&definition["inputSchema"], &params["arguments"], &mut |name, value| {
            pairs.push((format!("mcp-param-{name}").to_lowercase(), value));
        });
    }
    pairs.iter().find_map(|(name, value)| differs(name, value, headers))
}

fn differs(name: &str, body: &Value, headers: &HeaderMap) -> Option<String> {
    let all: Vec<_> = headers.get_all(name).iter().collect();
    match (&all[..], body) {
        ([], Value::Null) => None,
        ([], _) => Some(format!("there is no {name} header for {body}")),
        ([value], _) => {
            let encoded = name != "mcp-protocol-version" && name != "mcp-method";
            let text = value.to_str().ok().map(ToOwned::to_owned);
            let text = text.and_then(|text| if encoded { decoded(&text) } else { Some(text) });
            let same = text.as_deref().is_some_and(|text| match body {
                Value::String(body) => body == text,
                Value::Number(body) => text.parse::<f64>().ok() == body.as_f64(),
                Value::Bool(body) => body.to_string() == text,
                _ => false,
            });
            (!same).then(|| format!("{name} is {value:?}, the body says {body}"))
        }
        _ => Some(format!("{name} comes {} times", all.len())),
    }
}

/// A header's value, whatever form it has.
fn decoded(value: &str) -> Option<String> {
    let Some(inside) = value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) else {
        let plain = value.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~')) && value.trim() == value;
        return plain.then(|| value.to_owned());
    };
    let bytes = base64::engine::general_purpose::STANDARD.decode(inside).ok()?;
    String::from_utf8(bytes).ok()
}

/// The arguments that are to be seen in headers: each property that can be reached through `properties` alone.
fn annotated<'a>(schema: &Value, arguments: &'a Value, found: &mut impl FnMut(&str, &'a Value)) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let argument = arguments.get(name).unwrap_or(&Value::Null);
        if let Some(header) = property["x-mcp-header"].as_str() {
            found(header, argument);
        }
        annotated(property, argument, found);
    }
}
