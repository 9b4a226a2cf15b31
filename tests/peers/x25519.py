#!/usr/bin/env python3
"""X25519 recipients (RFC 8418), which no version of OpenSSL, NSS or GnuPG of Debian can do.

    x25519.py encrypt CERT [--kdf KDF] [--cipher CIPHER] [--smime] < ENTITY > MESSAGE
    x25519.py decrypt CERT KEY < MESSAGE.der > ENTITY

A second implementation, to check the first: it shares no line with src/. Its primitives (X25519, AES, AES key wrap) are
those of the `openssl` program, its hashes are Python's. It reads EnvelopedData with AES-CBC and AuthEnvelopedData with AES-GCM, DER or BER.
"""
import argparse, base64, hashlib, hmac, os, subprocess, sys, tempfile

DATA, ENVELOPED, AUTH_ENVELOPED = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.3", "1.2.840.113549.1.9.16.1.23"
X25519 = "1.3.101.110"
SCHEMES = {"hkdf-sha256": "1.2.840.113549.1.9.16.3.19", "x963-sha256": "1.3.132.1.11.1"}
WRAPS = {16: "2.16.840.1.101.3.4.1.5", 24: "2.16.840.1.101.3.4.1.25", 32: "2.16.840.1.101.3.4.1.45"}  # by octets of the key
CIPHERS = {"aes-128-cbc": "2.16.840.1.101.3.4.1.2", "aes-192-cbc": "2.16.840.1.101.3.4.1.22", "aes-256-cbc": "2.16.840.1.101.3.4.1.42",
           "aes-128-gcm": "2.16.840.1.101.3.4.1.6", "aes-256-gcm": "2.16.840.1.101.3.4.1.46"}
SPKI_PREFIX = bytes.fromhex("302a300506032b656e032100")


# ---- DER

def tlv(tag, *contents):
    body = b"".join(contents)
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    if len(body) > 127:
        length = bytes([0x80 | len(length)]) + length
    return bytes([tag]) + length + body


def oid(dotted):
    numbers = [int(n) for n in dotted.split(".")]
    out = b""
    for n in [numbers[0] * 40 + numbers[1], *numbers[2:]]:
        digits = [n & 127]
        while n := n >> 7:
            digits.append(n & 127 | 128)
        out += bytes(reversed(digits))
    return tlv(6, out)


def parse(data, at=0):
    """(tag, content: bytes or list of elements, raw, end); BER with indefinite lengths understood"""
    tag, length, start = data[at], data[at + 1], at + 2
    if length == 0x80:
        children, at_child = [], start
        while data[at_child:at_child + 2] != b"\0\0":
            child = parse(data, at_child)
            children.append(child)
            at_child = child[3]
        return tag, children, data[at:at_child + 2], at_child + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[at + 2:start], "big")
    end = start + length
    if end > len(data):
        raise ValueError("truncated")
    if tag & 0x20:
        children, at_child = [], start
        while at_child < end:
            child = parse(data, at_child)
            children.append(child)
            at_child = child[3]
        return tag, children, data[at:end], end
    return tag, data[start:end], data[at:end], end


def octets(element):
    tag, content, _, _ = element
    return b"".join(octets(c) for c in content) if isinstance(content, list) else content


# ---- primitives

def openssl(*args, data=b""):
    return subprocess.run(["openssl", *args], input=data, stdout=subprocess.PIPE, check=True).stdout


def agree(key_file, public):
    with tempfile.TemporaryDirectory() as tmp:
        peer = os.path.join(tmp, "peer")
        with open(peer, "wb") as f:
            f.write(SPKI_PREFIX + public)
        return openssl("pkeyutl", "-derive", "-inkey", key_file, "-peerkey", peer, "-peerform", "DER")


