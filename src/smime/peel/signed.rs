//! Signed layers: multipart/signed (RFC 8551 §3.5.3) and SignedData with its content inside or elsewhere (§3.5.2).
use super::{Goal, Peeler, Wire, innermost::message_inside, passing::Passing};
use crate::{
    asn1::oid::Oid,
    cms::{self, content_type, ess::Receipt, signed_data::SignedData},
    crypto::Digest,
    mime::{
        self,
        header::{self, Header},
        split::Splitter,
        transfer,
    },
    policy::{Finding, Rule, strength},
    smime::{
        Error, Source,
        content::{Content, Digesting, HEAD},
        digests::{ContentForm, Finished},
        layer::{self, Announced, Label},
        part::Part,
        report::{Form, Layer, Signature, SignedLayer},
        signature::{self, Digested},
        source::{self, Buffered, CHUNK},
    },
};
use std::io::{self, BufRead, Read};

impl Peeler<'_> {
    pub(super) fn clear_signed(
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
        let is_message = self.depth == 1 && self.here.is_message();
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
        self.signed_content(&content_type::DATA, &mut splitter, &mut content)?;
        let (digests, head) = content.finish();
        if !splitter.next_part()? {
            return Err(structure("has one part only: its signature is missing"));
        }
        let mut findings = Vec::new();
        let (content_type, signed) =
            self.below(2, |this| this.signature_part(&mut splitter, &mut findings))?;
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
        let announced = micalg_digests(micalg);
        for digest in signed.signers.iter().filter_map(|s| s.digest().ok()) {
            if !announced.contains(&digest) {
                let message = format!("micalg does not announce {}", digest.name());
                findings.push(self.policy.finding(Rule::Micalg, message));
            }
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
            content_type: Some(content_type),
            form: Form::Clear,
            as_received: self.as_received,
            head: &head,
        };
        self.judge(slot, &signed, &digested, findings)?;
        if is_message && !self.as_received {
            self.suspect(slot, &signed);
        }
        Ok(())
    }

    /// Reads the second part of a clear-signed message.
    fn signature_part(
        &mut self,
        splitter: &mut Splitter<&mut dyn BufRead>,
        findings: &mut Vec<Finding>,
    ) -> Result<(Oid, SignedData), Error> {
        let header = Header::read(splitter, self.header_limits())?;
        if !is_signature_part(&header)? {
            return Err(structure("has a second part that is no PKCS#7 signature"));
        }
        let encoding = header.transfer_encoding()?;
        let beginning = splitter.offset();
        let wire = Wire::Body(transfer::Decoder::new(encoding, &mut *splitter));
        let cms::Object::Signed(mut reader) = cms::open(wire, self.cms_limits())? else {
            return Err(structure("has a second part that is no SignedData"));
        };
        findings.extend(self.damaged(&reader));
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
        if self.goal == Goal::Inspect {
            let size = splitter.offset() - beginning;
            self.tree.push(Part::new(&self.here, Some(&header), size));
        }
        Ok((content_type, signed))
    }

    pub(super) fn signed(
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
        findings.extend(self.damaged(&reader));
        let content_type = reader.content_type;
        if label != Some(Label::Certificates) || reader.has_content {
            findings.extend(self.mislabelled(label, Label::Signed));
        }
        if !reader.has_content {
            return self.without_content(reader, label, slot, findings);
        }
        if self.detached.is_some() {
            return Err(Error::ContentNotWanted);
        }
        let mut content = Content::new(
            &reader.digest_algorithms,
            false,
            self.policy.limits.header_bytes,
        );
        let mut buffered = Buffered::new(&mut reader);
        self.signed_content(&content_type, &mut buffered, &mut content)?;
        let (digests, head) = content.finish();
        let (signed, wire) = reader.finish()?;
        findings.extend(self.nothing_follows(wire)?);
        findings.extend(self.not_opened(content_type));
        let digested = Digested {
            digests: &digests,
            content_type: Some(content_type),
            form: Form::Opaque,
            as_received: false,
            head: &head,
        };
        self.judge(slot, &signed, &digested, findings)
    }

    fn damaged<R: Read>(&self, reader: &cms::signed_data::Reader<R>) -> Option<Finding> {
        reader.was_damaged().then(|| {
            self.policy.finding(
                Rule::DamagedContentType,
                "the object is damaged: a transfer as text has made LF of every CR in it",
            )
        })
    }

    /// A bag of certificates, or a signature whose content is elsewhere.
    pub(super) fn without_content(
        &mut self,
        reader: cms::signed_data::Reader<Wire<'_>>,
        label: Option<Label>,
        slot: usize,
        mut findings: Vec<Finding>,
    ) -> Result<(), Error> {
        let content_type = reader.content_type;
        let announced = reader.digest_algorithms.clone();
        let (signed, wire) = reader.finish()?;
        findings.extend(self.nothing_follows(wire)?);
        if label == Some(Label::Certificates) && !signed.certificates_only() {
            findings.extend(self.mislabelled(label, Label::Signed));
        }
        if signed.certificates_only() {
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
            (None, _) if self.without_content_too => {}
            (None, _) => return Err(Error::NoContent),
        }
        let (mut digests, head) = content.finish();
        if self.without_content_too {
            digests = claimed(&signed)?;
        }
        let digested = Digested {
            digests: &digests,
            content_type: Some(content_type),
            form: Form::Detached,
            as_received: false,
            head: &head,
        };
        self.judge(slot, &signed, &digested, findings)
    }

    pub(super) fn detached_content(
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
    pub(super) fn signed_content(
        &mut self,
        content_type: &Oid,
        source: &mut dyn BufRead,
        content: &mut Content,
    ) -> Result<(), Error> {
        if self.goal == Goal::Verify {
            let as_received = self.as_received;
            let mut output = self.hold_output();
            let mut passing = Passing::new(source, |read| {
                let canonical = content.update(read);
                let form = if as_received { read } else { canonical };
                output.get().write_all(form).map_err(Error::Write)
            });
            let read = self.below(1, |this| this.verified(content_type, &mut passing));
            self.output = output;
            return read;
        }
        self.covered = true;
        let mut digesting = Digesting::new(source, content);
        self.inside(content_type, &mut Buffered::new(&mut digesting))?;
        io::copy(&mut digesting, &mut io::sink())?;
        Ok(())
    }

    /// Reads a content that is verified to its end.
    fn verified(&mut self, content_type: &Oid, content: &mut dyn BufRead) -> Result<(), Error> {
        let header = match *content_type == content_type::DATA {
            true => match Header::read(content, self.header_limits()) {
                Ok(header) => Some(header),
                Err(mime::Error::Io(error)) => return Err(error.into()),
                // any octets may be signed
                Err(_) => None,
            },
            false => None,
        };
        self.parts(header.as_ref(), content)
    }

    /// Takes in the From fields of a content: of its header (what is opened further passes that by itself) and, where the content is a message
    /// in an envelope of its own (RFC 8551 §3.1), of that message.
    fn froms_inside(&mut self, mut head: &[u8]) {
        let Ok(header) = Header::read(&mut head, self.header_limits()) else {
            return;
        };
        if self.goal == Goal::Verify {
            self.froms.add(&header);
            self.doubt_from(&header.fields);
        }
        let is_root = self.goal == Goal::Verify
            && matches!(layer::announced(&header), Ok(Announced::Nothing) | Err(_));
        let mut message = None;
        if let Some(mut inside) = message_inside(&header, head)
            && let Ok(inside) = Header::read(&mut inside, self.header_limits())
        {
            self.froms.add(&inside);
            message = Some(inside);
        }
        if is_root {
            self.headers.reach(&header, message.as_ref());
        }
    }

    /// Judges the signers of a layer, or describes them where nothing is to be judged.
    pub(super) fn judge(
        &mut self,
        slot: usize,
        signed: &SignedData,
        digested: &Digested<'_>,
        mut findings: Vec<Finding>,
    ) -> Result<(), Error> {
        self.froms_inside(digested.head);
        // what was peeled of the content is in the report by now
        let peeled = self.report.layers.get(slot..).unwrap_or_default();
        let around = |it: &Layer| matches!(it, Layer::Encrypted(_));
        if peeled.iter().any(around)
            || covers_ciphertext(digested, self.header_limits(), self.cms_limits())
        {
            findings.push(
                self.policy
                    .finding(Rule::CoversCiphertext, signature::COVERS_CIPHERTEXT),
            );
        }
        let (in_message, unreadable) = signature::certificates(signed, self.policy);
        findings.extend(unreadable);
        findings.extend(signed.unreadable_signers.iter().map(|error| {
            let message = format!("a signer could not be read: {error}");
            self.policy.finding(Rule::UnreadableSigner, message)
        }));
        if signed.certificates_only() {
            findings.push(self.policy.finding(
                Rule::NoSigner,
                "nobody signed: the signed data has no signer",
            ));
        }
        let mut signatures: Vec<Signature> = Vec::with_capacity(signed.signers.len());
        let mut described = 0;
        for signer in &signed.signers {
            signatures.push(match &self.judge {
                Some(judge) => judge.judge(signer, digested, &in_message)?,
                None => signature::describe_all(signer, &in_message, self.policy)?,
            });
            described += signatures.last().map_or(0, Signature::count);
            let limit = self.policy.limits.message_signatures;
            // those that are judged were paid for
            if self.judge.is_none() && described > usize::try_from(limit).unwrap_or(usize::MAX) {
                return Err(Error::Limit {
                    name: "message-signatures",
                    what: "signatures",
                    limit: limit.into(),
                });
            }
        }
        let mut layer = SignedLayer::new(digested.form, signatures, findings);
        layer.certificates = in_message.certificates;
        if digested.content_type == Some(content_type::RECEIPT) {
            layer.receipt = Receipt::from_der(digested.head).ok();
        }
        self.report.layers.insert(slot, Layer::Signed(layer));
        Ok(())
    }
}

