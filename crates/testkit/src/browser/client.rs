//! The browser itself: requests, redirects, buttons.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HeaderName, LOCATION, ORIGIN};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use url::Url;

use super::cookies::Jar;
use super::csp::FormAction;
use super::error::BrowserError;
use super::html::{Button, Form};
use super::page::{Hop, Page};

/// A browser with its own cookies. Plain http only: the tests run on loopback.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use testkit::browser::Browser;
///
/// let browser = Browser::new().stop_at("http://127.0.0.1:1/callback");
/// let consent = browser.open("http://127.0.0.1:3000/authorize?…").await?;
/// assert!(consent.text().contains("Example app"));
/// let back = browser.press(&consent, "Allow").await?;
/// assert!(back.stopped && back.query("code").is_some());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Browser {
    client: Client<HttpConnector, Full<Bytes>>,
    jar: Mutex<Jar>,
    stops: Vec<String>,
    time_limit: Duration,
    redirect_limit: usize,
}

impl Browser {
    /// A browser without cookies.
    pub fn new() -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            jar: Mutex::default(),
            stops: Vec::new(),
            time_limit: Duration::from_secs(20),
            redirect_limit: 20,
        }
    }

    /// Does not open addresses with this prefix: a redirect there ends the visit. Addresses that are not http end it
    /// in any case.
    #[must_use]
    pub fn stop_at(mut self, prefix: impl Into<String>) -> Self {
        self.stops.push(prefix.into());
        self
    }

    /// Opens an address as if it had been typed or clicked somewhere else.
    ///
    /// # Errors
    /// When there is no page to show.
    pub async fn open(&self, url: &str) -> Result<Page, BrowserError> {
        let url = Url::parse(url).map_err(|source| BrowserError::Address { text: url.to_owned(), source })?;
        self.visit(Step::get(url)).await
    }

    /// Presses the page's button with this label or value.
    ///
    /// # Errors
    /// When the page has no such button or several, or there is no page to show.
    pub async fn press(&self, page: &Page, button: &str) -> Result<Page, BrowserError> {
        self.press_in(page, &page.forms(), button).await
    }

    /// Presses a button of forms that were filled in.
    ///
    /// # Errors
    /// As [`press`](Self::press).
    pub async fn press_in(&self, page: &Page, forms: &[Form], button: &str) -> Result<Page, BrowserError> {
        let found: Vec<(&Form, &Button)> =
            forms.iter().flat_map(|form| form.matching(button).map(move |found| (form, found))).collect();
        let [(form, pressed)] = found.as_slice() else {
            return Err(BrowserError::Button {
                url: page.url.clone(),
                button: button.to_owned(),
                count: found.len(),
            });
        };
        let encoded = form.encode(Some(pressed));
        let mut step = if form.post {
            Step { method: Method::POST, body: Some(encoded.into()), ..Step::get(form.action.clone()) }
        } else {
            let mut url = form.action.clone();
            url.set_query(Some(&encoded));
            Step::get(url)
        };
        step.form_action = page.form_action();
        step.initiator = Some(page.url.clone());
        step.hides_referrer = page.header("referrer-policy") == Some("no-referrer");
        self.visit(step).await
    }

    /// The cookies that would be sent to an address.
    pub fn cookies(&self, url: &Url) -> Vec<(String, String)> {
        self.jar().pairs(url)
    }

    async fn visit(&self, mut step: Step) -> Result<Page, BrowserError> {
        let mut history: Vec<Hop> = Vec::new();
        loop {
            step.check_policy()?;
            let (status, headers, body) = self.request(&step).await?;
            self.jar().store(&step.url, &headers);
            if !is_redirect(status) {
                return Ok(Page { url: step.url, stopped: false, status, headers, body, history });
            }
            let target = headers.get(LOCATION).and_then(|value| value.to_str().ok());
            let target = target.and_then(|target| step.url.join(target).ok());
            let target = target.ok_or_else(|| BrowserError::Location { from: step.url.clone() })?;
            if history.len() >= self.redirect_limit {
                return Err(BrowserError::TooManyRedirects { limit: self.redirect_limit });
            }
            history.push(Hop { url: step.url.clone(), status, headers: headers.clone() });
            step.redirect(status, target);
            let stops = self.stops.iter().any(|prefix| step.url.as_str().starts_with(prefix));
            if stops || step.url.scheme() != "http" {
                step.check_policy()?;
                return Ok(Page { url: step.url, stopped: true, status, headers, body, history });
            }
        }
    }

    async fn request(&self, step: &Step) -> Result<(StatusCode, http::HeaderMap, Bytes), BrowserError> {
        let transport = |source: Box<dyn std::error::Error + Send + Sync>| BrowserError::Transport {
            url: step.url.clone(),
            source,
        };
        let cookies = self.jar().header(&step.url);
        let request = step.request(cookies).map_err(|error| transport(error.into()))?;
        let answer = async {
            let response = self.client.request(request).await.map_err(|error| transport(error.into()))?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| transport(error.into()))?;
            Ok((parts.status, parts.headers, body.to_bytes()))
        };
        let timeout = BrowserError::Timeout { url: step.url.clone(), limit: self.time_limit };
        tokio::time::timeout(self.time_limit, answer).await.unwrap_or(Err(timeout))
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, Jar> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

/// One request of a visit.
struct Step {
    method: Method,
    url: Url,
    body: Option<Bytes>,
    /// The policy of the page whose form was sent.
    form_action: Option<FormAction>,
    /// The page that started the visit.
    initiator: Option<Url>,
    /// A page without a referrer sends its forms with `Origin: null` (Fetch §3.1).
    hides_referrer: bool,
}

impl Step {
    fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            body: None,
            form_action: None,
            initiator: None,
            hides_referrer: false,
        }
    }

    /// 303 always becomes a GET, 301 and 302 do after a POST, 307 and 308 repeat the request (Fetch §4.4).
    fn redirect(&mut self, status: StatusCode, target: Url) {
        let keeps = matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        if !keeps {
            self.method = Method::GET;
            self.body = None;
        }
        self.url = target;
    }

    fn check_policy(&self) -> Result<(), BrowserError> {
        match &self.form_action {
            Some(policy) if !policy.allows(&self.url) => Err(BrowserError::FormAction {
                policy: policy.sources().to_owned(),
                target: self.url.clone(),
            }),
            _ => Ok(()),
        }
    }

    fn request(&self, cookies: Option<HeaderValue>) -> http::Result<Request<Full<Bytes>>> {
        let same_origin = self.initiator.as_ref().is_some_and(|page| page.origin() == self.url.origin());
        let site = match &self.initiator {
            None => "none",
            Some(_) if same_origin => "same-origin",
            Some(_) => "cross-site",
        };
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(self.url.as_str())
            .header("accept", "text/html,*/*;q=0.8")
            .header(HeaderName::from_static("sec-fetch-site"), site);
        if let Some(cookies) = cookies {
            request = request.header(COOKIE, cookies);
        }
        if let (Some(page), Some(_)) = (&self.initiator, &self.body) {
            let origin =
                if self.hides_referrer { "null".to_owned() } else { page.origin().ascii_serialization() };
            request = request.header(ORIGIN, origin);
        }
        if self.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        request.body(Full::new(self.body.clone().unwrap_or_default()))
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}
