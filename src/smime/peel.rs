//! Peels a message, layer by layer, while it flows: the walk that verify, decrypt, open and inspect share.
//!
//! A layer hands its content on as something to read, and what is inside is peeled from that; nothing is held but structures. Only the root of
//! an entity counts: protection of a sub-part is neither opened nor credited (RFC 9787 §4).
use super::{
    content::{Content, Digesting},
    digests::ContentForm,
    error::Error,
    layer::{self, Announced, Label},
    plaintext::{End, Plaintext},
    report::{EncryptedLayer, Form, Layer, RecipientSummary, Report, SignedLayer},
    sender::Froms,
    signature::{self, Digested, Judge},
    source::{self, Bare, CHUNK, Opened, Source},
};
use crate::{
    asn1::{self, Tag, oid::Oid, stream::Rest},
    cms::{
        self, content_type,
        recipient_info::{Kind, Recipient},
        signer_info::CertificateId,
    },
    crypto::{self, ContentCipher, CryptoRng, Digest, PrivateKey, Secret},
    encoding::hex,
    mime::{
        LineEnd,
        canonical::Localizer,
        header::{self, Field, Header, merge},
        split::Splitter,
        transfer::{self, TransferEncoding},
    },
    policy::{Finding, Policy, Rule, strength},
    store::Identities,
};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    sync::Arc,
};

/// What is wanted of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// the outermost signature judged, its content given
    Verify,
    /// the outermost encryption removed
    Decrypt,
    /// every layer peeled
    Open,
    /// every layer that needs no key described
    Inspect,
}

/// Keys, and the randomness that their use needs.
pub(super) struct Keys<'a> {
    pub(super) identities: &'a Identities,
    pub(super) rng: &'a mut dyn CryptoRng,
}

/// The walk through one message.
pub(super) struct Peeler<'a> {
    pub(super) goal: Goal,
    pub(super) policy: &'a Policy,
    pub(super) judge: Option<Judge<'a>>,
    pub(super) keys: Option<Keys<'a>>,
    pub(super) sink: &'a mut dyn Write,
    /// the content of a detached signature
    pub(super) detached: Option<Source<'a>>,
    /// what was found
    pub(super) report: Report,
    /// every From field passed
    pub(super) froms: Froms,
    /// fields of the headers passed, as they will stand in the output
    outer: Vec<Field>,
    /// line ends of the outermost header
    line_end: Option<LineEnd>,
    /// layers entered
    depth: usize,
    /// digests that micalg does not announce and a signer uses all the same
    unannounced: Vec<Digest>,
    /// SHA-256 of the content of the outermost layer, where it is clear-signed
    fingerprint: Option<Vec<u8>>,
    /// the output was written in the first pass
    mute: Option<io::Sink>,
}

/// The octets of a CMS object: of a body, or of a file.
enum Wire<'r> {
    Body(transfer::Decoder<&'r mut dyn BufRead>),
    Bare(Bare<&'r mut dyn BufRead>),
}

impl Wire<'_> {
    fn tolerated(&self) -> bool {
        match self {
            Self::Body(decoder) => decoder.tolerated(),
            Self::Bare(_) => false,
        }
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Body(r) => r.read(buf),
            Self::Bare(r) => r.read(buf),
        }
    }
}

impl<'a> Peeler<'a> {
    pub(super) fn new(goal: Goal, policy: &'a Policy, sink: &'a mut dyn Write) -> Self {
        Self {
            goal,
            policy,
            judge: None,
            keys: None,
            sink,
            detached: None,
            report: Report::default(),
            froms: Froms::default(),
            outer: Vec::new(),
            line_end: None,
            depth: 0,
            unannounced: Vec::new(),
            fingerprint: None,
            mute: None,
        }
    }

