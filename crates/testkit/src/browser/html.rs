//! The forms and the text of an HTML page.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{HtmlString, StartTag, Token, Tokenizer};
use url::{Url, form_urlencoded};

/// A form as it stands on the page, ready to be filled in.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it goes.
    pub action: Url,
    /// True for `method="post"`.
    pub post: bool,
    /// Names and values of what would be sent, without the buttons.
    pub fields: Vec<(String, String)>,
    /// What can be pressed.
    pub buttons: Vec<Button>,
}

/// A button that sends its form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Button {
    /// The name it is sent under; empty when it is not.
    pub name: String,
    /// The value it is sent with.
    pub value: String,
    /// What a person reads on it.
    pub label: String,
}

impl Form {
    /// Fills in a field, or adds one.
    pub fn fill(&mut self, name: &str, value: &str) -> &mut Self {
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    /// The buttons that a person, or a test, may mean: by what is read on it, or by its value.
    pub(super) fn matching<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = &'a Button> {
        self.buttons.iter().filter(move |button| button.label == wanted || button.value == wanted)
    }

    /// The fields and one button as `application/x-www-form-urlencoded`.
    pub fn encode(&self, button: Option<&Button>) -> String {
        let pressed =
            button.filter(|button| !button.name.is_empty()).map(|button| (&button.name, &button.value));
        let fields = self.fields.iter().map(|(name, value)| (name, value));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields.chain(pressed)).finish()
    }
}

/// All forms of a page.
pub(super) fn forms(page: &Url, html: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut in_form = false;
    let mut in_button = false;
    for token in tokens(html) {
        match token {
            Token::StartTag(tag) => match &**tag.name {
                b"form" => {
                    in_form = true;
                    forms.push(open(page, &tag));
                }
                b"input" | b"button" | b"select" | b"textarea" if in_form => {
                    let Some(form) = forms.last_mut() else { continue };
                    in_button |= control(form, &tag);
                }
                _ => {}
            },
            Token::EndTag(tag) => match &**tag.name {
                b"form" => in_form = false,
                b"button" => in_button = false,
                _ => {}
            },
            Token::String(text) if in_button => {
                if let Some(button) = forms.last_mut().and_then(|form| form.buttons.last_mut()) {
                    let label = format!("{} {}", button.label, string(&text));
                    button.label = label.split_whitespace().collect::<Vec<_>>().join(" ");
                }
            }
            _ => {}
        }
    }
    forms
}

/// What a person reads: the text outside of the head, scripts and styles, with single spaces.
pub(super) fn text(html: &str) -> String {
    let mut hidden = None;
    let mut words = String::new();
    for token in tokens(html) {
        match token {
            Token::StartTag(tag) if hidden.is_none() => {
                if matches!(&**tag.name, b"head" | b"title" | b"script" | b"style" | b"template") {
                    hidden = Some(tag.name.clone());
                }
            }
            Token::EndTag(tag) if hidden.as_ref() == Some(&tag.name) => hidden = None,
            Token::String(text) if hidden.is_none() => words.push_str(&string(&text)),
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn open(page: &Url, tag: &StartTag<()>) -> Form {
    let action = attribute(tag, "action").filter(|action| !action.is_empty());
    let action = action.and_then(|action| page.join(&action).ok()).unwrap_or_else(|| page.clone());
    let post = attribute(tag, "method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
    Form { action, post, fields: Vec::new(), buttons: Vec::new() }
}

/// Adds a control to its form; true when it is a button whose text follows.
fn control(form: &mut Form, tag: &StartTag<()>) -> bool {
    if attribute(tag, "disabled").is_some() {
        return false;
    }
    let name = attribute(tag, "name").unwrap_or_default();
    let value = attribute(tag, "value");
    let kind = attribute(tag, "type").unwrap_or_default().to_ascii_lowercase();
    let is_button = &**tag.name == b"button";
    match (is_button, kind.as_str()) {
        (true, "" | "submit") => {
            form.buttons.push(Button { name, value: value.unwrap_or_default(), label: String::new() });
            true
        }
        (false, "submit") => {
            let label = value.clone().unwrap_or_default();
            form.buttons.push(Button { name, value: label.clone(), label });
            false
        }
        (true, _) | (false, "reset" | "button" | "image") => false,
        (false, "checkbox" | "radio") if attribute(tag, "checked").is_none() => false,
        (false, "checkbox" | "radio") => {
            form.fields.push((name, value.unwrap_or_else(|| "on".to_owned())));
            false
        }
        (false, _) => {
            if !name.is_empty() {
                form.fields.push((name, value.unwrap_or_default()));
            }
            false
        }
    }
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let (_, value) = tag.attributes.iter().find(|(known, _)| known.as_slice() == name.as_bytes())?;
    Some(string(value))
}

fn string(text: &HtmlString) -> String {
    String::from_utf8_lossy(text).into_owned()
}

fn tokens(html: &str) -> impl Iterator<Item = Token> {
    let mut emitter = DefaultEmitter::default();
    // Without it, the text of a script or style would be read as tags.
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(html, emitter).flatten()
}