def key_encryption_key(scheme, secret, wrap_algorithm, size, ukm=None):
    """RFC 8418 section 2; ECC-CMS-SharedInfo of RFC 5753 section 7.2"""
    info = [wrap_algorithm]
    if ukm is not None:
        info.append(tlv(0xA0, tlv(4, ukm)))
    info.append(tlv(0xA2, tlv(4, (size * 8).to_bytes(4, "big"))))
    info = tlv(0x30, *info)
    if scheme == SCHEMES["hkdf-sha256"]:
        pseudorandom = hmac.digest(ukm or bytes(32), secret, "sha256")
        out, block, n = b"", b"", 1
        while len(out) < size:
            block = hmac.digest(pseudorandom, block + info + bytes([n]), "sha256")
            out, n = out + block, n + 1
    elif scheme == SCHEMES["x963-sha256"]:
        out = b"".join(hashlib.sha256(secret + n.to_bytes(4, "big") + info).digest() for n in range(1, 3))
    else:
        raise ValueError(f"key agreement {scheme}")
    return out[:size]


def wrap(key, data, *direction):
    return openssl("enc", f"-id-aes{len(key) * 8}-wrap", *direction, "-K", key.hex(), "-iv", "a6" * 8, data=data)


def gcm(bits, key, nonce, data, direction, aad=b""):
    """(data through the cipher, tag): NIST SP 800-38D for nonces of 96 bits"""
    ecb = lambda block: openssl("enc", f"-aes-{bits}-ecb", "-nopad", "-K", key.hex(), data=block)
    out = openssl("enc", f"-aes-{bits}-ctr", "-K", key.hex(), "-iv", (nonce + b"\0\0\0\2").hex(), data=data)
    ciphertext = out if direction == "encrypt" else data
    h, y = int.from_bytes(ecb(bytes(16)), "big"), 0
    pad = lambda x: x + bytes(-len(x) % 16)
    text = pad(aad) + pad(ciphertext) + (len(aad) * 8).to_bytes(8, "big") + (len(ciphertext) * 8).to_bytes(8, "big")
    for i in range(0, len(text), 16):
        x, z, v = y ^ int.from_bytes(text[i:i + 16], "big"), 0, h
        for bit in range(127, -1, -1):
            if x >> bit & 1:
                z ^= v
            v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
        y = z
    return out, (y ^ int.from_bytes(ecb(nonce + b"\0\0\0\1"), "big")).to_bytes(16, "big")


# ---- certificates

def certificate(path):
    """(issuer, serial number, public key), the first two as they stand in the certificate"""
    der = openssl("x509", "-in", path, "-outform", "DER")
    tbs = parse(der)[1][0][1]
    assert tbs[0][0] == 0xA0, "not version 3"
    spki = tbs[6]
    return tbs[3][2], tbs[1][2], octets(spki[1][1])[1:]


# ---- the two directions

