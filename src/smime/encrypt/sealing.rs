//! An encryption while its content flows: a content key, sealed for everyone in a circle, and what is written to it under that key
//! (RFC 5652 §6, RFC 5083 §2).
use super::{Circle, Encryptor, Recipient};
use crate::{
    cms::{
        content_type, enveloped_data,
        recipient_info::{self, Method, Naming, ToRsa},
    },
    crypto::{ContentEncryption, CryptoRng, Secret, public_key::KeyKind},
    encoding::hex,
    smime::{
        Error,
        acquaintance::Choice,
        cms_sink::CmsSink,
        exit::Exit,
        outgoing::{Outgoing, Piece},
        place::Place,
        report::{Container, EncryptedLayer, RecipientSummary},
        sign::written,
    },
    store::SharedKey,
    x509::{Certificate, certificate::serial_text},
};
use std::io::{self, Write};

/// Takes a content in canonical form. Without [`Sealing::finish`] nobody can read any of it.
pub(super) struct Sealing<'s> {
    writer: enveloped_data::Writer<CmsSink<&'s mut (dyn Write + Send)>>,
    pub(super) layer: EncryptedLayer,
    /// why this cipher
    pub(super) choice: Choice,
}

impl Sealing<'_> {
    /// Writes what stands after the content.
    pub(super) fn finish(self) -> Result<(EncryptedLayer, Choice), Error> {
        let to = self.writer.finish().map_err(written)?;
        to.finish().map_err(Error::Write)?;
        Ok((self.layer, self.choice))
    }
}

impl Write for Sealing<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.writer.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Several copies of one content.
pub(super) struct Copying<'s>(pub(super) Vec<Sealing<'s>>);

impl Copying<'_> {
    /// Takes a whole content; what becomes of it leaves by these ways.
    pub(super) fn take(
        &mut self,
        outgoing: Outgoing<'_>,
        exits: &mut [Exit<'_>],
    ) -> Result<(), Error> {
        let halves = self.0.iter_mut().map(|copy| copy.writer.halves());
        let (mut ciphers, mut framings): (Vec<_>, Vec<_>) = halves.unzip();
        let mut encipher = |piece: &mut Piece| {
            let (form, ciphertexts) = piece.form_and_ciphertexts(ciphers.len());
            let each = ciphers.iter_mut().zip(ciphertexts);
            each.into_iter()
                .try_for_each(|(cipher, ciphertext)| cipher.update(form, ciphertext))
                .map_err(|e| Error::Write(io::Error::other(e)))
        };
        let mut frame = |piece: &mut Piece| {
            let mut each = framings.iter_mut().zip(piece.ciphertexts());
            each.try_for_each(|(framing, ciphertext)| framing.push(ciphertext))
                .map_err(Error::Write)
        };
        outgoing.flow(&mut [&mut encipher], &mut frame, exits)?;
        Ok(())
    }
}

impl Write for Copying<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        for copy in &mut self.0 {
            copy.write_all(buf)?;
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Encryptor<'_> {
    /// Makes a content key, and writes what stands before the content: every recipient has a valid certificate by now.
    pub(super) fn seal<'s>(
        &self,
        circle: &Circle,
        place: Place<'s>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Sealing<'s>, Error> {
        let preferences = &self.policy.preferences;
        let shared_secret = circle.shared && self.has_shared_secret();
        let (cipher, choice) = self.known.cipher(
            &circle.certificates,
            shared_secret,
            self.options.cipher,
            preferences,
        );
        let content_key = Secret::random(cipher.key_size(), rng);
        let mut iv = vec![0; cipher.iv_size()];
        rng.fill_bytes(&mut iv);
        let bound = preferences.bound_content_key
            || (!shared_secret && self.known.all_read_bound_keys(&circle.certificates));
        let encryption = ContentEncryption::new(cipher, iv, bound);
        let (sealed, recipients) = self.sealed_keys(circle, &content_key, rng)?;
        let smime_type = match cipher.is_aead() {
            true => "authEnveloped-data",
            false => "enveloped-data",
        };
        let Place {
            sink,
            encoding,
            outer,
            line_end,
        } = place;
        let to =
            CmsSink::begin(sink, encoding, outer, smime_type, line_end).map_err(Error::Write)?;
        let content = content_type::DATA;
        let writer = enveloped_data::Writer::new(to, &sealed, content, &encryption, &content_key)
            .map_err(written)?;
        let layer = EncryptedLayer {
            container: match cipher.is_aead() {
                true => Container::AuthEnveloped,
                false => Container::Enveloped,
            },
            cipher: cipher.name().to_owned(),
            authenticated: cipher.is_aead(),
            bound_key: bound,
            recipients,
            opened_by: None,
            findings: Vec::new(),
        };
        Ok(Sealing {
            writer,
            layer,
            choice,
        })
    }