/// The digest that the one signer of a content names in his signed attributes.
fn claimed(signed: &SignedData) -> Result<Finished, Error> {
    let [signer] = signed.signers.as_slice() else {
        return Err(Error::NoContent);
    };
    let attributes = signer.signed_attributes.as_ref();
    let claimed = attributes.and_then(|it| it.message_digest().ok());
    match (signer.digest(), claimed) {
        (Ok(digest), Some(claimed)) => Ok(Finished::claimed(digest, claimed)),
        _ => Err(Error::NoContent),
    }
}

pub(in crate::smime) fn structure(what: &'static str) -> Error {
    Error::Mime(mime::Error::Structure { what })
}

pub(in crate::smime) fn is_signature_part(header: &Header) -> Result<bool, Error> {
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
    let announced = micalg_digests(micalg);
    let useful = announced.iter().any(|d| !strength::is_weak_digest(*d));
    let mut digests = [besides, &announced, &[Digest::Sha256]].concat();
    if !useful {
        digests.extend([Digest::Sha384, Digest::Sha512, Digest::Sha224, Digest::Sha1]);
    }
    digests
}

/// The digests that micalg names and that are known.
pub(in crate::smime) fn micalg_digests(micalg: Option<&str>) -> Vec<Digest> {
    let names = micalg.unwrap_or_default().split(',');
    names
        .filter_map(|name| Digest::from_name(name.trim()))
        .collect()
}

