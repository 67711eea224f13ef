//! A bar chart as an SVG image: what the demo's image tools return.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rmcp::model::ContentBlock;

/// One bar for each label and value.
pub(super) fn bars(values: &[(String, f64)]) -> ContentBlock {
    ContentBlock::image(STANDARD.encode(svg(values)), "image/svg+xml")
}

fn svg(values: &[(String, f64)]) -> String {
    let highest = values.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let height = ROW * values.len().max(1);
    let mut out = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="480" height="{height}" font-family="sans-serif" font-size="13">"#
    );
    for (index, (label, value)) in values.iter().enumerate() {
        let top = ROW * index;
        let width = (value / highest * LONGEST).max(1.0);
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            r##"<text x="4" y="{}">{}</text><rect x="140" y="{}" width="{width:.1}" height="16" fill="#1f5fbf"/><text x="{:.1}" y="{}">{value}</text>"##,
            top + 17,
            escape(label),
            top + 5,
            146.0 + width,
            top + 17,
        );
    }
    out.push_str("</svg>");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const ROW: usize = 26;
const LONGEST: f64 = 280.0;
