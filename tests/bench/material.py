"""What the operations work on: messages of any size, people with keys and certificates. Those of fixtures/ where they are there; the others are issued by
the same intermediate.
"""
import random
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
INTERMEDIATE = FIXTURES / "certs/intermediate.pem"
TRUST = FIXTURES / "trust"
ANCHOR = TRUST / "root.pem"

WORDS = (
    "all that is gold does not glitter those who wander are lost the old strong withers deep roots reached by frost from ashes a fire shall be woken "
    "light shadows spring renewed blade broken crownless again king lunch noon answer please find attached minutes of meeting regards invoice"
).split()


class Person(NamedTuple):
    """Somebody who signs and is encrypted to."""

    name: str
    address: str
    certificate: Path
    key: Path
    identity: Path
    is_rsa: bool

    @classmethod
    def of_fixtures(cls, name, fixture, is_rsa):
        pem = f"{fixture}.pem"
        address = f"{fixture}@example.com"
        return cls(name, address, FIXTURES / "certs" / pem, FIXTURES / "keys" / pem, FIXTURES / "identities" / pem, is_rsa)


def people(work):
    """Returns one for each kind of key."""
    return [
        Person.of_fixtures("RSA-2048", "alice", True),
        issue(work, "RSA-4096", 4096),
        Person.of_fixtures("P-256", "carol", False),
    ]


def issue(work, name, bits):
    """Makes somebody with an RSA key."""
    key, request, certificate, identity = (work / f"{name}.{kind}" for kind in ("key", "csr", "crt", "pem"))
    address = f"{name.lower()}@example.com"
    extensions = work / f"{name}.cnf"
    extensions.write_text(
        "keyUsage = critical, digitalSignature, nonRepudiation, keyEncipherment\nextendedKeyUsage = emailProtection\n"
        f"subjectAltName = email:{address}\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n"
    )

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}", "-out", key)
    key.chmod(0o600)
    openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
    signer = ("-CA", INTERMEDIATE, "-CAkey", FIXTURES / "keys/intermediate.pem", "-set_serial", str(bits), "-days", "3650", "-sha256")
    openssl("x509", "-req", "-in", request, *signer, "-extfile", extensions, "-out", certificate)
    identity.touch(0o600)
    identity.write_text(key.read_text() + certificate.read_text() + INTERMEDIATE.read_text())
    return Person(name, address, certificate, key, identity, True)


def text(size, chance):
    """Returns so many octets of English-like text in lines of up to 72 characters, each ended by LF."""
    lines, line, total = [], "", 0
    while total < size:
        word = chance.choice(WORDS)
        if len(line) + len(word) > 71:
            lines.append(line)
            total += len(line) + 1
            line = word
        else:
            line = f"{line} {word}" if line else word
    return whole_lines("\n".join(lines).encode(), size)


def whole_lines(octets, size):
    """Returns the first so many octets; no line of them, not the last either, ends in a space, which signing would have to encode."""
    octets = octets[: size - 1]
    return octets[:-1] + octets[-1:].replace(b" ", b".") + b"\n"


def message(path, size, address, chance=None):
    """Writes a message of this size: lines of text, as mail is."""
    chance = chance or random.Random(1)
    header = f"From: {address}\nTo: bob@example.com\nSubject: {size} octets\nContent-Type: text/plain\n\n".encode()
    left = max(size - len(header), 2)
    block = text(min(left, 1 << 20), chance)
    with open(path, "wb") as file:
        file.write(header)
        while left > len(block):
            file.write(block)
            left -= len(block)
        file.write(whole_lines(block, left))
