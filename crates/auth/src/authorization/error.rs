use crate::token::hint;

/// Why an authorization did not come to a code. Its texts are part of a sentence about the server, what to do included.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthorizationError {
    #[error(
        "its authorization server has no page to sign in on. Set `flow: device` or `grant: client_credentials` in its `oauth` block if that is what it offers."
    )]
    NoEndpoint,
    /// "MUST refuse to proceed" (MCP 2026-07-28, authorization code protection).
    #[error(
        "its authorization server does not say that it takes PKCE with S256, and signing in without is not safe. Ask who runs it to list `S256` in `code_challenge_methods_supported`."
    )]
    NoPkce,
    #[error("there are no random numbers on this system. Try again.")]
    NoRandom,
    /// The client is another authorization server's.
    #[error("its authorization server is another one than this program is registered with. Sign in again.")]
    OtherIssuer,
    /// What mcpo calls "No authorization code found".
    #[error(
        "no authorization code was found. Copy the complete address that the browser ended on, from its address bar, with everything after the `?`."
    )]
    NoCode,
    /// A parameter twice: "MUST NOT be included more than once" (RFC 6749 §3.1).
    #[error("the answer names `{0}` twice, as no authorization server does. Sign in again.")]
    Twice(&'static str),
    #[error("the answer is longer than any authorization server's. Sign in again.")]
    TooLong,
    #[error(
        "the answer does not belong to this sign-in: its `state` is missing or another one. Sign in again, and use the newest page."
    )]
    State,
    /// Advertised and not sent (RFC 9207 §2.4).
    #[error(
        "the answer does not say which authorization server it is from, although this one always says so. Sign in again; where you pasted a code, paste the complete address instead."
    )]
    IssuerMissing,
    #[error(
        "the answer is from the authorization server `{from}`, and `{expected}` was asked. Nothing of it was used."
    )]
    OtherServer { from: String, expected: String },
    /// The authorization server said no (RFC 6749 §4.1.2.1).
    #[error("{}", sentence(code, words))]
    Refused {
        /// The code, as it was sent; for comparisons, not for eyes.
        code: String,
        /// Code and description, clean.
        words: String,
    },
}

/// An error response as a sentence that says what to do.
fn sentence(code: &str, words: &str) -> String {
    let what = match code {
        "access_denied" => {
            "access was denied, by you or by the authorization server. Sign in again, and allow it"
        }
        "invalid_scope" => {
            "the authorization server does not know a scope that was asked for. Set `scope` in its `oauth` block to scopes \
             that it knows"
        }
        "invalid_target" => {
            "the authorization server does not know this server by its address. Set `resource` to `omit` in its `oauth` \
             block, or to what that authorization server calls this server"
        }
        "server_error" => "the authorization server had a failure of its own. Try again later",
        "temporarily_unavailable" => "the authorization server is overloaded or closed. Try again later",
        "unauthorized_client" => {
            "the authorization server does not let this client sign people in. Check what is registered for `client_id`, \
             or sign out with `--forget-client` and sign in again to register anew"
        }
        "invalid_client" => {
            "the authorization server does not know this client. Check `client_id`, or sign out with `--forget-client` \
             and sign in again to register anew"
        }
        "unsupported_response_type" => {
            "the authorization server gives no authorization codes. Choose another `flow` or `grant` in its `oauth` block"
        }
        "invalid_request" => {
            "the authorization server did not understand the request. Check the redirect URI and the `oauth` block"
        }
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            "the authorization server wants you to answer its page. Sign in again, and stay until the page is done"
        }
        _ => "the authorization server did not sign you in. What it said may help who runs it",
    };
    let hint = if words.contains("AADSTS9010010") && code != "invalid_target" { hint(words) } else { "" };
    format!("{what}. (It said: {words}){hint}")
}
