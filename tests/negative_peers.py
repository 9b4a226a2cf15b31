#!/usr/bin/env python3
"""What OpenSSL, gpgsm and NSS's cmsutil make of fixtures/negative, beside smime.

    tests/negative_peers.py              prints the table
    tests/negative_peers.py --write      puts it into fixtures/negative/PEERS.md

The peers know no mail, only CMS (OpenSSL knows multipart/signed): they get the object and its content, taken out as they stand, and none of them
compares the signer with From. Cases about keys, trust lists and what is written are left out: they are no messages. smime: target/release/smime,
or $SMIME.
"""
import base64
import collections
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SUITE = HERE.parent / "fixtures/negative"
SMIME = os.environ.get("SMIME", str(HERE.parent / "target/release/smime"))
OPENSSL = "openssl"
CONF = str(HERE / "peers/openssl.cnf")
LIMIT = 10
# what a peer is not asked: it has no word for these options
UNKNOWN = {"--crls", "--revocation", "--signer", "--require", "--content", "--deny", "--at", "--timestamp-trust", "--policy"}


def run(line, out=None, **options):
    """accepted, refused, or how else it ended; and how many octets came out."""
    try:
        # gpgsm reads the password of its keys there
        done = subprocess.run(line, input=b"x\n", capture_output=True, timeout=LIMIT, **options)
    except subprocess.TimeoutExpired:
        return f"over {LIMIT} s", 0
    size = out.stat().st_size if out and out.exists() else 0
    if done.returncode < 0:
        return f"crash ({-done.returncode})", size
    return ("accepted" if done.returncode == 0 else "refused"), size


def said(answer):
    word, size = answer
    return f"{word}, {size} octets out" if word != "accepted" and size else word


def message(case):
    data = (SUITE / case["input"]).read_bytes()
    if case["input"].endswith(".recipe"):
        data = b"".join(piece["octets"].encode("latin-1") * piece["times"] for piece in json.loads(data))
    return data


def parts(data):
    """(object, detached content or None) of mail, as a client would take them out; None where it finds neither."""
    if data[:1] in b"\x30\x24":
        return data, None
    head, _, body = data.partition(b"\r\n\r\n")
    boundary = re.search(rb'boundary="?([^";\r\n]+)', head)
    try:
        if b"multipart/signed" in head and boundary:
            pieces = re.split(rb"\r\n--" + re.escape(boundary[1]) + rb"(?:--)?\r\n", b"\r\n" + body)
            content, signature = pieces[1], pieces[2]
            return base64.b64decode(signature.partition(b"\r\n\r\n")[2]), content
        if b"pkcs7-mime" in head or b"pkcs7-signature" in head:
            return base64.b64decode(body), None
    except (IndexError, ValueError):
        pass
    return None


class Openssl:
    name = "OpenSSL"

    def __init__(self, directory):
        self.there = shutil.which(OPENSSL)
        self.env = dict(os.environ, OPENSSL_CONF=CONF)

    def version(self):
        return subprocess.run([OPENSSL, "version"], capture_output=True, text=True).stdout.split(" ")[1]

    def ask(self, case, data, place, out):
        file = place / "message"
        file.write_bytes(data)
        form = ["-inform", "DER" if data[:1] in b"\x30\x24" else "SMIME"]
        verb = ["-verify", "-CAfile", "people/root.pem", "-purpose", "smimesign"]
        if case["verb"] == "decrypt" or "enveloped" in case.get("of", "") or b"enveloped-data" in data[:600].lower():
            key = case["args"][1] if case["args"][0] == "-i" else None
            verb = ["-decrypt", "-recip", key, "-inkey", key] if key else ["-decrypt", "-pwri_password", "correct horse"]
        elif b"compressed-data" in data[:600]:
            verb = ["-uncompress"]
        return run([OPENSSL, "cms", *verb, *form, "-in", file, "-out", out], out, cwd=SUITE, env=self.env)


