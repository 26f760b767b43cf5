use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use traygate_auth::{Awaiting, DeviceCode, Flow, Scopes, SignIn, SignInState, SignedOut};

/// The sign-in of one server in a [`crate::ServerStatus`]. The address that a browser opens is nobody else's business: it
/// is told behind the admin token only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SignInStatus {
    /// A stable word: `signed-out`, `discovering`, `registering`, `awaiting-redirect`, `awaiting-device`, `exchanging`,
    /// `storing`, `signed-in`, `refreshing`, `reauth-needed`, `step-up-needed` or `failed`.
    pub state: String,
    /// Why the last one failed, or a new one is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The flow that waits: `browser`, `webview`, `deep-link` or `manual`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The address that a browser is to open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Where the browser ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// What to type on another device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_code: Option<String>,
    /// Where to type it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_uri: Option<String>,
    /// Where it need not be typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_uri_complete: Option<String>,
    /// What was granted, or will be asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// When the access token ends, or nobody waits for a person any more; RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Whether it failed for want of a client id that somebody has to register by hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub client_needed: bool,
    /// Whether mcpo is signed in to this server, and its sign-in can be taken over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mcpo: bool,
}

/// The answer of `POST /-/api/servers/{server}/sign-out`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedOutStatus {
    /// Something was kept for it.
    pub was_signed_in: bool,
    /// Whether the authorization server took the tokens back; `null` where it offers no revocation.
    pub revoked: Option<bool>,
}

impl SignInStatus {
    pub(crate) fn of(sign_in: &SignIn) -> Self {
        let state = sign_in.state().borrow().clone();
        let client_needed = matches!(state, SignInState::Failed { .. }) && sign_in.needs_client();
        Self { client_needed, ..Self::from(&state) }
    }

    /// Whether somebody waits for its end.
    pub fn is_under_way(&self) -> bool {
        matches!(
            self.state.as_str(),
            "discovering"
                | "registering"
                | "awaiting-redirect"
                | "awaiting-device"
                | "exchanging"
                | "storing"
        )
    }
}

impl From<&SignInState> for SignInStatus {
    fn from(state: &SignInState) -> Self {
        let of = |state: &str| Self { state: state.to_owned(), ..Self::default() };
        match state {
            SignInState::SignedOut => of("signed-out"),
            SignInState::Discovering => of("discovering"),
            SignInState::Registering => of("registering"),
            SignInState::AwaitingRedirect(Awaiting { url, redirect_uri, flow, until }) => Self {
                flow: Some(flow_word(*flow).to_owned()),
                url: Some(url.to_string()),
                redirect_uri: Some(redirect_uri.to_string()),
                expires_at: rfc_3339(*until),
                ..of("awaiting-redirect")
            },
            SignInState::AwaitingDevice(DeviceCode {
                user_code,
                verification_uri,
                verification_uri_complete,
                until,
            }) => Self {
                flow: Some(flow_word(Flow::Device).to_owned()),
                user_code: Some(user_code.clone()),
                verification_uri: Some(verification_uri.to_string()),
                verification_uri_complete: verification_uri_complete.as_ref().map(ToString::to_string),
                expires_at: rfc_3339(*until),
                ..of("awaiting-device")
            },
            SignInState::Exchanging => of("exchanging"),
            SignInState::Storing => of("storing"),
            SignInState::SignedIn { scopes, expires_at } => {
                Self { scopes: list(scopes), expires_at: expires_at.and_then(rfc_3339), ..of("signed-in") }
            }
            SignInState::Refreshing => of("refreshing"),
            SignInState::ReauthNeeded { reason } => {
                Self { reason: Some(reason.to_string()), ..of("reauth-needed") }
            }
            SignInState::StepUpNeeded { scopes } => Self { scopes: list(scopes), ..of("step-up-needed") },
            SignInState::Failed { reason } => Self { reason: Some(reason.to_string()), ..of("failed") },
        }
    }
}

impl From<SignedOut> for SignedOutStatus {
    fn from(SignedOut { was_signed_in, revoked }: SignedOut) -> Self {
        Self { was_signed_in, revoked }
    }
}

