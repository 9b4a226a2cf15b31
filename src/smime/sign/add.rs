//! Adding to a signed message: a signature beside those that are there (RFC 5652 §5.1), or countersignatures over them (§11.4).
//!
//! Nothing that is there changes: the content, its signatures, the certificates keep their octets; only a countersigned signature gets one more
//! unsigned attribute. Those who signed need not be trusted, but what they signed must be intact: who adds to a message vouches for it as it is.
use super::{Prepared, Signer, micalg, write_header, written};
use crate::{
    asn1::{
        Time,
        oid::{self, Oid},
    },
    cms::{
        self, Object, attribute, content_type,
        signed_data::{self, SignedData, Tail},
        signer_info,
    },
    crypto::{CryptoRng, Digest, digest::digest},
    encoding::base64,
    mime::{
        LineEnd, compose,
        header::{self, Header},
        split::Splitter,
        transfer::Decoder,
    },
    policy::{Finding, Policy, Rule},
    smime::{
        Encoding, Error, Report, Source,
        cms_sink::CmsSink,
        content::{Content, Digesting},
        digests::{ContentForm, Finished},
        layer::{self, Announced},
        peel::{
            cms_limits,
            signed::{is_signature_part, micalg_digests, structure},
        },
        report::{Form, Integrity, Layer, Signature, SignedLayer},
        signature::{Digested, Judge, certificates},
        source::{self, CHUNK, Opened},
    },
    x509::{Allowance, Collection, PathBuilder, Purpose, TrustAnchors},
};
use std::io::{self, BufRead, Read, Write};

/// What is added to a signed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addition {
    /// a signature over the same content
    Signature,
    /// a countersignature over each signature
    Countersignatures,
}

/// What is being added, and by whom.
struct Adding<'a> {
    signer: &'a Signer<'a>,
    what: Addition,
    prepared: &'a Prepared,
    at: Time,
    findings: Vec<Finding>,
    /// what was made
    made: Vec<Signature>,
}

impl Signer<'_> {
    /// Adds to one signed message; `content` is the content of a detached signature. Where a signature that is there does not hold, the report is
    /// a failing one, and what was written does not count.
    pub fn add(
        &self,
        what: Addition,
        mut source: Source<'_>,
        mut content: Option<Source<'_>>,
        sink: &mut dyn Write,
        at: Time,
        rng: &mut dyn CryptoRng,
    ) -> Result<Report, Error> {
        let identity = self.sole_identity(at)?;
        let findings =
            PathBuilder::judge_alone(&identity.certificate, Purpose::Sign, at, self.policy);
        let failed = |findings| {
            Ok(Report {
                findings,
                ..Report::default()
            })
        };
        if Policy::denies(&findings) {
            return failed(findings);
        }
        let (digest, algorithm) = self.algorithm(identity.key.public_key().kind())?;
        let prepared = self.prepared(identity, digest, algorithm, at);
        let mut adding = Adding {
            signer: self,
            what,
            prepared: &prepared,
            at,
            findings,
            made: Vec::new(),
        };
        let opened = source::open(&mut source)?;
        let form = match opened {
            Opened::Mime(mut reader) => {
                let header = Header::read(&mut reader, self.policy.limits.header())?;
                match layer::announced(&header)? {
                    Announced::ClearSigned { boundary, micalg } => {
                        adding.clear(&header, &boundary, micalg.as_deref(), reader, sink, rng)?;
                        Form::Clear
                    }
                    Announced::Cms { encoding, .. } => {
                        let (outer, _) = split_fields(&header);
                        let wire = Decoder::new(encoding, reader);
                        let to = |sink| {
                            let end = header.line_end;
                            CmsSink::begin(sink, Encoding::Smime, &outer, "signed-data", end)
                        };
                        adding.wrapped(wire, content.as_mut(), to, sink, rng)?
                    }
                    Announced::Nothing => return failed(vec![adding.not_signed()]),
                }
            }
            Opened::Cms(octets, form) => {
                let encoding = match (self.options.encoding, form) {
                    (Encoding::Smime, source::Form::Der) => Encoding::Der,
                    (Encoding::Smime, _) => Encoding::Pem,
                    (asked, _) => asked,
                };
                let to = |sink| CmsSink::begin(sink, encoding, &[], "signed-data", LineEnd::Lf);
                adding.wrapped(octets, content.as_mut(), to, sink, rng)?
            }
        };
        if Policy::denies(&adding.findings) {
            return failed(adding.findings);
        }
        let mut made = adding.made;
        if let Some(first) = made.first_mut() {
            first.findings = adding.findings;
        }
        Ok(Report {
            layers: vec![Layer::Signed(SignedLayer::new(form, made, Vec::new()))],
            ..Report::default()
        })
    }
}