class Gpgsm:
    name = "gpgsm"

    def __init__(self, directory):
        self.there = shutil.which("gpgsm")
        if not self.there:
            return
        self.home = directory / "gnupg"
        self.home.mkdir(mode=0o700)
        self.line = ["gpgsm", "--homedir", self.home, "--batch", "--no-tty", "--quiet", "--yes", "--disable-crl-checks", "--disable-policy-checks"]
        self.line += ["--pinentry-mode", "loopback", "--passphrase-fd", "0"]
        self.quiet = dict(capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        (self.home / "gpg-agent.conf").write_text("allow-loopback-pinentry\n")
        for person in ("root", "ron"):
            subprocess.run([*self.line, "--import", SUITE / f"people/{person}.pem"], **self.quiet)
        out = subprocess.run([*self.line, "--with-colons", "--list-keys"], capture_output=True, text=True).stdout
        prints = [row.split(":")[9] for row in out.splitlines() if row.startswith("fpr")]
        (self.home / "trustlist.txt").write_text("".join(f"{it} S relax\n" for it in prints))
        p12 = directory / "ron.p12"
        export = [OPENSSL, "pkcs12", "-export", "-legacy", "-in", SUITE / "people/ron.pem", "-passout", "pass:x", "-out", p12]
        subprocess.run(export, **self.quiet)
        subprocess.run([*self.line, "--import", p12], input=b"x\n", capture_output=True, timeout=60)
        subprocess.run(["gpgconf", "--homedir", self.home, "--reload", "gpg-agent"], **self.quiet)

    def version(self):
        return subprocess.run(["gpgsm", "--version"], capture_output=True, text=True).stdout.split("\n")[0].split()[-1]

    def ask(self, case, data, place, out):
        if case["verb"] == "decrypt" and "people/ron.pem" not in case["args"]:
            return None  # it cannot take keys on P-256 nor X25519
        if case["verb"] == "open":
            return None
        found = parts(data)
        if not found:
            return None
        (place / "object").write_bytes(found[0])
        line = [*self.line, "--output", out]
        if case["verb"] == "decrypt":
            return run([*line, "--decrypt", place / "object"], out)
        line += ["--verify", place / "object"]
        if found[1] is not None:
            (place / "content").write_bytes(found[1])
            line.append(place / "content")
        return run(line, out)

    def close(self):
        if self.there:
            subprocess.run(["gpgconf", "--homedir", self.home, "--kill", "all"], capture_output=True)


class Nss:
    name = "cmsutil"

    def __init__(self, directory):
        self.there = shutil.which("cmsutil") and shutil.which("certutil") and shutil.which("pk12util")
        if not self.there:
            return
        self.base = f"sql:{directory}/nss"
        (directory / "nss").mkdir()
        quiet = dict(capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        subprocess.run(["certutil", "-N", "--empty-password", "-d", self.base], **quiet)
        subprocess.run(["certutil", "-A", "-d", self.base, "-n", "root", "-t", "C,C,C", "-a", "-i", SUITE / "people/root.pem"], **quiet)
        for person in ("bob", "ron"):
            p12 = directory / f"{person}.p12"
            subprocess.run([OPENSSL, "pkcs12", "-export", "-in", SUITE / f"people/{person}.pem", "-name", person, "-passout", "pass:x", "-out", p12], **quiet)
            subprocess.run(["pk12util", "-i", p12, "-d", self.base, "-W", "x", "-K", ""], **quiet)

    def version(self):
        out = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libnss3-tools"], capture_output=True, text=True).stdout
        return re.sub(r"^\d+:|-.*", "", out) or "?"

    def ask(self, case, data, place, out):
        if case["verb"] == "open" or case["args"][:2] == ["-i", "people/xena.pem"] or "--password-recipient" in case["args"]:
            return None
        found = parts(data)
        if not found:
            return None
        (place / "object").write_bytes(found[0])
        line = ["cmsutil", "-D", "-d", self.base, "-p", "", "-u", "4", "-i", place / "object", "-o", out]
        if found[1] is not None:
            (place / "content").write_bytes(found[1])
            line += ["-c", place / "content"]
        return run(line, out)


def ours(case, data, place, out):
    file = place / "ours"
    file.write_bytes(data)
    return run([SMIME, case["verb"], *case["args"], "-q", "-o", out, file], out, cwd=SUITE)


def table():
    cases = [json.loads(line) for line in (SUITE / "cases.jsonl").open()]
    cases = [case for case in cases if case["verb"] in ("verify", "decrypt", "open")]
    with tempfile.TemporaryDirectory() as directory:
        directory = Path(directory)
        peers = [kind(directory) for kind in (Openssl, Gpgsm, Nss)]

        def row(case):
            data = message(case)
            answers = []
            for number, peer in enumerate([None, *peers]):
                with tempfile.TemporaryDirectory(dir=directory) as place:
                    place = Path(place)
                    out = place / "out"
                    if peer is None:
                        answers.append(said(ours(case, data, place, out)))
                    elif not peer.there or UNKNOWN & set(case["args"]):
                        answers.append("-")
                    else:
                        answer = peer.ask(case, data, place, out)
                        answers.append(said(answer) if answer else "-")
            return case, answers

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            rows = list(pool.map(row, cases))
        # where the twin is refused, that a case is says nothing
        passes = {case["id"]: [it == "accepted" for it in answers] for case, answers in rows}
        for case, answers in rows:
            for number, passed in enumerate(passes.get(case.get("of"), [])):
                if not passed and answers[number] == "refused":
                    answers[number] = "-"
        heads = ["smime", *(f"{peer.name} {peer.version()}" if peer.there else f"{peer.name} (not here)" for peer in peers)]
        for peer in peers:
            getattr(peer, "close", lambda: None)()
    return heads, rows


def of_sender(case):
    return set(case.get("denied") or ["-"]) <= {"sender-mismatch", "sender-absent", "ambiguous-from"}


def counts(heads, rows):
    out = ["| | " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(heads)]
    classes = {
        "faulty, refused, nothing out": lambda case, it: case["exit"] and it == "refused",
        "faulty, refused, octets out": lambda case, it: case["exit"] and it.startswith("refused,"),
        "faulty, accepted: the signer is not the sender, which is left to the caller": lambda case, it: case["exit"] and it == "accepted" and of_sender(case),
        "faulty, accepted: any other fault": lambda case, it: case["exit"] and it == "accepted" and not of_sender(case),
        "faulty, crash or no end": lambda case, it: case["exit"] and it.startswith(("crash", "over")),
        "read with a warning by smime: accepted": lambda case, it: not case["exit"] and "of" in case and it == "accepted",
        "without fault, accepted": lambda case, it: "of" not in case and it == "accepted",
        "without fault, refused": lambda case, it: "of" not in case and it not in ("accepted", "-"),
        "not asked, or the message without the fault is refused, too": lambda case, it: it == "-",
    }
    for name, holds in classes.items():
        out.append(f"| {name} | " + " | ".join(str(sum(bool(holds(case, answers[n])) for case, answers in rows)) for n in range(len(heads))) + " |")
    return out


def page(heads, rows):
    out = [
        "# The negative suite and other programs", "",
        "Made by `tests/negative_peers.py --write`; see there for how each is asked. No peer compares the signer with From (rows B17, B18), which is their",
        "caller's task, and NSS's cmsutil leaves it to him to ask for a signature at all. `-`: not asked, or the message without the fault is refused, too.", "",
        *counts(heads, rows), "", "What was refused by smime, and accepted, written out or not survived by a peer:", "",
        "| case | fault | " + " | ".join(heads) + " |", "| --- | --- |" + " --- |" * len(heads),
    ]
    for case, answers in rows:
        if case["exit"] and any(it not in ("refused", "-") for it in answers):
            out.append(f"| {case['id']} | {case['fault'].replace('|', '/')} | " + " | ".join(answers) + " |")
    out += ["", "Every other case is refused by all that were asked, without an octet.", "", "Without fault, and refused all the same:", ""]
    for case, answers in rows:
        if "of" not in case:
            out += [f"* {case['id']}: {head}" for head, it in zip(heads, answers) if it not in ("accepted", "-")]
    return "\n".join(out) + "\n"


def main():
    heads, rows = table()
    text = page(heads, rows)
    if sys.argv[1:] == ["--write"]:
        (SUITE / "PEERS.md").write_text(text)
        print("\n".join(counts(heads, rows)))
    else:
        print(text)


if __name__ == "__main__":
    main()