def encrypt(cert, kdf, cipher, content):
    issuer, serial, public = certificate(cert)
    with tempfile.TemporaryDirectory() as tmp:
        ephemeral = os.path.join(tmp, "key")
        openssl("genpkey", "-quiet", "-algorithm", "X25519", "-out", ephemeral)
        own = openssl("pkey", "-in", ephemeral, "-pubout", "-outform", "DER")[len(SPKI_PREFIX):]
        secret = agree(ephemeral, public)
    bits = int(cipher[4:7])
    wrap_algorithm = tlv(0x30, oid(WRAPS[bits // 8]))
    kek = key_encryption_key(SCHEMES[kdf], secret, wrap_algorithm, bits // 8)
    cek = os.urandom(bits // 8)
    recipient = tlv(0xA1, tlv(2, b"\3"),
                    tlv(0xA0, tlv(0xA1, tlv(0x30, oid(X25519)), tlv(3, b"\0" + own))),
                    tlv(0x30, oid(SCHEMES[kdf]), wrap_algorithm),
                    tlv(0x30, tlv(0x30, tlv(0x30, issuer, serial), tlv(4, wrap(kek, cek)))))
    if cipher.endswith("gcm"):
        nonce = os.urandom(12)
        ciphertext, tag = gcm(bits, cek, nonce, content, "encrypt")
        parameters, kind, version, end = tlv(0x30, tlv(4, nonce), tlv(2, b"\x10")), AUTH_ENVELOPED, b"\0", tlv(4, tag)
    else:
        iv = os.urandom(16)
        ciphertext = openssl("enc", f"-{cipher}", "-K", cek.hex(), "-iv", iv.hex(), data=content)
        parameters, kind, version, end = tlv(4, iv), ENVELOPED, b"\2", b""
    encrypted = tlv(0x30, oid(DATA), tlv(0x30, oid(CIPHERS[cipher]), parameters), tlv(0x80, ciphertext))
    return tlv(0x30, oid(kind), tlv(0xA0, tlv(0x30, tlv(2, version), tlv(0x31, recipient), encrypted, end)))


def dotted(element):
    known = [*SCHEMES.values(), *WRAPS.values(), *CIPHERS.values(), X25519, DATA, ENVELOPED, AUTH_ENVELOPED]
    return next((o for o in known if oid(o) == element[2]), element[2].hex())


def decrypt(cert, key, message):
    issuer, serial, _ = certificate(cert)
    outer = parse(message)[1]
    assert dotted(outer[0]) in (ENVELOPED, AUTH_ENVELOPED), "neither EnvelopedData nor AuthEnvelopedData"
    # originatorInfo and the attributes are not looked at; messages with authAttrs are not understood
    fields = [f for f in outer[1][1][0][1] if f[0] != 0xA0]
    assert dotted(outer[0]) == ENVELOPED or all(f[0] != 0xA1 for f in fields), "authenticated attributes"
    _version, recipients, encrypted = fields[:3]
    for recipient in recipients[1]:
        if recipient[0] != 0xA1:
            continue
        parts = recipient[1]
        originator = parts[1][1][0]
        assert originator[0] == 0xA1 and dotted(originator[1][0][1][0]) == X25519, "the originator is no X25519 key"
        assert len(originator[1][0][1]) == 1, "RFC 8410 section 3: the parameters are absent"
        ukm = octets(parts[2][1][0]) if parts[2][0] == 0xA1 else None
        algorithm, keys = parts[-2], parts[-1]
        for entry in keys[1]:
            identifier, wrapped = entry[1]
            if identifier[2] != tlv(0x30, issuer, serial):
                continue
            wrap_algorithm = algorithm[1][1]
            assert len(wrap_algorithm[1]) == 1, "RFC 3565 section 2.3.2: the parameters of AES key wrap are absent"
            secret = agree(key, octets(originator[1][1])[1:])
            size = next(n for n, o in WRAPS.items() if o == dotted(wrap_algorithm[1][0]))
            kek = key_encryption_key(dotted(algorithm[1][0]), secret, wrap_algorithm[2], size, ukm)
            cek = wrap(kek, octets(wrapped), "-d")
            _type, content_algorithm, ciphertext = encrypted[1]
            cipher = next(n for n, o in CIPHERS.items() if o == dotted(content_algorithm[1][0]))
            bits, parameters, ciphertext = int(cipher[4:7]), content_algorithm[1][1], octets(ciphertext)
            assert len(cek) * 8 == bits
            if cipher.endswith("cbc"):
                assert dotted(outer[0]) == ENVELOPED
                return openssl("enc", "-d", f"-{cipher}", "-K", cek.hex(), "-iv", octets(parameters).hex(), data=ciphertext)
            assert dotted(outer[0]) == AUTH_ENVELOPED and parameters[1][1][2] == tlv(2, b"\x10"), "the tag is not 16 octets"
            content, tag = gcm(bits, cek, octets(parameters[1][0]), ciphertext, "decrypt")
            assert hmac.compare_digest(tag, octets(fields[3])), "the tag is wrong"
            return content
    raise ValueError("no recipient of this certificate")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("encrypt")
    verb.add_argument("cert")
    verb.add_argument("--kdf", choices=SCHEMES, default="hkdf-sha256")
    verb.add_argument("--cipher", choices=CIPHERS, default="aes-256-cbc")
    verb.add_argument("--smime", action="store_true", help="write a MIME entity instead of DER")
    verb = verbs.add_parser("decrypt")
    verb.add_argument("cert")
    verb.add_argument("key")
    args = parser.parse_args()
    data = sys.stdin.buffer.read()
    if args.verb == "decrypt":
        sys.stdout.buffer.write(decrypt(args.cert, args.key, data))
        return
    message = encrypt(args.cert, args.kdf, args.cipher, data)
    if args.smime:
        label = "authEnveloped-data" if args.cipher.endswith("gcm") else "enveloped-data"
        head = (f'MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type={label}; name="smime.p7m"\n'
                'Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="smime.p7m"\n\n')
        message = head.encode() + base64.encodebytes(message)
    sys.stdout.buffer.write(message)


main()