impl Adding<'_> {
    fn policy(&self) -> &Policy {
        self.signer.policy
    }

    fn not_signed(&self) -> Finding {
        let message = "the message is not signed: there is nothing to add to";
        self.policy().finding(Rule::NotSigned, message)
    }

    /// A signature is added to what `sign` makes: one over the content of mail. A receipt, a time-stamp token, a permission list says what its
    /// signer alone may say, and nobody was shown it. A countersignature is over a signature, whatever that is over.
    fn is_of_mail(&self, content_type: Oid) -> Result<(), Error> {
        match self.what {
            Addition::Signature if content_type != content_type::DATA => {
                Err(Error::NotOfMail(oid::name(&content_type)))
            }
            _ => Ok(()),
        }
    }

    /// The digest that the new signature is over; a countersignature is not over the content.
    fn digests(&self) -> Vec<Digest> {
        match self.what {
            Addition::Signature => vec![self.prepared.digest],
            Addition::Countersignatures => Vec::new(),
        }
    }

    /// multipart/signed: the content part goes out as it came in, the signature part is written anew.
    fn clear(
        &mut self,
        header: &Header,
        boundary: &str,
        announced: Option<&str>,
        reader: impl BufRead,
        sink: &mut dyn Write,
        rng: &mut dyn CryptoRng,
    ) -> Result<(), Error> {
        let new = self.digests();
        let known = micalg_digests(announced);
        let mut names: Vec<&str> = announced.into_iter().collect();
        names.extend(
            new.iter()
                .filter(|it| !known.contains(it))
                .map(|it| micalg(*it)),
        );
        let mut random = [0; 24];
        rng.fill_bytes(&mut random);
        let new_boundary = compose::boundary(&random);
        let line_end = header.line_end;
        let eol = line_end.as_str();
        let (mut fields, _) = split_fields(header);
        fields.extend(compose::multipart_signed(
            &names.join(","),
            &new_boundary,
            line_end,
        ));
        write_header(sink, &fields, line_end).map_err(Error::Write)?;
        write!(sink, "--{new_boundary}{eol}").map_err(Error::Write)?;

        let mut splitter = Splitter::new(reader, boundary);
        if !splitter.next_part()? {
            return Err(structure("has no part"));
        }
        let computed = [
            &known[..],
            &new,
            &[Digest::Sha256, Digest::Sha384, Digest::Sha512],
        ]
        .concat();
        let limits = &self.policy().limits;
        let mut content = Content::new(&computed, true, limits.header_bytes);
        copy(&mut splitter, &mut content, sink)?;
        let (digests, head) = content.finish();
        if !splitter.next_part()? {
            return Err(structure("has one part only: its signature is missing"));
        }
        let part = Header::read(&mut splitter, limits.header())?;
        if !is_signature_part(&part)? {
            return Err(structure("has a second part that is no PKCS#7 signature"));
        }
        let wire = Decoder::new(part.transfer_encoding()?, &mut splitter);
        let Object::Signed(reader) = cms::open(wire, cms_limits(limits))? else {
            return Err(structure("has a second part that is no SignedData"));
        };
        if reader.has_content {
            let message = "the signature carries a content of its own beside the signed part";
            let finding = self
                .policy()
                .finding(Rule::ContentOutsideSignature, message);
            self.findings.push(finding);
            return Ok(());
        }
        self.is_of_mail(reader.content_type)?;
        let (content_type, announced) = (reader.content_type, reader.announced.clone());
        let (signed, rest) = reader.finish()?;
        nothing_follows(rest)?;
        if splitter.next_part()? {
            return Err(structure("has more than two parts"));
        }
        let around = splitter.finish()?;
        if around.preamble || around.epilogue {
            let message = "text before or after the signed part is not signed and was left out";
            let finding = self.policy().finding(Rule::UnsignedText, message);
            self.findings.push(finding);
        }
        let digested = Digested {
            digests: &digests,
            content_type: Some(content_type),
            form: Form::Clear,
            as_received: false,
            head: &head,
        };
        let tail = self.tail(&signed, &digested, ContentForm::Canonical, rng)?;
        write!(sink, "{eol}--{new_boundary}{eol}").map_err(Error::Write)?;
        write_header(sink, &compose::signature_part(line_end), line_end).map_err(Error::Write)?;
        signed_data::Writer::extending(
            base64::Encoder::new(&mut *sink, eol),
            &announced,
            &new,
            content_type,
            true,
        )
        .finish_with(&tail)
        .map_err(written)?
        .finish()
        .map_err(Error::Write)?;
        write!(sink, "{eol}--{new_boundary}--{eol}").map_err(Error::Write)?;
        sink.flush().map_err(Error::Write)
    }

    /// SignedData with its content inside, or elsewhere.
    fn wrapped<'s>(
        &mut self,
        wire: impl Read,
        content_source: Option<&mut Source<'_>>,
        to: impl FnOnce(&'s mut dyn Write) -> io::Result<CmsSink<&'s mut dyn Write>>,
        sink: &'s mut dyn Write,
        rng: &mut dyn CryptoRng,
    ) -> Result<Form, Error> {
        let limits = &self.policy().limits;
        let Object::Signed(mut reader) = cms::open(wire, cms_limits(limits))? else {
            let finding = self.not_signed();
            self.findings.push(finding);
            return Ok(Form::Opaque);
        };
        if reader.is_structure() {
            return Err(Error::Cms(cms::Error::Unsupported {
                what: "adding to the SignedData of PKCS#7 v1.5",
            }));
        }
        self.is_of_mail(reader.content_type)?;
        let new = self.digests();
        let content_type = reader.content_type;
        let detached = !reader.has_content;
        let computed = [&reader.digest_algorithms[..], &new].concat();
        let mut content = Content::new(&computed, detached, limits.header_bytes);
        let mut writer = signed_data::Writer::extending(
            to(sink).map_err(Error::Write)?,
            &reader.announced,
            &new,
            content_type,
            detached,
        );
        match (detached, content_source) {
            (true, Some(source)) => {
                io::copy(&mut Digesting::new(source, &mut content), &mut io::sink())
                    .map_err(Error::Read)?;
            }
            (true, None) => return Err(Error::NoContent),
            (false, Some(_)) => return Err(Error::ContentNotWanted),
            (false, None) => copy(&mut reader, &mut content, &mut writer)?,
        }
        let (digests, head) = content.finish();
        let (signed, rest) = reader.finish()?;
        nothing_follows(rest)?;
        let form = if detached {
            Form::Detached
        } else {
            Form::Opaque
        };
        let digested = Digested {
            digests: &digests,
            content_type: Some(content_type),
            form,
            as_received: false,
            head: &head,
        };
        let tail = self.tail(&signed, &digested, ContentForm::Received, rng)?;
        writer
            .finish_with(&tail)
            .map_err(written)?
            .finish()
            .map_err(Error::Write)?;
        Ok(form)
    }

    /// Checks what is there, and returns what stands after the content when all is added.
    fn tail(
        &mut self,
        signed: &SignedData,
        digested: &Digested<'_>,
        form: ContentForm,
        rng: &mut dyn CryptoRng,
    ) -> Result<Tail, Error> {
        self.check(signed, digested)?;
        let mut tail = signed.received.clone();
        if Policy::denies(&self.findings) {
            return Ok(tail);
        }
        for certificate in &self.prepared.certificates {
            tail.add_certificate(certificate.der());
        }
        match self.what {
            Addition::Signature => {
                let digest = of(digested.digests, self.prepared.digest, form)?;
                let made = self.make(digested.content_type, digest, rng)?;
                tail.signers.push(made);
            }
            Addition::Countersignatures => {
                let depth = self.policy().limits.asn1_depth;
                for (received, info) in tail.signers.iter_mut().zip(&signed.signers) {
                    let over = digest(self.prepared.digest, &info.signature);
                    let made = attribute::countersignature(&self.make(None, &over, rng)?);
                    *received = signer_info::with_unsigned(received, depth, &made)?;
                }
            }
        }
        let limit = self.policy().limits.signers;
        if tail.signers.len() > limit {
            return Err(Error::Limit {
                name: "signers",
                what: "signers",
                limit: u64::try_from(limit).unwrap_or(u64::MAX),
            });
        }
        Ok(tail)
    }

    fn make(
        &mut self,
        content_type: Option<Oid>,
        digest: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        let (prepared, at) = (self.prepared, self.at);
        let (signature, der) = self
            .signer
            .signature(prepared, content_type, digest, at, rng)?;
        self.made.push(signature);
        Ok(der)
    }

    /// Every signature that is there must be intact.
    fn check(&mut self, signed: &SignedData, digested: &Digested<'_>) -> Result<(), Error> {
        let repository = Collection {
            certificates: self.signer.identities.certificates().to_vec(),
            ..Collection::default()
        };
        let judge = Judge {
            anchors: &TrustAnchors::default(),
            repository: &repository,
            time_stamp_anchors: None,
            policy: self.signer.policy,
            watch: None,
            at: self.at,
            allowance: Allowance::new(&self.policy().limits).into(),
        };
        if signed.certificates_only() {
            let finding = self.not_signed();
            self.findings.push(finding);
        }
        if let Some(error) = signed.unreadable_signers.first() {
            let message = format!("a signature that is there cannot be read: {error}");
            let finding = self.policy().finding(Rule::SignatureInvalid, message);
            self.findings.push(finding);
        }
        let (in_message, _) = certificates(signed, self.signer.policy);
        for info in &signed.signers {
            let (integrity, findings) = judge.integrity(info, digested, &in_message)?;
            let fixed = findings.into_iter().filter(|f| f.rule.is_fixed());
            let before = self.findings.len();
            self.findings.extend(fixed);
            if integrity != Integrity::Intact && self.findings.len() == before {
                let message = "a signature that is there does not hold";
                let finding = self.policy().finding(Rule::SignatureInvalid, message);
                self.findings.push(finding);
            }
        }
        Ok(())
    }
}

fn of(digests: &Finished, digest: Digest, form: ContentForm) -> Result<&[u8], Error> {
    digests.of(digest, form).ok_or(Error::NoContent)
}

/// Parts the fields of a message from those that say how it is signed, which are written anew.
fn split_fields(header: &Header) -> (Vec<header::Field>, Vec<header::Field>) {
    let fields = header.fields.iter().cloned();
    fields.partition(|field| !field.is_mime())
}

/// Passes a content on as it is, digesting it.
fn copy(source: &mut dyn Read, content: &mut Content, sink: &mut dyn Write) -> Result<(), Error> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let n = source.read(&mut chunk)?;
        let Some(read) = chunk.get(..n).filter(|c| !c.is_empty()) else {
            return Ok(());
        };
        content.update(read);
        sink.write_all(read).map_err(Error::Write)?;
    }
}

/// The object has ended; so must what it was read from.
fn nothing_follows(mut rest: impl Read) -> Result<(), Error> {
    match rest.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(Error::TrailingData { offset: 0 }),
    }
}
