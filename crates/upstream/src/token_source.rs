//! What requests and supervisors ask of a sign-in, as traits: production has real ones, tests script theirs.

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use tokio::sync::watch;
use traygate_auth::{Bearer, Challenge, NotNow, ServerId, SignIn, SignInOptions, SignIns, Verdict};

/// Where the access token of one server's requests comes from: see the methods of the same names of [`SignIn`].
pub(crate) trait TokenSource: fmt::Debug + Send + Sync {
    fn bearer(&self) -> BoxFuture<'_, Result<Option<Bearer>, NotNow>>;
    fn refused<'a>(&'a self, sent: Option<&'a Bearer>, challenge: Challenge) -> BoxFuture<'a, Verdict>;
    fn changes(&self) -> watch::Receiver<u64>;
}

/// Those of all servers: see the methods of the same names of [`SignIns`].
pub(crate) trait TokenSources: Send + Sync {
    fn server(&self, id: ServerId, options: SignInOptions) -> Arc<dyn TokenSource>;
    fn remove(&self, name: &str);
}

impl TokenSource for SignIn {
    fn bearer(&self) -> BoxFuture<'_, Result<Option<Bearer>, NotNow>> {
        Box::pin(SignIn::bearer(self))
    }

    fn refused<'a>(&'a self, sent: Option<&'a Bearer>, challenge: Challenge) -> BoxFuture<'a, Verdict> {
        Box::pin(SignIn::refused(self, sent, challenge))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        SignIn::changes(self)
    }
}

impl TokenSources for SignIns {
    fn server(&self, id: ServerId, options: SignInOptions) -> Arc<dyn TokenSource> {
        SignIns::server(self, id, options)
    }

    fn remove(&self, name: &str) {
        SignIns::remove(self, name);
    }
}
