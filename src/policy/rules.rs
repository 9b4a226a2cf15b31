//! The rule table: name, meaning, source, level in each policy. `smime help rules` prints it.
use super::{Level, PolicyName};

macro_rules! rules {
    ($($variant:ident $name:literal $standard:ident $modern:ident $archive:ident $fixed:literal $source:literal $meaning:literal;)*) => {
        /// What a finding is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule { $(#[doc = $meaning] $variant,)* }

        impl Rule {
            /// Every rule, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name that options and reports use.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }

            /// Returns what the rule means, in one line.
            pub const fn meaning(self) -> &'static str { match self { $(Self::$variant => $meaning,)* } }

            /// Returns the standard and section it comes from.
            pub const fn source(self) -> &'static str { match self { $(Self::$variant => $source,)* } }

            /// Returns whether it is always denied.
            pub const fn is_fixed(self) -> bool { match self { $(Self::$variant => $fixed,)* } }

            /// Returns its level in a policy, before options change it.
            pub const fn level(self, policy: PolicyName) -> Level {
                match (self, policy) {
                    $((Self::$variant, PolicyName::Standard) => Level::$standard,
                      (Self::$variant, PolicyName::Modern) => Level::$modern,
                      (Self::$variant, PolicyName::Archive) => Level::$archive,)*
                }
            }

            /// Finds a rule by its name.
            pub fn from_name(name: &str) -> Option<Self> { Self::ALL.iter().copied().find(|r| r.name() == name) }
        }
    };
}