    /// Walks through the message. Where a signer of a clear-signed message uses a digest that micalg does not announce, a file is read a second
    /// time for it; that both passes saw the same content is checked.
    pub(super) fn walk(&mut self, mut source: Source<'_>) -> Result<(), Error> {
        self.pass(&mut source)?;
        if self.unannounced.is_empty() || !source.rewind().map_err(Error::Read)? {
            return Ok(());
        }
        let before = self.fingerprint.take();
        self.report = Report::default();
        self.froms = Froms::default();
        self.outer.clear();
        self.depth = 0;
        self.mute = Some(io::sink());
        self.pass(&mut source)?;
        if self.fingerprint == before {
            Ok(())
        } else {
            Err(Error::Read(io::Error::other(
                "it changed while it was read",
            )))
        }
    }

    fn pass(&mut self, source: &mut Source<'_>) -> Result<(), Error> {
        match source::open(source)? {
            Opened::Mime(mut reader) => {
                let header = Header::read(&mut reader, self.header_limits())?;
                self.line_end = Some(header.line_end);
                match layer::announced(&header)? {
                    Announced::Nothing => {
                        self.absent();
                        Ok(())
                    }
                    announced => self.layer(announced, &header, &mut reader),
                }
            }
            Opened::Cms(bare) => {
                let mut der;
                let mut pem;
                let mut base64;
                let bare: Bare<&mut dyn BufRead> = match bare {
                    Bare::Der(r) => {
                        der = r;
                        Bare::Der(&mut der)
                    }
                    Bare::Pem(r) => {
                        pem = BufReader::with_capacity(CHUNK, r);
                        Bare::Der(&mut pem)
                    }
                    Bare::Base64(r) => {
                        base64 = BufReader::with_capacity(CHUNK, r);
                        Bare::Der(&mut base64)
                    }
                };
                self.cms(Wire::Bare(bare), None)
            }
        }
    }

    /// The root has no layer of the kind asked for.
    fn absent(&mut self) {
        let (rule, message) = match self.goal {
            Goal::Verify => (Rule::NotSigned, "the message is not signed"),
            Goal::Decrypt => (Rule::NotEncrypted, "the message is not encrypted"),
            Goal::Open => (
                Rule::NotProtected,
                "the message is neither signed nor encrypted",
            ),
            Goal::Inspect => return,
        };
        let finding = self.policy.finding(rule, message);
        self.report.findings.push(finding);
    }

    fn sink(&mut self) -> &mut dyn Write {
        match &mut self.mute {
            Some(mute) => mute,
            None => self.sink,
        }
    }

    fn header_limits(&self) -> header::Limits {
        header::Limits {
            block: self.policy.limits.header_bytes,
            line: self.policy.limits.header_line_bytes,
        }
    }

    fn cms_limits(&self) -> cms::Limits {
        let limits = &self.policy.limits;
        cms::Limits {
            asn1_depth: limits.asn1_depth,
            structure_bytes: limits.structure_bytes,
            certificates: limits.certificates,
            signers: limits.signers,
            recipients: limits.recipients,
        }
    }

    /// Peels an entity whose header announces a layer.
    fn layer(
        &mut self,
        announced: Announced,
        header: &Header,
        body: &mut dyn BufRead,
    ) -> Result<(), Error> {
        self.froms.add(header);
        self.outer = merge(&self.outer, &header.fields);
        match announced {
            Announced::ClearSigned { boundary, micalg } => {
                self.clear_signed(&boundary, micalg.as_deref(), body)
            }
            Announced::Cms { label, encoding } => {
                self.cms(Wire::Body(transfer::Decoder::new(encoding, body)), label)
            }
            Announced::Nothing => Ok(()),
        }
    }

    fn cms(&mut self, wire: Wire<'_>, label: Option<Label>) -> Result<(), Error> {
        self.go_deeper()?;
        match cms::open(wire, self.cms_limits())? {
            cms::Object::Signed(reader) => self.signed(reader, label),
            cms::Object::Enveloped(reader) => self.encrypted(reader, label),
        }
    }

