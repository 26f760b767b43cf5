use url::Url;

use crate::Scopes;

/// What a resource server says in its `WWW-Authenticate` headers (RFC 9110 §11.6.1) about Bearer (RFC 6750 §3, RFC 9728
/// §5.1). A bare 401 is the default: a challenge that says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Challenge {
    /// `resource_metadata`.
    pub resource_metadata: Option<Url>,
    /// `scope`.
    pub scope: Option<Scopes>,
    /// `error`, such as `invalid_token` or `insufficient_scope`.
    pub error: Option<String>,
    /// `error_description`.
    pub error_description: Option<String>,
}
