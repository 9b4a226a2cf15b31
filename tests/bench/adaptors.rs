//! The adaptors through which content flows, each alone: `cargo bench --bench adaptors [-- PATTERN]`. Gigabytes of what goes in that pass in a second
//! of this thread's processor time, in chunks of 64 KiB as in the program, from memory to nowhere; the best of several runs.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing)]
mod clock;

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use smime::{
    asn1::{Tag, stream},
    crypto::{
        ContentCipher, Digest, Hasher, Secret,
        content::{Decryption, Encryption},
    },
    encoding::{base64, quoted_printable},
    mime::{
        canonical::{Canonicalizer, Localizer},
        header,
        seven_bit::{SevenBit, Survey},
        split::Splitter,
        tree,
    },
    store::Spool,
};
use std::{
    hint::black_box,
    io::{self, BufReader, Cursor, Read, Write},
    time::Duration,
};

/// Octets that pass at once, as in `smime`.
const CHUNK: usize = 64 << 10;
/// Octets of a content: more than the processor's nearest caches hold.
const CONTENT: usize = 16 << 20;

const BOUNDARY: &str = "----0123456789ABCDEF";

fn main() {
    let pattern = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let pattern = pattern.unwrap_or_default();
    println!("{:<44}{:>8}", "", "GB/s");
    let mut row = |name: &str, octets: usize, work: &mut dyn FnMut()| {
        if name.contains(&pattern) {
            println!("{name:<44}{:>8.2}", rate(octets, work));
        }
    };
    let (lf, crlf) = (text("\n"), text("\r\n"));
    let mut binary = vec![0; CONTENT];
    ChaCha20Rng::from_seed([1; 32]).fill_bytes(&mut binary);

    canonical(&mut row, &lf, &crlf);
    transfer(&mut row, &binary, &lf);
    multipart(&mut row, &lf, &crlf);
    ber(&mut row, &binary);
    ciphers(&mut row, &binary);
    digests(&mut row, &binary);
    spool(&mut row, &binary);
}

type AddRow<'a> = &'a mut dyn FnMut(&str, usize, &mut dyn FnMut());

/// Returns octets in a nanosecond, of the best of several runs.
fn rate(octets: usize, work: &mut dyn FnMut()) -> f64 {
    let runs = (0..5).map(|_| clock::rate(Duration::from_millis(150), work));
    runs.fold(0.0, f64::max) * octets as f64 / 1e9
}

/// Returns lines of text, as mail is.
fn text(line_end: &str) -> Vec<u8> {
    const LINE: &str = "All that is gold does not glitter; not all those who wander are lost.";
    let mut text = String::with_capacity(CONTENT + CHUNK);
    // lines of all lengths
    for length in (1..=LINE.len()).cycle() {
        if text.len() >= CONTENT {
            break;
        }
        text.push_str(LINE[..length].trim_end());
        text.push_str(line_end);
    }
    text.into_bytes()
}

fn canonical(row: AddRow<'_>, lf: &[u8], crlf: &[u8]) {
    let mut out = Vec::with_capacity(2 * CHUNK);
    for (name, text) in [
        ("canonical form of CRLF", crlf),
        ("canonical form of LF", lf),
    ] {
        row(name, text.len(), &mut || {
            let mut canonicalizer = Canonicalizer::new();
            for chunk in text.chunks(CHUNK) {
                out.clear();
                canonicalizer.push(black_box(chunk), &mut out);
            }
            black_box(canonicalizer.seen());
        });
    }
    row("local form of CRLF", crlf.len(), &mut || {
        let mut localizer = Localizer::new();
        for chunk in crlf.chunks(CHUNK) {
            out.clear();
            localizer.push(black_box(chunk), &mut out);
        }
    });
}

fn transfer(row: AddRow<'_>, binary: &[u8], text: &[u8]) {
    for (name, line_end) in [
        ("base64, encoding, CRLF", "\r\n"),
        ("base64, encoding, LF", "\n"),
    ] {
        row(name, binary.len(), &mut || {
            let mut encoder = base64::Encoder::new(Nowhere, line_end);
            for chunk in binary.chunks(CHUNK) {
                encoder.write_all(black_box(chunk)).unwrap();
            }
            encoder.finish().unwrap();
        });
        let mut encoder = base64::Encoder::new(Vec::new(), line_end);
        encoder.write_all(binary).unwrap();
        let encoded = encoder.finish().unwrap();
        row(
            &name.replace("encoding", "decoding"),
            encoded.len(),
            &mut || {
                drain(base64::Decoder::new(&*encoded));
            },
        );
    }
    row("quoted-printable, decoding", text.len(), &mut || {
        drain(quoted_printable::Decoder::new(text));
    });
}

fn multipart(row: AddRow<'_>, lf: &[u8], crlf: &[u8]) {
    for (name, text, end) in [("LF", lf, "\n"), ("CRLF", crlf, "\r\n")] {
        let delimiter = format!("--{BOUNDARY}");
        let kind = format!("Content-Type: text/plain{end}{end}");
        let closing = format!("{end}{delimiter}--{end}");
        let mut body = format!("{delimiter}{end}{kind}").into_bytes();
        body.extend_from_slice(text);
        body.extend_from_slice(closing.as_bytes());
        row(
            &format!("multipart splitter, {name}"),
            body.len(),
            &mut || {
                let source = BufReader::with_capacity(CHUNK, &*body);
                let mut splitter = Splitter::new(source, BOUNDARY);
                assert!(splitter.next_part().unwrap());
                drain(&mut splitter);
                assert!(splitter.finish().unwrap().closed);
            },
        );
        let limits = tree::Limits {
            header: header::Limits {
                block: CHUNK,
                line: CHUNK,
                fields: 100,
            },
            parts: 100,
            depth: 10,
        };
        let head = format!("Content-Type: multipart/mixed; boundary=\"{BOUNDARY}\"{end}{end}");
        let leaf = [kind.as_bytes(), text].concat();
        let whole = [head.as_bytes(), &*body].concat();
        for (form, entity) in [("a text", &leaf), ("a multipart", &whole)] {
            row(
                &format!("7-bit survey of {form}, {name}"),
                entity.len(),
                &mut || {
                    let survey = Survey::of(&mut &**entity, "1", limits).unwrap();
                    assert!(survey.outcome.changed.is_empty());
                },
            );
            row(
                &format!("7-bit survey and form of {form}, {name}"),
                entity.len(),
                &mut || {
                    let survey = Survey::of(&mut &**entity, "1", limits).unwrap();
                    drain(SevenBit::new(&**entity, Some(survey), "1", limits));
                },
            );
        }
    }
}