    /// Counts a layer on the way in; it joins the report on the way out.
    fn go_deeper(&mut self) -> Result<(), Error> {
        let limit = self.policy.limits.layers;
        if self.depth >= limit {
            return Err(Error::Limit {
                name: "layers",
                what: "layers of protection",
                limit: u64::try_from(limit).unwrap_or(u64::MAX),
            });
        }
        self.depth += 1;
        Ok(())
    }

    // ---- multipart/signed

    fn clear_signed(
        &mut self,
        boundary: &str,
        micalg: Option<&str>,
        body: &mut dyn BufRead,
    ) -> Result<(), Error> {
        if self.goal == Goal::Decrypt {
            self.absent();
            return Ok(());
        }
        self.go_deeper()?;
        let slot = self.report.layers.len();
        let mut splitter = Splitter::new(body, boundary);
        if !splitter.next_part()? {
            return Err(structure("has no part"));
        }
        let mut content = Content::new(
            &announced_digests(micalg, &self.unannounced),
            true,
            self.policy.limits.header_bytes,
        );
        self.signed_content(&mut splitter, &mut content)?;
        let (digests, head, rest) = content.finish();
        if self.goal == Goal::Verify {
            self.sink().write_all(&rest).map_err(Error::Write)?;
        }
        if !splitter.next_part()? {
            return Err(structure("has one part only: its signature is missing"));
        }
        let mut findings = Vec::new();
        let header = Header::read(&mut splitter, self.header_limits())?;
        if !is_signature_part(&header)? {
            return Err(structure("has a second part that is no PKCS#7 signature"));
        }
        let encoding = header.transfer_encoding()?;
        let wire = Wire::Body(transfer::Decoder::new(encoding, &mut splitter));
        let cms::Object::Signed(mut reader) = cms::open(wire, self.cms_limits())? else {
            return Err(structure("has a second part that is no SignedData"));
        };
        if reader.has_content {
            findings.push(self.policy.finding(
                Rule::ContentOutsideSignature,
                "the signature carries a content of its own beside the signed part",
            ));
            io::copy(&mut reader, &mut io::sink())?;
        }
        let content_type = reader.content_type;
        let (signed, wire) = reader.finish()?;
        findings.extend(self.nothing_follows(wire)?);
        if splitter.next_part()? {
            return Err(structure("has more than two parts"));
        }
        let around = splitter.finish()?;
        if around.preamble || around.epilogue {
            findings.push(self.policy.finding(
                Rule::UnsignedText,
                "text before or after the signed part is not signed and was left out",
            ));
        }
        if !around.closed {
            findings.push(
                self.policy
                    .finding(Rule::MissingBoundary, "the closing boundary is missing"),
            );
        }
        if self.depth == 1 {
            self.fingerprint = digests
                .of(Digest::Sha256, ContentForm::Received)
                .map(<[u8]>::to_vec);
            let used = signed.signers.iter().filter_map(|s| s.digest().ok());
            self.unannounced = used
                .filter(|d| digests.of(*d, ContentForm::Received).is_none())
                .collect();
        }
        let digested = Digested {
            digests: &digests,
            content_type,
            form: Form::Clear,
            head: &head,
        };
        self.judge(slot, &signed, &digested, findings)
    }

    // ---- SignedData

