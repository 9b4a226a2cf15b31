#!/usr/bin/env python3
"""The interoperability matrix: which program reads what smime writes, and writes what smime reads.

    tests/matrix.py              runs the matrix tests, with every peer required, and prints the table
    tests/matrix.py --write      puts it into tests/matrix.txt
    tests/matrix.py --check FILE compares tests/matrix.txt with what tests recorded in FILE (SMIME_MATRIX_RECORD=FILE cargo test)

A cell is filled by a test that passed messages both ways or one way; nothing is claimed that no test has done.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
TEXT = HERE / "matrix.txt"
COLUMNS = ["OpenSSL 3", "OpenSSL 4", "gpgsm", "NSS", "Java", "other"]
SECTIONS = ["signatures", "recipients", "content types", "attributes", "keys"]
HEAD = """\
Who understands whom. Made by tests/matrix.py from what the tests did; see there.

both    reads ours, and we read theirs
reads   reads ours
writes  we read theirs
vector  no peer here has it: our tests hold it against the vectors of its RFC
-       not tried: the peer has no such thing, or the notes say why

OpenSSL 3: Debian's; OpenSSL 4: built by tests/peers/openssl4.sh, for what 3 has not; Java: Bouncy Castle 1.72, for keys keytool; other: a second
implementation in tests/peers.
"""
NOTES = {
    "signatures": [
        "gpgsm 2.2 aborts on RSASSA-PSS and wants of ECDSA the digest of the curve's size; its import of EC keys ends in a segmentation fault.",
        "OpenSSL 3 has no Ed25519 in CMS. OpenSSL 4 makes no Ed448 signature (it takes no digest for it and has no default), and refuses SHAKE with\nECDSA and RSA: p256-shake128 and rsa-pss-shake256 are verified by ours alone, their mathematics by Wycheproof's vectors.",
        "cmsutil of NSS makes no RSASSA-PSS. DSA is read under --policy archive and never written.",
    ],
    "recipients": [
        "OpenSSL has ChaCha20-Poly1305 and AES-CCM in no CMS version; Bouncy Castle 1.72 has the primitives of X25519, X448, HKDF, ChaCha20-Poly1305\nand RSA-KEM but no CMS around them: tests/peers/bouncycastle builds that from its ASN.1 classes.",
        "OpenSSL wraps for a password with the content's cipher, so that there is none with AES-GCM. AES-CCM and OAEP other than with SHA-256 are\nread and never written. RSA-KEM: the example of RFC 9690, too, in src/crypto/kem.rs; no peer here knows keys that are restricted to it.",
    ],
    "content types": [
        "Debian's OpenSSL is built without zlib. AuthenticatedData, DigestedData and EncryptedData are read and never written.",
    ],
    "attributes": [],
    "keys": ["Keys are read and never written."],
}


def record():
    """Runs the tests; returns what they recorded."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "record"
        environment = dict(os.environ, SMIME_MATRIX_RECORD=str(file), SMIME_REQUIRE_PEERS="1")
        environment.pop("SMIME_MATRIX", None)
        openssl4 = subprocess.run([HERE / "peers/openssl4.sh"], check=True, stdout=subprocess.PIPE, text=True)
        environment["SMIME_OPENSSL4"] = openssl4.stdout.strip()
        command = ["cargo", "test", "--locked", "--quiet", "--test", "main", "matrix"]
        subprocess.run(command, check=True, cwd=HERE.parent, env=environment, stdout=sys.stderr)
        return file.read_text()


def table(recorded):
    """Returns the table as text."""
    ways = {}
    for line in recorded.splitlines():
        section, row, column, way = line.split("\t")
        ways.setdefault(section, {}).setdefault(row, {}).setdefault(column, set()).add(way)
    words = {("Ours", "Theirs"): "both", ("Ours",): "reads", ("Theirs",): "writes", ("Vector",): "vector", (): "-"}
    lines = [HEAD]
    for section in SECTIONS:
        rows = ways.pop(section)
        width = max(map(len, rows))
        lines.append(f"{section:{width}}  " + "  ".join(f"{name:9}" for name in COLUMNS).rstrip())
        for row in sorted(rows):
            cells = [words[tuple(sorted(rows[row].get(column, ())))] for column in COLUMNS]
            lines.append(f"{row:{width}}  " + "  ".join(f"{cell:9}" for cell in cells).rstrip())
        lines.append("")
        lines += NOTES[section] + [""] if NOTES[section] else []
    assert not ways, ways
    return "\n".join(lines).rstrip() + "\n"


def main(arguments):
    match arguments:
        case []:
            print(table(record()), end="")
        case ["--write"]:
            TEXT.write_text(table(record()))
        case ["--check", file]:
            if table(Path(file).read_text()) != TEXT.read_text():
                sys.exit("tests/matrix.txt is not what the tests did: run tests/matrix.py --write")
        case _:
            sys.exit(__doc__)


main(sys.argv[1:])