fn ber(row: AddRow<'_>, binary: &[u8]) {
    let length = |octets: usize| {
        let octets = u32::try_from(octets).unwrap().to_be_bytes();
        [&[0x84], &octets[..]].concat()
    };
    let primitive = [&[0x04], &*length(binary.len()), binary].concat();
    let segments = |size: usize| {
        let mut octets = Vec::new();
        for segment in binary.chunks(size) {
            octets.push(0x04);
            octets.extend_from_slice(&length(segment.len()));
            octets.extend_from_slice(segment);
        }
        octets
    };
    let definite = segments(4096);
    let definite = [&[0x24], &*length(definite.len()), &*definite].concat();
    let indefinite = |size| [&[0x24, 0x80], &*segments(size), &[0, 0]].concat();
    for (name, octets) in [
        ("primitive", primitive),
        ("constructed, definite, of 4,096", definite),
        ("constructed, indefinite, of 4,096", indefinite(4096)),
        ("constructed, indefinite, of 1,000", indefinite(1000)),
    ] {
        let mut buffer = vec![0; CHUNK];
        row(&format!("BER reader, {name}"), octets.len(), &mut || {
            let mut reader = stream::Reader::new(&*octets, 10);
            reader.begin_octets(Tag::OCTET_STRING).unwrap();
            while reader.read_octets(&mut buffer).unwrap() > 0 {
                black_box(&buffer);
            }
            assert_eq!(reader.offset(), octets.len() as u64);
        });
    }
}

fn ciphers(row: AddRow<'_>, binary: &[u8]) {
    for cipher in [
        ContentCipher::Aes128Cbc,
        ContentCipher::Aes256Cbc,
        ContentCipher::Aes128Gcm,
        ContentCipher::Aes256Gcm,
        ContentCipher::ChaCha20Poly1305,
    ] {
        let key = Secret::new(vec![1; cipher.key_size()]);
        let iv = vec![2; cipher.iv_size()];
        let mut out = Vec::with_capacity(2 * CHUNK);
        row(
            &format!("{}, encryption", cipher.name()),
            binary.len(),
            &mut || {
                let mut encryption = Encryption::new(cipher, &key, &iv, b"").unwrap();
                for chunk in binary.chunks(CHUNK) {
                    out.clear();
                    encryption.update(black_box(chunk), &mut out).unwrap();
                }
                out.clear();
                black_box(encryption.finish(&mut out).unwrap());
            },
        );
        let mut encryption = Encryption::new(cipher, &key, &iv, b"").unwrap();
        let mut sealed = Vec::new();
        encryption.update(binary, &mut sealed).unwrap();
        let tag = encryption.finish(&mut sealed).unwrap();
        row(
            &format!("{}, decryption", cipher.name()),
            sealed.len(),
            &mut || {
                let mut decryption = Decryption::new(cipher, &key, &iv).unwrap();
                for chunk in sealed.chunks(CHUNK) {
                    out.clear();
                    decryption.update(black_box(chunk), &mut out).unwrap();
                }
                out.clear();
                decryption.finish(b"", &tag, &mut out).unwrap();
            },
        );
    }
}

fn digests(row: AddRow<'_>, binary: &[u8]) {
    for digest in [Digest::Sha1, Digest::Sha256, Digest::Sha384, Digest::Sha512] {
        row(digest.name(), binary.len(), &mut || {
            let mut hasher = Hasher::new(digest);
            for chunk in binary.chunks(CHUNK) {
                hasher.update(black_box(chunk));
            }
            black_box(hasher.finish());
        });
    }
}

fn spool(row: AddRow<'_>, binary: &[u8]) {
    for (name, limit) in [("in memory", usize::MAX), ("in a file", 0)] {
        let held = |file: bool| {
            let make: smime::store::spool::MakeHolding = match file {
                true => Box::new(|| Ok(Box::new(tempfile::tempfile()?))),
                false => Box::new(|| Ok(Box::new(Cursor::new(Vec::with_capacity(2 * CONTENT))))),
            };
            let mut spool = Spool::new(limit, Secret::new(vec![7; 32]), make);
            for chunk in binary.chunks(CHUNK) {
                spool.write_all(black_box(chunk)).unwrap();
            }
            spool.release(&mut Nowhere).unwrap();
        };
        row(
            &format!("spool {name}, written and released"),
            binary.len(),
            &mut || held(true),
        );
        if limit == 0 {
            row("spool in a file that is memory", binary.len(), &mut || {
                held(false);
            });
        }
    }
}

/// Takes everything, and reads none of it.
struct Nowhere;
impl Write for Nowhere {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        black_box(octets);
        Ok(octets.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads to the end, a chunk at a time.
fn drain(mut source: impl Read) {
    let mut chunk = vec![0; CHUNK];
    while source.read(&mut chunk).unwrap() > 0 {
        black_box(&chunk);
    }
}
