//! Device authorization (RFC 8628): a person types a code elsewhere while this program asks now and then.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};
use url::Url;

use super::{
    TokenError, Tokens,
    answer::{self, seconds},
    grant::same_issuer,
    request::Form,
    transport::Transport,
    words::words,
};
use crate::{
    Scopes, client::Client, discovery::AuthorizationServer, endpoint::Endpoint, sign_in::DeviceCode,
};

/// The grant's name (RFC 8628 §3.4).
pub(crate) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A device code that waits for a person.
pub(crate) struct DeviceAuthorization {
    /// What that person does.
    pub(crate) code: DeviceCode,
    device_code: SecretString,
    interval: Duration,
    life: Duration,
    scopes: Scopes,
    resource: Option<String>,
}

/// "If no value is provided, clients MUST use 5 as the default" (RFC 8628 §3.2).
const INTERVAL: Duration = Duration::from_secs(5);
/// What `slow_down` adds (RFC 8628 §3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The longest wait between two questions.
const LONGEST_INTERVAL: Duration = Duration::from_mins(1);
/// Where the answer does not say; and the longest that anybody waits.
const LIFE: Duration = Duration::from_mins(10);
const LONGEST_LIFE: Duration = Duration::from_mins(30);

/// Asks for a device code (RFC 8628 §3.1).
pub(crate) async fn authorize_device(
    transport: &dyn Transport,
    server: &AuthorizationServer,
    client: &Client,
    scopes: &Scopes,
    resource: Option<&str>,
) -> Result<DeviceAuthorization, TokenError> {
    same_issuer(server, client, &server.issuer)?;
    let Some(endpoint) = &server.device_authorization_endpoint else {
        return Err(TokenError::Refused {
            words: "it offers no device authorization, so choose another `flow`".into(),
        });
    };
    let form = Form::new(endpoint, client).with_scopes(Some(scopes)).with_resource(resource);
    let now = SystemTime::now();
    let answer = transport.send(form.request()?).await?;
    let fields = answer::fields(&answer, form.secrets(), now)?;
    read(&fields, scopes, resource, now)
}

fn read(
    fields: &Map<String, Value>,
    scopes: &Scopes,
    resource: Option<&str>,
    now: SystemTime,
) -> Result<DeviceAuthorization, TokenError> {
    let text =
        |names: &[&str]| names.iter().find_map(|name| fields.get(*name)?.as_str()).filter(|t| !t.is_empty());
    // A person opens these: what is no endpoint is no page either (`javascript:`, `file:`).
    let page = |names: &[&str]| Some(Url::from(Endpoint::try_from(Url::parse(text(names)?).ok()?).ok()?));
    let nonsense =
        |what: &str| TokenError::Nonsense { reason: format!("its device authorization has no {what}") };
    let life = fields.get("expires_in").and_then(seconds).unwrap_or(LIFE).min(LONGEST_LIFE);
    let user_code = words(text(&["user_code"]).ok_or_else(|| nonsense("code to type"))?, &[]);
    Ok(DeviceAuthorization {
        code: DeviceCode {
            user_code,
            // `verification_url` is how Google spelled it before the RFC.
            verification_uri: page(&["verification_uri", "verification_url"])
                .ok_or_else(|| nonsense("https page to open"))?,
            verification_uri_complete: page(&["verification_uri_complete"]),
            until: now + life,
        },
        device_code: text(&["device_code"]).ok_or_else(|| nonsense("device code"))?.into(),
        interval: fields.get("interval").and_then(seconds).unwrap_or(INTERVAL).min(LONGEST_INTERVAL),
        life,
        scopes: scopes.clone(),
        resource: resource.map(Into::into),
    })
}

impl DeviceAuthorization {
    /// Asks until the person has answered or the code has ended. Dropping it ends the asking.
    pub(crate) async fn tokens(
        self,
        transport: &dyn Transport,
        server: &AuthorizationServer,
        client: &Client,
    ) -> Result<Tokens, TokenError> {
        let form = Form::new(&server.token_endpoint, client)
            .with("grant_type", DEVICE_CODE)
            .with_secret("device_code", self.device_code.expose_secret())
            .with_resource(self.resource.as_deref());
        let end = Instant::now() + self.life;
        let mut interval = self.interval;
        loop {
            if Instant::now() + interval >= end {
                return Err(TokenError::CodeExpired);
            }
            sleep(interval).await;
            let now = SystemTime::now();
            let answered = match transport.send(form.request()?).await {
                Ok(answer) => match answer.fields().ok().and_then(|fields| answer::said(&fields)) {
                    Some((code, _)) if code == "authorization_pending" => continue,
                    Some((code, _)) if code == "slow_down" => {
                        interval = (interval + SLOWER).min(LONGEST_INTERVAL);
                        continue;
                    }
                    _ => answer::read(&answer, form.secrets(), now),
                },
                Err(unanswered) => Err(unanswered.into()),
            };
            match answered {
                // "the client MUST unilaterally reduce its polling frequency" (RFC 8628 §3.5), and the code still lives.
                Err(TokenError::Transient { retry_after, .. }) => {
                    interval = (interval * 2).max(retry_after.unwrap_or_default()).min(LONGEST_INTERVAL);
                }
                Err(error) => return Err(error),
                Ok(granted) => {
                    return Ok(Tokens::new(server, granted, &self.scopes, self.resource.clone(), now));
                }
            }
        }
    }
}

impl fmt::Debug for DeviceAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceAuthorization")
            .field("until", &self.code.until)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}