    fn signed(
        &mut self,
        mut reader: cms::signed_data::Reader<Wire<'_>>,
        label: Option<Label>,
    ) -> Result<(), Error> {
        if self.goal == Goal::Decrypt {
            self.absent();
            return Ok(());
        }
        let slot = self.report.layers.len();
        let mut findings = Vec::new();
        if label == Some(Label::Encrypted) {
            findings.push(self.policy.finding(
                Rule::SmimeType,
                "the label says encrypted, but the message is signed",
            ));
        }
        let content_type = reader.content_type;
        if !reader.has_content {
            return self.without_content(reader, slot, findings);
        }
        if self.detached.is_some() {
            return Err(Error::ContentNotWanted);
        }
        let mut content = Content::new(
            &reader.digest_algorithms,
            false,
            self.policy.limits.header_bytes,
        );
        self.signed_content(&mut reader, &mut content)?;
        let (digests, head, _) = content.finish();
        let (signed, wire) = reader.finish()?;
        findings.extend(self.nothing_follows(wire)?);
        let digested = Digested {
            digests: &digests,
            content_type,
            form: Form::Opaque,
            head: &head,
        };
        self.judge(slot, &signed, &digested, findings)
    }

    /// A bag of certificates, or a signature whose content is elsewhere.
    fn without_content(
        &mut self,
        reader: cms::signed_data::Reader<Wire<'_>>,
        slot: usize,
        mut findings: Vec<Finding>,
    ) -> Result<(), Error> {
        let content_type = reader.content_type;
        let announced = reader.digest_algorithms.clone();
        let (signed, wire) = reader.finish()?;
        findings.extend(self.nothing_follows(wire)?);
        if signed.signers.is_empty() {
            let (found, mut unreadable) = signature::certificates(&signed, self.policy);
            self.report.findings.append(&mut unreadable);
            self.report.findings.append(&mut findings);
            if self.goal != Goal::Inspect {
                let finding = self.policy.finding(
                    Rule::NoSigner,
                    "nobody signed: the message holds certificates only",
                );
                self.report.findings.push(finding);
            }
            self.report
                .layers
                .insert(slot, Layer::Certificates(found.certificates));
            return Ok(());
        }
        let mut content = Content::new(&announced, true, self.policy.limits.header_bytes);
        match (self.detached.take(), self.goal) {
            (Some(mut source), _) => self.detached_content(&mut source, &mut content)?,
            (None, Goal::Inspect) => {}
            (None, _) => return Err(Error::NoContent),
        }
        let (digests, head, _) = content.finish();
        let digested = Digested {
            digests: &digests,
            content_type,
            form: Form::Detached,
            head: &head,
        };
        self.judge(slot, &signed, &digested, findings)
    }

