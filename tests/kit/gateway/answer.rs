use std::sync::OnceLock;

use reqwest::{Client, RequestBuilder, StatusCode, header::HeaderMap, redirect};
use serde_json::Value;

/// An HTTP answer, read whole.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// Sends and reads to the end.
    ///
    /// # Panics
    /// Where no answer comes.
    pub async fn to(request: RequestBuilder) -> Self {
        Self::try_to(request).await.expect("the gateway answers")
    }

    /// [`Answer::to`] that may fail.
    pub async fn try_to(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Self { status, headers, text: response.text().await? })
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// Where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("not JSON ({error}), status {}: {}", self.status, self.text))
    }

    /// The body as JSON, of a 200.
    ///
    /// # Panics
    /// Where the status is another.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        self.json()
    }

    /// `detail` of an error of this status.
    ///
    /// # Panics
    /// Where the status is another.
    #[track_caller]
    pub fn refused(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json()["detail"].clone()
    }

    /// `detail.message` of an error of this status.
    ///
    /// # Panics
    /// Where there is none.
    #[track_caller]
    pub fn message(&self, status: u16) -> String {
        let detail = self.refused(status);
        detail["message"].as_str().unwrap_or_else(|| panic!("no message in {detail}")).to_owned()
    }

    /// A header, empty where absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// One client for all: no proxy, no redirects, any certificate (the tests make their own).
pub fn http_client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .tls_danger_accept_invalid_certs(true)
            // Each test has a runtime of its own: a pooled connection would outlive the runtime that drives it.
            .pool_max_idle_per_host(0)
            .build()
            .expect("an HTTP client")
    })
}
