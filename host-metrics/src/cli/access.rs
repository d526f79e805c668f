//! Options that say who may use the listeners.

use std::path::PathBuf;

use clap::Args;
use portent_server::{AccessFiles, CertificateFiles};

/// Options of tokens and certificates of the two listeners.
#[derive(Args, Clone, Debug, Default)]
pub struct AccessArgs {
    /// File of the tokens that scrapes must show (`Authorization: Bearer …`), a line each; without one,
    /// PORTENT_METRICS_TOKEN.
    #[arg(long, value_name = "FILE")]
    pub metrics_token_file: Option<PathBuf>,
    /// Certificate chain in PEM form: scrapes come by HTTPS. Read again when it changes.
    #[arg(long, value_name = "FILE", requires = "metrics_tls_key")]
    pub metrics_tls_cert: Option<PathBuf>,
    /// Private key of that certificate, in PEM form.
    #[arg(long, value_name = "FILE", requires = "metrics_tls_cert")]
    pub metrics_tls_key: Option<PathBuf>,
    /// File of the tokens that deliveries must show (`Authorization: Bearer …`), a line each; without one,
    /// PORTENT_INGEST_TOKEN.
    #[arg(long, value_name = "FILE")]
    pub ingest_token_file: Option<PathBuf>,
    /// Certificate chain in PEM form: deliveries come by HTTPS. Read again when it changes.
    #[arg(long, value_name = "FILE", requires = "ingest_tls_key")]
    pub ingest_tls_cert: Option<PathBuf>,
    /// Private key of that certificate, in PEM form.
    #[arg(long, value_name = "FILE", requires = "ingest_tls_cert")]
    pub ingest_tls_key: Option<PathBuf>,
    /// Listen also on addresses that other machines reach without asking for a token: whoever reaches --metrics
    /// reads every count, whoever reaches --ingest adds to them. For networks that keep others out.
    #[arg(long)]
    pub allow_unauthenticated: bool,
}

impl AccessArgs {
    /// Files of the metrics listener.
    #[must_use]
    pub fn metrics(&self) -> AccessFiles {
        files(&self.metrics_token_file, &self.metrics_tls_cert, &self.metrics_tls_key)
    }

    /// Files of the ingest listener.
    #[must_use]
    pub fn ingest(&self) -> AccessFiles {
        files(&self.ingest_token_file, &self.ingest_tls_cert, &self.ingest_tls_key)
    }
}

fn files(tokens: &Option<PathBuf>, chain: &Option<PathBuf>, key: &Option<PathBuf>) -> AccessFiles {
    let pair = chain.clone().zip(key.clone());
    AccessFiles {
        tokens: tokens.clone(),
        certificate: pair.map(|(chain, key)| CertificateFiles { chain, key }),
    }
}
