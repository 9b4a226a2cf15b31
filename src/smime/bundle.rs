//! Certificates and nothing else (RFC 8551 §3.8): SignedData that nobody signed.
use super::{Encoding, Error, Report, cms_sink::CmsSink, report::Layer, sign::written};
use crate::{
    cms::{content_type, signed_data},
    mime::LineEnd,
    x509::Certificate,
};
use std::io::Write;

/// Writes certificates to `sink`, each once.
pub fn bundle(
    certificates: &[Certificate],
    encoding: Encoding,
    sink: &mut dyn Write,
) -> Result<Report, Error> {
    let mut held: Vec<Certificate> = Vec::new();
    for certificate in certificates {
        if !held.contains(certificate) {
            held.push(certificate.clone());
        }
    }
    let to =
        CmsSink::begin(sink, encoding, &[], "certs-only", LineEnd::Lf).map_err(Error::Write)?;
    let ders: Vec<&[u8]> = held.iter().map(Certificate::der).collect();
    signed_data::Writer::new(to, &[], content_type::DATA, true)
        .finish(&ders, &[])
        .map_err(written)?
        .finish()
        .map_err(Error::Write)?;
    Ok(Report {
        layers: vec![Layer::Certificates(held)],
        described: true,
        ..Report::default()
    })
}