    /// Encrypts the content key to everyone in a circle: RecipientInfos, and what to say of them.
    fn sealed_keys(
        &self,
        circle: &Circle,
        content_key: &Secret,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<Vec<u8>>, Vec<RecipientSummary>), Error> {
        let mut sealed = Vec::with_capacity(circle.certificates.len());
        let mut recipients = Vec::with_capacity(circle.certificates.len());
        for certificate in &circle.certificates {
            let key = certificate.public_key().map_err(Error::Crypto)?;
            let rsa = self.to_rsa(certificate);
            let method =
                Method::for_key(&key, rsa, content_key.expose().len()).map_err(Error::Crypto)?;
            let naming = self.options.naming;
            recipients.push(summary(certificate, naming, &method));
            sealed.push(recipient_info::seal(
                certificate,
                naming,
                method,
                content_key,
                rng,
            )?);
        }
        for recipient in self.recipients.iter().filter(|_| circle.shared) {
            if let Some((der, summary)) =
                self.seal_without_certificate(recipient, content_key, rng)?
            {
                sealed.push(der);
                recipients.push(summary);
            }
        }
        Ok((sealed, recipients))
    }

    /// How to encrypt to this certificate if its key is an RSA key: as asked, else as the holder is known to read.
    fn to_rsa(&self, certificate: &Certificate) -> ToRsa {
        let reads_oaep = || {
            let known = self.known.capabilities(certificate);
            known.is_some_and(|it| it.reads_oaep())
        };
        match self.options.rsa {
            Some(asked) => asked,
            None if self.policy.preferences.oaep || reads_oaep() => ToRsa::Oaep,
            None => ToRsa::Pkcs1,
        }
    }

    /// Refuses to be asked for what a certificate's key must not be used for: nothing else is done instead.
    pub(super) fn require_unrestricted(&self, certificates: &[Certificate]) -> Result<(), Error> {
        if matches!(self.options.rsa, None | Some(ToRsa::Kem)) {
            return Ok(());
        }
        for certificate in certificates {
            let key = certificate.public_key().map_err(Error::Crypto)?;
            if let KeyKind::RsaKem { .. } = key.kind() {
                return Err(Error::OnlyRsaKem(Box::new(certificate.concerned())));
            }
        }
        Ok(())
    }

    /// Encrypts the content key to who has no certificate; `None` for who has one.
    fn seal_without_certificate(
        &self,
        recipient: &Recipient,
        content_key: &Secret,
        rng: &mut dyn CryptoRng,
    ) -> Result<Option<(Vec<u8>, RecipientSummary)>, Error> {
        match recipient {
            Recipient::Certificate(_) | Recipient::Address(_) => Ok(None),
            Recipient::SharedKey(SharedKey { name, key }) => {
                let (sealed, wrap) = recipient_info::seal_under_key(name, key, content_key)?;
                let summary = RecipientSummary {
                    kind: "kek",
                    algorithm: wrap.name().to_owned(),
                    issuer: None,
                    serial: None,
                    key_identifier: Some(hex::encode(name)),
                };
                Ok(Some((sealed, summary)))
            }
            Recipient::Password(password) => {
                let iterations = self.policy.preferences.password_iterations;
                let sealed = recipient_info::seal_under_password(
                    password.expose(),
                    iterations,
                    content_key,
                    rng,
                )?;
                let summary = RecipientSummary {
                    kind: "password",
                    algorithm: "pwri-kek".to_owned(),
                    issuer: None,
                    serial: None,
                    key_identifier: None,
                };
                Ok(Some((sealed, summary)))
            }
        }
    }
}

fn summary(certificate: &Certificate, naming: Naming, method: &Method) -> RecipientSummary {
    let by_identifier = naming == Naming::SubjectKeyIdentifier;
    let identifier = certificate.key_identifier().filter(|_| by_identifier);
    RecipientSummary {
        kind: match method {
            Method::Transport(_) => "key-transport",
            Method::Agreement(_) => "key-agreement",
            Method::Encapsulation { .. } => "kem",
        },
        algorithm: method.key_encryption().name(),
        issuer: (!by_identifier).then(|| certificate.issuer().to_string()),
        serial: (!by_identifier).then(|| serial_text(certificate.serial())),
        key_identifier: identifier.map(hex::encode),
    }
}
