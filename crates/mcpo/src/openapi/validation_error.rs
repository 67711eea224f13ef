//! The components in which FastAPI describes a 422, word for word: clients generated from mcpo's documents have types of
//! these names.

use serde_json::{Value, json};

/// Key of the component that a 422 refers to.
pub(super) const HTTP_VALIDATION_ERROR: &str = "HTTPValidationError";
/// Key of the component for one mistake.
pub(super) const VALIDATION_ERROR: &str = "ValidationError";

/// Both components.
pub(super) fn components() -> [(&'static str, Value); 2] {
    let all = json!({
        "properties": {
            "detail": {
                "items": {"$ref": format!("#/components/schemas/{VALIDATION_ERROR}")},
                "type": "array",
                "title": "Detail"
            }
        },
        "type": "object",
        "title": HTTP_VALIDATION_ERROR
    });
    let one = json!({
        "properties": {
            "loc": {
                "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                "type": "array",
                "title": "Location"
            },
            "msg": {"type": "string", "title": "Message"},
            "type": {"type": "string", "title": "Error Type"},
            "input": {"title": "Input"},
            "ctx": {"type": "object", "title": "Context"}
        },
        "type": "object",
        "required": ["loc", "msg", "type"],
        "title": VALIDATION_ERROR
    });
    [(HTTP_VALIDATION_ERROR, all), (VALIDATION_ERROR, one)]
}