    fn detached_content(
        &mut self,
        source: &mut Source<'_>,
        content: &mut Content,
    ) -> Result<(), Error> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let n = source.read(&mut chunk).map_err(Error::Read)?;
            let Some(read) = chunk.get(..n).filter(|c| !c.is_empty()) else {
                return Ok(());
            };
            content.update(read);
            self.sink().write_all(read).map_err(Error::Write)?;
        }
    }

    /// Passes the content of a signed layer on, to its end: to the sink, or to what is inside it.
    fn signed_content(
        &mut self,
        source: &mut dyn Read,
        content: &mut Content,
    ) -> Result<(), Error> {
        if self.goal == Goal::Verify {
            let mut chunk = vec![0; CHUNK];
            loop {
                let n = source.read(&mut chunk)?;
                let Some(read) = chunk.get(..n).filter(|c| !c.is_empty()) else {
                    return Ok(());
                };
                self.sink
                    .write_all(content.update(read))
                    .map_err(Error::Write)?;
            }
        }
        let mut digesting = Digesting::new(source, content);
        self.inside(&mut BufReader::with_capacity(CHUNK, &mut digesting))?;
        io::copy(&mut digesting, &mut io::sink())?;
        Ok(())
    }

    /// Judges the signers of a layer, or describes them where nothing is to be judged.
    fn judge(
        &mut self,
        slot: usize,
        signed: &cms::signed_data::SignedData,
        digested: &Digested<'_>,
        mut findings: Vec<Finding>,
    ) -> Result<(), Error> {
        // what is opened further passes its headers by itself
        if self.goal == Goal::Verify
            && let Ok(header) = Header::read(&mut &*digested.head, self.header_limits())
        {
            self.froms.add(&header);
        }
        if covers_ciphertext(digested, self.header_limits()) {
            findings.push(self.policy.finding(
                Rule::CoversCiphertext,
                "the signature is around ciphertext: it does not say who wrote the content",
            ));
        }
        let (in_message, unreadable) = signature::certificates(signed, self.policy);
        findings.extend(unreadable);
        if signed.signers.is_empty() {
            findings.push(self.policy.finding(
                Rule::NoSigner,
                "nobody signed: the signed data has no signer",
            ));
        }
        let mut signatures = Vec::with_capacity(signed.signers.len());
        for signer in &signed.signers {
            signatures.push(match &self.judge {
                Some(judge) => judge.judge(signer, digested, &in_message)?,
                None => {
                    let mut described = signature::describe(signer);
                    described.signer = in_message
                        .certificates
                        .iter()
                        .find(|c| signer.sid.names(c))
                        .cloned();
                    described
                }
            });
        }
        self.report.layers.insert(
            slot,
            Layer::Signed(SignedLayer {
                form: digested.form,
                signatures,
                findings,
            }),
        );
        Ok(())
    }

    // ---- EnvelopedData, AuthEnvelopedData

    fn encrypted(
        &mut self,
        reader: cms::enveloped_data::Reader<Wire<'_>>,
        label: Option<Label>,
    ) -> Result<(), Error> {
        if self.goal == Goal::Verify {
            self.absent();
            return Ok(());
        }
        let slot = self.report.layers.len();
        let mut layer = describe(&reader);
        if label == Some(Label::Signed) {
            layer.findings.push(self.policy.finding(
                Rule::SmimeType,
                "the label says signed, but the message is encrypted",
            ));
        }
        let cipher = reader.cipher();
        if let Ok((cipher, _)) = &cipher {
            self.grade_cipher(*cipher, reader.authenticated, &mut layer.findings);
        }
        if self.goal == Goal::Inspect || Policy::denies(&layer.findings) {
            self.report.layers.push(Layer::Encrypted(layer));
            return Ok(());
        }
        // the algorithm and its container are judged by now; only now is a private key used
        let (cipher, iv) = cipher.map_err(Error::Crypto)?;
        if !reader.has_content {
            return Err(Error::Cms(cms::Error::Malformed {
                what: "there is no encrypted content",
                offset: 0,
            }));
        }
        let (index, content_key) = self.content_key(&reader.recipients, cipher, &layer)?;
        layer.opened_by = Some(index);
        let mut plaintext =
            Plaintext::new(reader, cipher, &content_key, &iv).map_err(Error::Crypto)?;
        let inside = self.inside(&mut BufReader::with_capacity(CHUNK, &mut plaintext));
        match plaintext.end() {
            End::Proven(wire) => {
                inside?;
                layer.findings.extend(self.nothing_follows(wire)?);
            }
            End::Failed => {
                // whatever was seen inside is not what was encrypted
                self.report.layers.truncate(slot);
                layer.opened_by = None;
                layer.findings.push(self.policy.finding(
                    Rule::DecryptionFailed,
                    "the content could not be decrypted, or is not what was encrypted",
                ));
            }
            End::Broken => {
                inside?;
                return Err(Error::Read(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        self.report.layers.insert(slot, Layer::Encrypted(layer));
        Ok(())
    }

    fn grade_cipher(
        &self,
        cipher: ContentCipher,
        authenticated: bool,
        findings: &mut Vec<Finding>,
    ) {
        if cipher.is_aead() != authenticated {
            let container = if authenticated {
                "AuthEnvelopedData"
            } else {
                "EnvelopedData"
            };
            findings.push(self.policy.finding(
                Rule::WrongContainer,
                format!("{} does not belong in {container}", cipher.name()),
            ));
        }
        if strength::is_weak_cipher(cipher) {
            findings.push(self.policy.finding(
                Rule::WeakCipher,
                format!("the content is encrypted with {}", cipher.name()),
            ));
        }
        if !cipher.is_aead() {
            findings.push(self.policy.finding(
                Rule::UnauthenticatedCiphertext,
                format!(
                    "{} does not protect the content against changes",
                    cipher.name()
                ),
            ));
        }
    }

    /// Recovers the content key with the first key that the message names. There is no second try with another: the answer to one is not to depend
    /// on secrets (RFC 3218).
    fn content_key(
        &mut self,
        recipients: &[Recipient],
        cipher: ContentCipher,
        layer: &EncryptedLayer,
    ) -> Result<(usize, Secret), Error> {
        let no_key = || Error::NoKey {
            recipients: layer.recipients.clone(),
        };
        let Some(keys) = &mut self.keys else {
            return Err(no_key());
        };
        let named = |recipient: &Recipient| key_for(keys.identities, recipient.rid.as_ref()?);
        let (index, recipient, key) = recipients
            .iter()
            .enumerate()
            .find_map(|(i, r)| Some((i, r, named(r)?)))
            .ok_or_else(no_key)?;
        let twins = recipients
            .iter()
            .filter(|other| {
                named(other).is_some_and(|k| k.public_key().spki() == key.public_key().spki())
            })
            .count();
        if twins > 1 {
            return Err(Error::Cms(cms::Error::Malformed {
                what: "two recipient infos name the same recipient",
                offset: 0,
            }));
        }
        recipient.key_encryption().map_err(Error::Crypto)?;
        let size = cipher.key_size();
        let content_key = match recipient.content_key(&*key, size, keys.rng) {
            Ok(content_key) => content_key,
            // go on with a random key: the same work and the same answer for every way to fail
            Err(crypto::Error::Decryption) => Secret::random(size, keys.rng),
            Err(public) => return Err(Error::Crypto(public)),
        };
        Ok((index, content_key))
    }

    // ---- what is inside

    /// Peels what is inside a layer, or gives it out when it is the last.
    fn inside(&mut self, reader: &mut dyn BufRead) -> Result<(), Error> {
        let mut remembered = Remembered {
            source: reader,
            octets: Vec::new(),
        };
        let header = match Header::read(&mut remembered, self.header_limits()) {
            Ok(header) => Some(header),
            Err(crate::mime::Error::Io(error)) => return Err(error.into()),
            // any octets may be encrypted or signed; what has no header is given out as it is
            Err(_) => None,
        };
        let octets = std::mem::take(&mut remembered.octets);
        let announced = match (&header, self.goal) {
            (Some(header), Goal::Open | Goal::Inspect) => layer::announced(header)?,
            _ => Announced::Nothing,
        };
        match (header, announced) {
            (Some(header), Announced::Nothing) => {
                self.froms.add(&header);
                self.give_out(Some(&header), &octets, reader)
            }
            (Some(header), announced) => self.layer(announced, &header, reader),
            (None, _) => self.give_out(None, &octets, reader),
        }
    }

    /// Writes the innermost entity under the outer fields. `octets` were read already: the header block, or the beginning of what has none.
    fn give_out(
        &mut self,
        header: Option<&Header>,
        octets: &[u8],
        rest: &mut dyn BufRead,
    ) -> Result<(), Error> {
        if self.goal == Goal::Inspect {
            io::copy(rest, &mut io::sink())?;
            return Ok(());
        }
        let outer: Vec<Field> = self
            .outer
            .iter()
            .filter(|f| !f.is_mime())
            .cloned()
            .collect();
        let mut lines = Lines::following(self.line_end, header);
        match header {
            Some(header) if !outer.is_empty() => {
                let fields: Vec<u8> = merge(&outer, &header.fields)
                    .into_iter()
                    .flat_map(|f| f.raw)
                    .collect();
                lines.write(&fields, self.sink())?;
                lines.write(header.line_end.as_str().as_bytes(), self.sink())?;
            }
            None if !outer.is_empty() => {
                for field in &outer {
                    self.sink().write_all(&field.raw).map_err(Error::Write)?;
                }
                self.sink
                    .write_all(self.line_end.unwrap_or(LineEnd::Lf).as_str().as_bytes())
                    .map_err(Error::Write)?;
                lines.write(octets, self.sink())?;
            }
            _ => lines.write(octets, self.sink())?,
        }
        loop {
            let chunk = rest.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            lines.write(chunk, self.sink())?;
            let n = chunk.len();
            rest.consume(n);
        }
        lines.finish(self.sink())
    }

    /// The object has ended; so must its wire. White space after base64 is no octet.
    fn nothing_follows(&self, mut rest: Rest<Wire<'_>>) -> Result<Option<Finding>, Error> {
        let mut one = [0];
        if rest.read(&mut one)? > 0 {
            return Err(Error::TrailingData { offset: 0 });
        }
        Ok(rest.get_ref().1.tolerated().then(|| {
            self.policy.finding(
                Rule::TransferEncoding,
                "the base64 text of the message is irregular",
            )
        }))
    }
}

fn structure(what: &'static str) -> Error {
    Error::Mime(crate::mime::Error::Structure { what })
}

fn is_signature_part(header: &Header) -> Result<bool, Error> {
    Ok(matches!(
        layer::announced(header)?,
        Announced::Cms {
            label: None | Some(Label::Signed),
            ..
        }
    ))
}

/// The digests to compute for a clear-signed part: those of micalg; SHA-256 besides, which is used under other names; all of SHA-2 when micalg says nothing useful.
fn announced_digests(micalg: Option<&str>, besides: &[Digest]) -> Vec<Digest> {
    let mut digests = besides.to_vec();
    let announced = micalg
        .unwrap_or_default()
        .split(',')
        .filter_map(|name| Digest::from_name(name.trim()));
    digests.extend(announced);
    digests.push(Digest::Sha256);
    if digests
        .iter()
        .all(|d| strength::is_weak_digest(*d) || *d == Digest::Sha256)
        && micalg.and_then(Digest::from_name) != Some(Digest::Sha256)
    {
        digests.extend([Digest::Sha384, Digest::Sha512, Digest::Sha1]);
    }
    digests
}

/// Returns whether a signed content is nothing but an encrypted layer (RFC 8551 §3.7; Davis 2001).
fn covers_ciphertext(digested: &Digested<'_>, limits: header::Limits) -> bool {
    if [
        content_type::ENVELOPED_DATA,
        content_type::AUTH_ENVELOPED_DATA,
    ]
    .contains(&digested.content_type)
    {
        return true;
    }
    let mut head = digested.head;
    let Ok(header) = Header::read(&mut head, limits) else {
        return false;
    };
    let Ok(Announced::Cms { label, encoding }) = layer::announced(&header) else {
        return false;
    };
    match object_type(encoding, head) {
        Some(oid) => [
            content_type::ENVELOPED_DATA,
            content_type::AUTH_ENVELOPED_DATA,
        ]
        .contains(&oid),
        None => label != Some(Label::Signed),
    }
}

/// Reads the content type of a CMS object from its first octets.
fn object_type(encoding: TransferEncoding, head: &[u8]) -> Option<Oid> {
    let mut reader = asn1::stream::Reader::new(transfer::Decoder::new(encoding, head), 4);
    reader.enter(Tag::SEQUENCE).ok()?;
    let oid = reader.element(64).ok()?;
    Oid::from_bytes(
        asn1::cursor::Cursor::new(&oid, 0)
            .expect(Tag::OID)
            .ok()?
            .content,
    )
    .ok()
}

/// Finds the private key that a recipient info is for.
fn key_for(identities: &Identities, rid: &CertificateId) -> Option<Arc<dyn PrivateKey>> {
    match rid {
        CertificateId::IssuerSerial { issuer, serial } => {
            identities.by_issuer_serial(issuer, serial)
        }
        CertificateId::KeyIdentifier(identifier) => identities.by_key_identifier(identifier),
    }
    .map(|identity| identity.key)
}

/// Returns what an encrypted object says of itself, nothing judged.
fn describe<R>(reader: &cms::enveloped_data::Reader<R>) -> EncryptedLayer
where
    R: Read,
{
    let (cipher, authenticated) = match reader.cipher() {
        Ok((cipher, _)) => (
            cipher.name().to_owned(),
            cipher.is_aead() && reader.authenticated,
        ),
        Err(_) => (asn1::oid::name(&reader.algorithm.oid), reader.authenticated),
    };
    EncryptedLayer {
        auth_enveloped: reader.authenticated,
        cipher,
        authenticated,
        recipients: reader.recipients.iter().map(summary).collect(),
        opened_by: None,
        findings: Vec::new(),
    }
}

fn summary(recipient: &Recipient) -> RecipientSummary {
    let (issuer, serial, key_identifier) = match &recipient.rid {
        Some(CertificateId::IssuerSerial { issuer, serial }) => {
            (Some(issuer.to_string()), Some(hex::encode(serial)), None)
        }
        Some(CertificateId::KeyIdentifier(identifier)) => {
            (None, None, Some(hex::encode(identifier)))
        }
        None => (None, None, None),
    };
    RecipientSummary {
        kind: match recipient.kind {
            Kind::KeyTransport => "key-transport",
            Kind::KeyAgreement => "key-agreement",
            Kind::Kek => "kek",
            Kind::Password => "password",
            Kind::Kem => "kem",
            Kind::Other => "other",
        },
        algorithm: recipient
            .key_encryption()
            .map_or_else(|_| asn1::oid::name(&recipient.algorithm.oid), |a| a.name()),
        issuer,
        serial,
        key_identifier,
    }
}

/// The line ends of the output follow the outermost header: a text whose header ends its lines in CRLF is given out with LF under a header with LF.
enum Lines {
    AsTheyAre,
    Local(Localizer, Vec<u8>),
}

impl Lines {
    fn following(outer: Option<LineEnd>, inner: Option<&Header>) -> Self {
        let text = inner.is_some_and(|h| {
            h.line_end == LineEnd::CrLf
                && h.terminated
                && !matches!(h.transfer_encoding(), Ok(TransferEncoding::Binary))
        });
        if outer == Some(LineEnd::Lf) && text {
            Self::Local(Localizer::new(), Vec::new())
        } else {
            Self::AsTheyAre
        }
    }

    fn write(&mut self, chunk: &[u8], sink: &mut dyn Write) -> Result<(), Error> {
        match self {
            Self::AsTheyAre => sink.write_all(chunk),
            Self::Local(localizer, buffer) => {
                buffer.clear();
                localizer.push(chunk, buffer);
                sink.write_all(buffer)
            }
        }
        .map_err(Error::Write)
    }

    fn finish(self, sink: &mut dyn Write) -> Result<(), Error> {
        let Self::Local(mut localizer, mut buffer) = self else {
            return Ok(());
        };
        buffer.clear();
        localizer.finish(&mut buffer);
        sink.write_all(&buffer).map_err(Error::Write)
    }
}

/// Remembers what is consumed of a reader, so that what turns out to be no header is not lost.
struct Remembered<'r> {
    source: &'r mut dyn BufRead,
    octets: Vec<u8>,
}

impl Read for Remembered<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buf)?;
        self.octets
            .extend_from_slice(buf.get(..n).unwrap_or_default());
        Ok(n)
    }
}

impl BufRead for Remembered<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.source.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        if let Some(octets) = self
            .source
            .fill_buf()
            .ok()
            .and_then(|buffer| buffer.get(..amount))
        {
            self.octets.extend_from_slice(octets);
        }
        self.source.consume(amount);
    }
}