/// Layers that are looked through for a ciphertext.
const LOOKED_THROUGH: usize = 16;

/// Returns whether a signed content is nothing but an encrypted layer, or layers of other kinds around one (RFC 8551 §3.7; Davis 2001). Only
/// its first octets are at hand: as far as these do not tell, it is what its label says; and where they end before a layer begins to tell,
/// somebody has put that much in between, and means to hide it.
fn covers_ciphertext(digested: &Digested<'_>, header: header::Limits, cms: cms::Limits) -> bool {
    let Some(mut content_type) = digested.content_type else {
        return false;
    };
    let mut head = digested.head.to_vec();
    let mut cut = head.len() >= HEAD;
    for _ in 0..LOOKED_THROUGH {
        let bare = bare_object(&head).filter(|_| !cms::is_object(&content_type));
        let (octets, label) = if let Some((octets, ends_early)) = bare {
            cut |= ends_early;
            (octets, Some(Label::Signed))
        } else if cms::is_object(&content_type) {
            if is_ciphertext(content_type) {
                return true;
            }
            let octets: Box<dyn Read> = Box::new(io::Cursor::new(head));
            match opened(cms::open_content(octets, content_type, cms)) {
                Some((inner, beginning)) => (content_type, (head, cut)) = (inner, beginning),
                None => return cut,
            }
            continue;
        } else {
            let mut rest = &head[..];
            let fields = match Header::read(&mut rest, header) {
                Ok(fields) => fields,
                // a header that is made longer than it may be hides what follows as well
                Err(mime::Error::TooLong { .. } | mime::Error::TooManyFields { .. }) => {
                    return true;
                }
                Err(_) => return cut,
            };
            match layer::announced(&fields) {
                Ok(Announced::Cms { label, encoding }) => {
                    let (octets, ends_early) =
                        beginning(&mut transfer::Decoder::new(encoding, rest));
                    cut |= ends_early;
                    (octets, label)
                }
                // a signature around a signature: what is in that one?
                Ok(Announced::ClearSigned { boundary, .. }) => {
                    let mut splitter = Splitter::new(rest, &boundary);
                    if !splitter.next_part().unwrap_or_default() {
                        return cut;
                    }
                    let (inside, more) = beginning(&mut splitter);
                    // a part without an end is one that was cut off
                    cut = more || (cut && !splitter.next_part().unwrap_or_default());
                    head = inside;
                    continue;
                }
                _ => return cut && !fields.terminated,
            }
        };
        if cms::content_type_at(&octets).is_some_and(is_ciphertext) {
            return true;
        }
        let octets: Box<dyn Read> = Box::new(io::Cursor::new(octets));
        match opened(cms::open(octets, cms)) {
            Some((inner, beginning)) => (content_type, (head, cut)) = (inner, beginning),
            None => return cut || !matches!(label, Some(Label::Signed | Label::Compressed)),
        }
    }
    // whoever piles up layers hides something
    true
}

