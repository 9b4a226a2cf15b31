//! Every bound on what an attacker can make large, with its source. `smime help limits` prints them; each is tested at the limit and one past it.
use crate::{crypto::password::Cost, mime::header};

macro_rules! limits {
    ($($field:ident: $type:ty = $value:expr, $name:literal, $meaning:literal, $source:literal;)*) => {
        /// Bounds; exceeding one is an error that names it (exit 3), never a verdict.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Limits { $(#[doc = $meaning] pub $field: $type,)* }

        impl Default for Limits { fn default() -> Self { Self { $($field: $value,)* } } }

        impl Limits {
            /// Returns name, value, meaning and source of each, in the order of the table.
            pub fn table(&self) -> Vec<(&'static str, u64, &'static str, &'static str)> {
                vec![$(($name, u64::try_from(self.$field).unwrap_or(u64::MAX), $meaning, $source),)*]
            }
        }
    };
}

impl Limits {
    /// Returns the bounds of a header.
    pub fn header(&self) -> header::Limits {
        header::Limits {
            block: self.header_bytes,
            line: self.header_line_bytes,
            fields: self.header_fields,
        }
    }

    /// Returns what a password's key derivation may cost.
    pub fn key_cost(&self) -> Cost {
        Cost {
            iterations: self.key_iterations,
            memory: self.key_memory_bytes,
        }
    }
}

limits! {
    header_bytes: usize = 1 << 20, "header-bytes", "bytes of a header block", "Postfix holds 102,400 (header_size_limit) a field; ten of them";
    header_line_bytes: usize = 64 << 10, "header-line-bytes", "bytes of one line of a header", "RFC 5322 §2.1.1 permits 998; mailers that do not fold reach 64 KiB";
    header_fields: usize = 2_000, "header-fields", "fields of a header, and of all layers' headers together", "mail that passed many relays has under 200; each costs memory beyond its bytes";
    layers: usize = 16, "layers", "layers of protection that open peels", "triple wrap (RFC 2634 §1.1) is three; mailing lists add two";
    asn1_depth: usize = 64, "asn1-depth", "nesting of ASN.1 values", "Bouncy Castle's bound; CMS with certificates needs 20";
    structure_bytes: usize = 16 << 20, "structure-bytes", "bytes of a structure held in memory (certificates, signers, recipients)", "1,000 recipients with 4 kB each, four times";
    certificates: usize = 64, "certificates", "certificates in a message", "security practice; chains are shorter than 10, several signers";
    signers: usize = 64, "signers", "signers of a message", "more were never seen; each costs a public-key operation and a path";
    attributes: usize = 1_000, "attributes", "attributes of a signer, signed or not, and their values", "security practice; signers with twenty were seen";
    countersignatures: usize = 16, "countersignatures", "countersignatures of a signer, those of countersignatures included", "more than two were never seen; each costs a public-key operation and a path";
    countersignature_depth: usize = 4, "countersignature-depth", "countersignatures over countersignatures", "RFC 5652 §11.4 permits any; two were never seen";
    time_stamps: usize = 16, "time-stamps", "time-stamp tokens of a signer", "long archives renew theirs every few years; each costs two public-key operations and a path";
    recipients: usize = 10_000, "recipients", "recipients of a message", "ten times Exchange's default of 1,000";
    blind_copies: usize = 32, "blind-copies", "copies for those in Bcc", "each is a file and a content key, and all are written at once; --bcc group needs one";
    key_iterations: u32 = 10_000_000, "key-iterations", "iterations of a password's key derivation", "Bouncy Castle 1.85's cap for PBKDF2";
    key_memory_bytes: u64 = 256 << 20, "key-memory-bytes", "bytes held by a password's key derivation (scrypt)", "OpenSSL writes with 16 MiB, cautious people with 128";
    key_file_bytes: usize = 16 << 20, "key-file-bytes", "bytes of a key, certificate or trust file", "CA bundles are 300 kB";
    compression_ratio: u64 = 100, "compression-ratio", "bytes that come out of one compressed byte, of all layers together", "zlib reaches 1,032; text and documents stay under 20";
    uncompressed_bytes: u64 = 4 << 30, "uncompressed-bytes", "bytes of one compressed layer's content", "no mail system takes a message as large";
    path_length: usize = 64, "path-length", "certificates in a path", "the longest chain of NIST's test suite has 8";
    path_signatures: u32 = 100, "path-signatures", "signatures checked to build one path", "rustls-webpki's budget";
    message_signatures: u32 = 300, "message-signatures", "signatures checked for one message, its certificates' included", "the limit of signers, each with a chain of four";
    path_steps: u32 = 200_000, "path-steps", "steps of a path search", "rustls-webpki's budget";
    name_comparisons: u32 = 250_000, "name-comparisons", "comparisons of names with name constraints for the paths of one message", "rustls-webpki's budget of a path";
    path_milliseconds: u32 = 1_500, "path-milliseconds", "milliseconds spent on the paths of one message, as far as the caller keeps a watch", "an answer within two seconds; a hundred checks of RSA 4096 take a tenth of it";
    certificate_names: usize = 1_000, "certificate-names", "names in the subjectAltName of a certificate in a message", "public CAs issue up to 250; each is shown for every signer";
    name_attributes: usize = 64, "name-attributes", "attributes of a distinguished name", "security practice; names with 20 were seen";
    capabilities: usize = 200, "capabilities", "S/MIME capabilities of a signer", "more than thirty were never seen";
    crl_bytes: usize = 64 << 20, "crl-bytes", "bytes of a file of revocation lists", "a million entries of 40 bytes, and half as much again";
    ocsp_bytes: usize = 64 << 10, "ocsp-bytes", "bytes of an OCSP response", "Bouncy Castle's bound; with certificates they have 2 kB";
    ocsp_age: u32 = 86_400, "ocsp-age", "seconds for which an OCSP response without nextUpdate is of use", "mozilla::pkix; RFC 6960 §4.2.2.1: then newer is available at all times";
    clock_skew: u32 = 300, "clock-skew", "seconds by which thisUpdate may lie ahead", "OpenSSL's default for OCSP (ocsp -validity_period)";
    date_skew: u32 = 86_400, "date-skew", "seconds between Date and the claimed signing time that pass without a word", "a message is signed when it is written; time zones mistaken make 26 hours at most, and are told";
    crl_issuers: usize = 4, "crl-issuers", "issuers of revocation lists whose certificates need the list of the next", "NIST's test suite has one";
    policy_nodes: u32 = 10_000, "policy-nodes", "nodes and edges of the graphs of certificate policies for one path", "RFC 9618 §3: linear in the certificates, of which a megabyte holds 100,000; NIST's test suite needs under 100";
    parts: usize = 10_000, "parts", "parts of a message", "mail with a thousand attachments was never seen";
    part_depth: usize = 32, "part-depth", "parts in parts", "a forward of a forward adds two; Bouncy Castle stops at 64, Postfix (mime_nesting_limit) at 100";
    held_bytes: usize = 1 << 20, "held-bytes", "bytes held in memory before the encrypted temporary file is used", "small mail never touches the disk";
}
