use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::Tls;

/// A certificate chain and its key, read and matched.
#[derive(Debug, Clone)]
pub(crate) struct TlsIdentity(RustlsConfig);

/// Who named the files.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NamedBy {
    ConfigFile,
    CommandLine,
}

impl NamedBy {
    /// What certificate and key are called there.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::ConfigFile => ("sslCertfile", "sslKeyfile"),
            Self::CommandLine => ("--ssl-certfile", "--ssl-keyfile"),
        }
    }
}

impl TlsIdentity {
    /// Reads both files; `named` is where they were given.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong with it.
    pub(crate) fn read(files: &Tls, named: NamedBy) -> Result<Self, String> {
        let Tls { certificate, key } = files;
        let (certificate_name, key_name) = named.names();
        let chain = fs_err::read(certificate).map_err(|error| {
            format!("The certificate cannot be read: {error}. Check `{certificate_name}`.")
        })?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain)
            .collect::<Result<_, _>>()
            .ok()
            .filter(|chain: &Vec<_>| !chain.is_empty())
            .ok_or_else(|| {
                let file = certificate.display();
                format!("`{file}` holds no certificate in PEM form. Check `{certificate_name}`.")
            })?;
        let private = fs_err::read(key)
            .map_err(|error| format!("The private key cannot be read: {error}. Check `{key_name}`."))?;
        let private = PrivateKeyDer::from_pem_slice(&private).map_err(|_| {
            format!("`{}` holds no private key in PEM form. Check `{key_name}`.", key.display())
        })?;
        let unusable = |error: rustls::Error| {
            let (certificate, key) = (certificate.display(), key.display());
            format!(
                "`{certificate}` and `{key}` cannot be used together: {error}. Give the key of this certificate."
            )
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .map_err(unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self(RustlsConfig::from_config(Arc::new(config))))
    }

    pub(super) fn config(&self) -> RustlsConfig {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        let files = Tls { certificate: certificate.clone(), key };
        let read = || TlsIdentity::read(&files, NamedBy::ConfigFile).expect_err("no certificate");
        assert!(read().contains("cert.pem") && read().ends_with("Check `sslCertfile`."), "{}", read());
        let flag = TlsIdentity::read(&files, NamedBy::CommandLine).expect_err("no certificate");
        assert!(flag.ends_with("Check `--ssl-certfile`."), "{flag}");
        fs_err::write(&certificate, "nothing").expect("a file");
        assert!(read().contains("cert.pem` holds no certificate in PEM form"), "{}", read());
    }
}