/// A flow as the config file names it.
pub(crate) fn flow_word(flow: Flow) -> &'static str {
    match flow {
        Flow::Browser => "browser",
        Flow::Webview => "webview",
        Flow::DeepLink => "deep-link",
        Flow::Manual => "manual",
        Flow::Device => "device",
    }
}

fn list(scopes: &Scopes) -> Vec<String> {
    scopes.iter().map(ToOwned::to_owned).collect()
}

/// To the second; `None` for a time that no calendar has.
fn rfc_3339(time: SystemTime) -> Option<String> {
    let time = jiff::Timestamp::try_from(time).ok()?;
    jiff::Timestamp::from_second(time.as_second()).ok().map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};
    use url::Url;

    use super::*;

    fn told(state: &SignInState) -> Value {
        serde_json::to_value(SignInStatus::from(state)).unwrap()
    }

    #[test]
    fn each_state_is_told_by_its_word_and_what_belongs_to_it() {
        let url = |text: &str| Url::parse(text).unwrap();
        let until = SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_900);
        let awaiting = Awaiting {
            url: url("https://as/authorize?state=x"),
            redirect_uri: url("http://127.0.0.1:8000/-/oauth/callback"),
            flow: Flow::DeepLink,
            until,
        };
        let device = DeviceCode {
            user_code: "ABCD".into(),
            verification_uri: url("https://as/device"),
            verification_uri_complete: Some(url("https://as/device?code=ABCD")),
            until,
        };
        for (state, expected) in [
            (SignInState::SignedOut, json!({"state": "signed-out"})),
            (SignInState::Discovering, json!({"state": "discovering"})),
            (SignInState::Registering, json!({"state": "registering"})),
            (
                SignInState::AwaitingRedirect(awaiting),
                json!({"state": "awaiting-redirect", "flow": "deep-link", "url": "https://as/authorize?state=x",
                       "redirect_uri": "http://127.0.0.1:8000/-/oauth/callback", "expires_at": "2026-09-21T14:13:20Z"}),
            ),
            (
                SignInState::AwaitingDevice(device),
                json!({"state": "awaiting-device", "flow": "device", "user_code": "ABCD",
                       "verification_uri": "https://as/device",
                       "verification_uri_complete": "https://as/device?code=ABCD",
                       "expires_at": "2026-09-21T14:13:20Z"}),
            ),
            (SignInState::Exchanging, json!({"state": "exchanging"})),
            (SignInState::Storing, json!({"state": "storing"})),
            (
                SignInState::SignedIn { scopes: Scopes::parse("a b"), expires_at: Some(until) },
                json!({"state": "signed-in", "scopes": ["a", "b"], "expires_at": "2026-09-21T14:13:20Z"}),
            ),
            (
                SignInState::SignedIn { scopes: Scopes::default(), expires_at: None },
                json!({"state": "signed-in"}),
            ),
            (SignInState::Refreshing, json!({"state": "refreshing"})),
            (
                SignInState::ReauthNeeded { reason: "Gone.".into() },
                json!({"state": "reauth-needed", "reason": "Gone."}),
            ),
            (
                SignInState::StepUpNeeded { scopes: Scopes::parse("a") },
                json!({"state": "step-up-needed", "scopes": ["a"]}),
            ),
            (SignInState::Failed { reason: "No.".into() }, json!({"state": "failed", "reason": "No."})),
        ] {
            assert_eq!(told(&state), expected);
            let status = SignInStatus::from(&state);
            assert_eq!(status.is_under_way(), state.is_under_way(), "{state:?}");
            assert_eq!(serde_json::from_value::<SignInStatus>(expected).unwrap(), status);
        }
    }

    #[test]
    fn flows_are_named_as_in_the_config_file() {
        for flow in [Flow::Browser, Flow::Webview, Flow::DeepLink, Flow::Manual, Flow::Device] {
            let read: Flow = serde_json::from_value(flow_word(flow).into()).unwrap();
            assert_eq!(read, flow);
        }
    }
}