fn is_ciphertext(content_type: Oid) -> bool {
    use content_type::*;
    matches!(
        content_type,
        ENVELOPED_DATA | AUTH_ENVELOPED_DATA | ENCRYPTED_DATA
    )
}

/// Returns the content of an object: of which type it is, and how it begins.
fn opened(object: cms::Result<cms::Object<Box<dyn Read>>>) -> Option<(Oid, (Vec<u8>, bool))> {
    use cms::Object;
    let (content_type, mut content): (Oid, Box<dyn Read>) = match object.ok()? {
        Object::Signed(reader) => (reader.content_type, Box::new(reader)),
        Object::Compressed(reader) => (reader.content_type, Box::new(reader)),
        Object::Digested(reader) => (reader.content_type, Box::new(reader)),
        Object::Authenticated(reader) => (reader.content_type, Box::new(reader)),
        // whatever is in it, it is ciphertext
        Object::Enveloped(_) | Object::Encrypted(_) => {
            (content_type::ENCRYPTED_DATA, Box::new(io::empty()))
        }
        Object::Data(reader) => (content_type::DATA, Box::new(reader)),
    };
    Some((content_type, beginning(&mut *content)))
}

/// Returns how the object begins that a content is without being an entity.
fn bare_object(mut head: &[u8]) -> Option<(Vec<u8>, bool)> {
    let mut octets = source::object_inside(&mut head).ok()?.ok()?;
    Some(beginning(&mut octets))
}

/// Reads the first octets of a content, and returns whether there may be more.
fn beginning(content: &mut dyn Read) -> (Vec<u8>, bool) {
    let mut head = Vec::new();
    let most = u64::try_from(HEAD).unwrap_or(u64::MAX);
    // cut short, it fails where it ends; what came before that is there
    let read = content.take(most).read_to_end(&mut head);
    let ends_early = read.is_err() || head.len() >= HEAD;
    (head, ends_early)
}