// variant, name, standard, modern, archive, fixed, source, meaning
rules! {
    // who vouches
    Untrusted "untrusted" Deny Deny Deny false "RFC 5280 §6.1" "no valid path leads from the certificate to a trust anchor";
    NotYetValid "not-yet-valid" Deny Deny Deny false "RFC 5280 §6.1.3 (a)(2)" "a certificate is not valid yet";
    Expired "expired" Deny Deny Warn false "RFC 5280 §6.1.3 (a)(2)" "a certificate has expired";
    ExpiredSinceSigning "expired-since-signing" Deny Deny Warn false "RFC 5280 §6.1.3 (a)(2)" "a certificate was valid at the claimed signing time and has expired since";
    AnchorExpired "anchor-expired" Allow Allow Allow false "RFC 5280 §6.1.1 (d)" "the trust anchor's own validity has ended or not begun; an anchor is a name and a key, which you trust as long as you give it";
    Revoked "revoked" Deny Deny Deny false "RFC 5280 §6.3" "a certificate is revoked";
    RevocationUnknown "revocation-unknown" Warn Warn Warn false "RFC 5280 §6.3" "nothing at hand tells whether a certificate is revoked";
    KeyUsage "key-usage" Deny Deny Deny false "RFC 8550 §4.4.2" "keyUsage or extended key usage does not permit this use, or a CA's certificate is used as a person's";
    WeakKey "weak-key" Deny Deny Warn false "RFC 8551 §4.3" "a key is too small to be safe (RSA or DSA under 2048 bits)";
    SmallExponent "small-exponent" Deny Deny Warn false "FIPS 186-5 §A.1.1" "the public exponent of an RSA key is under 65537: forgeries of others go unnoticed where a program does not check padding to the last octet";
    WeakDigest "weak-digest" Deny Deny Warn false "RFC 8551 §B.1" "a signature is made over MD5 or SHA-1";
    WeakAlgorithm "weak-algorithm" Deny Deny Warn false "RFC 8551 §B.2" "a key is of a kind that is no longer used (DSA)";
    CertificateProfile "certificate-profile" Warn Warn Warn false "RFC 5280 §4" "a certificate is not as its issuer must make it, in a way that changes no answer";
    ExplicitCurve "explicit-curve" Deny Deny Warn false "RFC 5480 §2.1.1" "a key has the numbers of its curve where its name must stand";
    SigningCertificate "signing-certificate" Deny Deny Deny false "RFC 5035 §5.4" "the signing certificate named by the signature is another than the one found";
    UnreadableCertificate "unreadable-certificate" Warn Warn Warn false "RFC 5652 §10.2.2" "a certificate in the message could not be read and was left out";
    // who it is from
    SenderMismatch "sender-mismatch" Deny Deny Deny false "RFC 8550 §3" "the signer's certificate does not name the address in From, or From does not name exactly one";
    SenderAbsent "sender-absent" Deny Deny Deny false "RFC 8550 §3" "the signer's certificate names no mail address";
    SignerNotSender "signer-not-sender" Warn Warn Warn false "RFC 8550 §3" "who was expected to sign did, and From names somebody else, or not exactly one: nothing shows who sent it";
    NoFrom "no-from" Warn Warn Warn false "RFC 8550 §3" "there is no From field to compare the signer with";
    AmbiguousFrom "ambiguous-from" Deny Deny Deny false "RFC 5322 §3.6" "the header of what comes out has more than one From field, or a field that could hide one: readers would disagree about who it is from";
    UnsignedFrom "unsigned-from" Warn Warn Warn false "RFC 9788 §4.4" "the From field inside names another than the one outside, or stands there alone, and no signature covers it: whoever encrypted may have written any";
    HeaderMismatch "header-mismatch" Warn Warn Warn false "RFC 9788 §4.4, §11.3" "a header field outside is not what the author of a protected header put there";
    UnprotectedHeader "unprotected-header" Warn Warn Warn false "RFC 9788 §4" "beside a protected header a field stands outside alone; what comes out is without it";
    TraceInside "trace-inside" Warn Warn Warn false "RFC 5322 §3.6.7" "fields that only those who carry a message may add (Received, Authentication-Results) stand inside; what comes out has those of outside";
    HeaderProtection "header-protection" Warn Warn Warn false "RFC 9788 §10.2" "the header says of its protection what is not so";
    EncryptionAdded "encryption-added" Allow Allow Allow false "RFC 9788 §10.2" "the message was encrypted by somebody who may not be its author";
    RecipientAbsent "recipient-absent" Allow Allow Allow false "RFC 9788 §11.4" "To and Cc do not name whose key opened the message: a blind copy, a list, or it was meant for somebody else";
    DateMismatch "date-mismatch" Warn Warn Warn false "RFC 5652 §11.3" "Date and the claimed signing time are more than a day apart";
    // what was signed
    DigestMismatch "digest-mismatch" Deny Deny Deny true "RFC 5652 §5.4" "the content is not what was signed";
    ChangedInTransit "changed-in-transit" Warn Warn Warn false "RFC 8551 §3.1.2, RFC 2049 §3" "what a mail server did to the content: with that undone, it is what was signed";
    SignatureInvalid "signature-invalid" Deny Deny Deny true "RFC 5652 §5.6" "the signature does not verify with the signer's key";
    SignedAttributes "signed-attributes" Deny Deny Deny true "RFC 5652 §5.3, §11" "the signed attributes lack contentType or messageDigest, or hold them twice, with several values or of another type";
    AlgorithmProtection "algorithm-protection" Deny Deny Deny true "RFC 6211 §2" "the algorithms differ from those that the signature protects";
    SignatureAlgorithm "signature-algorithm" Deny Deny Deny true "RFC 5652 §5.3" "the signature's algorithm is unknown, does not fit the key or contradicts the digest's";
    SignerCertificate "signer-certificate" Deny Deny Deny true "RFC 5652 §5.3" "the signer's certificate is not in the message nor in --certs";
    UnreadableSigner "unreadable-signer" Deny Deny Deny true "RFC 5652 §5.3" "a signer of the message is malformed and could not be read";
    NoSigner "no-signer" Deny Deny Deny true "RFC 5652 §5.1" "nobody signed: the signed data has no signer";
    TooFewSigners "too-few-signers" Deny Deny Deny true "RFC 5652 §5.1" "fewer signers than --require asks for have a signature that passes";
    NoSignedAttributes "no-signed-attributes" Deny Deny Warn false "RFC 8551 §2.5" "the signature has no signed attributes, so other content could pass for it";
    UnorderedAttributes "unordered-attributes" Warn Warn Warn false "RFC 5652 §5.4" "the signed attributes are not DER; the signature holds over one of their two forms";
    ContentOutsideSignature "content-outside-signature" Deny Deny Deny false "RFC 8551 §3.5.3" "a clear-signed message carries a second content inside its signature";
    UnsignedText "unsigned-text" Warn Warn Warn false "RFC 8551 §3.5.3" "text before or after the parts of a clear-signed message is not signed";
    MissingBoundary "missing-boundary" Warn Warn Warn false "RFC 2046 §5.1.1" "the closing boundary is missing";
    LineEnds "line-ends" Warn Warn Warn false "RFC 8551 §3.1.1" "the signature holds only over the content as received, not over its canonical form";
    DigestAlgorithm "digest-algorithm" Warn Warn Warn false "RFC 8419 §3.1" "the digest of an Ed448 signature is identified by another name than id-shake256-len";
    Micalg "micalg" Allow Allow Allow false "RFC 8551 §3.5.3.2" "micalg does not name the digest that was used";
    CoversCiphertext "covers-ciphertext" Warn Warn Warn false "RFC 8551 §3.7" "the signature is around ciphertext: it says who sent the envelope, not who wrote the content";
    MboxQuoting "mbox-quoting" Warn Warn Warn false "RFC 4155 §2" "the signature holds with lines of the mbox read otherwise than mboxrd writes them";
    SigningTime "signing-time" Warn Warn Warn false "RFC 5652 §11.3" "the claimed signing time lies in the future, or is not written as it must be";
    Countersignature "countersignature" Warn Warn Warn false "RFC 5652 §11.4" "a countersignature over the signature does not hold, or its signer is not accepted";
    TimeStamp "time-stamp" Warn Warn Warn false "RFC 3161 §2.4.2" "a time-stamp over the signature does not count: it does not hold, or its authority is not accepted";
    TimeStampToken "time-stamp-token" Deny Deny Deny true "RFC 3161 §2.4.2, RFC 5816" "a time-stamp token is not over this signature, or not as it must be";
    MalformedAttribute "malformed-attribute" Warn Warn Warn false "RFC 2634, RFC 5035" "a signed attribute is not as its standard wants it and was left out";
    Receipt "receipt" Deny Deny Deny true "RFC 2634 §2.6" "no receipt is asked for, or it is not one for this message";
    // what was encrypted
    DecryptionFailed "decryption-failed" Deny Deny Deny true "RFC 5652 §6, RFC 5083 §2" "the content could not be decrypted, or is not what was encrypted";
    WeakCipher "weak-cipher" Deny Deny Warn false "RFC 8551 §2.7" "the content is encrypted with 3DES, DES or RC2";
    UnauthenticatedCiphertext "unauthenticated-ciphertext" Warn Warn Warn false "RFC 8551 §6" "the encryption does not protect against changes (CBC): who knows parts of the content may have altered it";
    WrongContainer "wrong-container" Deny Deny Deny true "RFC 5083 §1.1" "the cipher does not belong in this content type";
    UnprotectedContentType "unprotected-content-type" Warn Warn Warn false "RFC 5083 §2.1" "AuthEnvelopedData holds something else than id-data and does not authenticate that: its content type may have been exchanged";
    MisplacedTag "misplaced-tag" Warn Warn Warn false "RFC 5084 §1.3" "AES-GCM stands in EnvelopedData, its authentication tag after the ciphertext";
    MacInvalid "mac-invalid" Deny Deny Deny true "RFC 5652 §9.3" "the content is not what was authenticated";
    // what it is
    DamagedContentType "damaged-content-type" Deny Deny Warn false "RFC 5652 §3" "a transfer as text has made LF of every CR in the object: its content type is known all the same";
    NotSigned "not-signed" Deny Deny Deny true "RFC 8551 §3.5" "the message is not signed";
    NotEncrypted "not-encrypted" Deny Deny Deny true "RFC 8551 §3.3" "the message is not encrypted";
    NotProtected "not-protected" Deny Deny Deny true "RFC 8551 §3" "the message is neither signed nor encrypted";
    SmimeType "smime-type" Deny Deny Warn false "RFC 8551 §3.2.2" "the label of the message says another protection than it has";
    TransferEncoding "transfer-encoding" Warn Warn Warn false "RFC 2045 §6.8" "the base64 or quoted-printable text is irregular";
    AmbiguousContentType "ambiguous-content-type" Warn Warn Warn false "RFC 2045 §5" "the Content-Type field of the content or of a part of it is repeated or malformed: programs may show different things";
    NestedProtection "nested-protection" Deny Deny Warn false "RFC 5652 §3" "what is inside a layer is a CMS object of its own that was not opened";
    ErrantLayer "errant-layer" Warn Warn Warn false "RFC 9787 §4.5" "a part of the message is signed or encrypted for itself: that counts for nothing, and it was not opened";
    Partial "partial" Warn Warn Warn false "RFC 9787 §4.5" "only the part that --part names was judged: what else is in the message is not protected by it";
    // what we write
    NotLearned "not-learned" Warn Warn Warn false "RFC 8551 §2.7.1" "nothing was learned from a signed message: among the certificates of encrypt it does not verify; for --learn its signer is not the sender, or not known to an anchor";
    NotSevenBit "not-7bit" Warn Warn Warn false "RFC 8551 §3.1.2" "something in the content is not 7-bit safe and cannot be made so: a mail server may re-encode it and break the signature";
    ReEncoded "re-encoded" Allow Allow Allow false "RFC 8551 §3.1.3" "a part was encoded, or its label changed, before it was signed, so that mail servers leave it as it is";
    BlindCopy "blind-copy" Deny Deny Deny false "RFC 5322 §3.6.3" "who is in Bcc would be seen among the recipients of the encryption by all others";
    PossibleBlindCopy "possible-blind-copy" Deny Deny Deny false "RFC 5322 §3.6.3" "a recipient's certificate names nobody in To or Cc and may be that of somebody in Bcc, whom all others would see";
    BlindCopyLeftOut "blind-copy-left-out" Warn Warn Warn false "RFC 5322 §3.6.3" "who is in Bcc is none of the recipients and gets no copy; the field does not go out";
    KeyFileReadable "key-file-readable" Warn Warn Warn false "security" "a private key file can be read by others";
}
