#!/usr/bin/env bash
# Mail that smime made passes through two Postfix servers, from the one to the other to a mailbox, and still verifies and opens; mail that was
# signed as it was, which OpenSSL does, does not, and is diagnosed. The second server has 8BITMIME and a Maildir, or has neither: then the first
# must make 7-bit lines of everything, and an mbox file quotes `From `.
#
# Debian's Postfix is installed if it is not here, and started on ports of 127.0.0.1 from a directory of its own: nothing else of it is
# touched, nothing leaves this machine, nothing stays behind. Wants root, needs neither systemd nor a mail system that is set up.
#
# tests/postfix.sh            with target/debug/smime
# SMIME=… tests/postfix.sh    with another
set -euo pipefail
cd "$(dirname "$0")/.."
[[ $(id -u) == 0 ]] || exec sudo --preserve-env=SMIME "$0" "$@"
smime=${SMIME:-target/debug/smime}
[[ -x $smime ]] || { echo "tests/postfix.sh: $smime is not there: cargo build" >&2; exit 2; }

if [[ ! -x /usr/sbin/postfix ]]; then
    # without a configuration it does not start by itself
    echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends postfix >/dev/null
fi

work=$(mktemp -d)
chmod 755 "$work"
running=()
finish() {
    for config in "${running[@]}"; do
        postfix -c "$config" abort >/dev/null 2>&1 || true
    done
    rm -rf "$work"
}
trap finish EXIT

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# server NAME PORT LINE…: a server of its own, with these lines in its main.cf
server() {
    local name=$1 port=$2 config=$work/$1/etc
    shift 2
    mkdir -p "$config" "$work/$name/queue" "$work/$name/data"
    chown postfix "$work/$name/data"
    cat >"$config/main.cf" <<MAIN
compatibility_level = 3.6
queue_directory = $work/$name/queue
data_directory = $work/$name/data
maillog_file = $work/$name.log
maillog_file_prefixes = $work
myhostname = $name.example.com
mydomain = example.com
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_bind_address = 127.0.0.1
smtp_host_lookup = native
disable_dns_lookups = yes
alias_maps =
alias_database =
local_recipient_maps =
smtpd_recipient_restrictions = permit_mynetworks, reject
biff = no
message_size_limit = 50000000
$(printf '%s\n' "$@")
MAIN
    cat >"$config/master.cf" <<MASTER
127.0.0.1:$port inet n - n - - smtpd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
local     unix  - n n - - local
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
MASTER
    if ! postfix -c "$config" start >"$work/start" 2>&1; then
        cat "$work/start" "$work/$name.log" >&2 || true
        exit 1
    fi
    running+=("$config")
}

mailboxes=$work/mail
mkdir -m 1777 "$mailboxes"
to_seven=$(free_port) seven=$(free_port)
server seven "$seven" "mydestination = example.com" "mail_spool_directory = $mailboxes" "default_transport = error:nothing leaves" \
    "smtpd_discard_ehlo_keywords = 8bitmime, chunking, smtputf8, silent-discard"
server toseven "$to_seven" "mydestination =" "relayhost = [127.0.0.1]:$seven" "relay_domains = example.com"
to_eight=$(free_port) eight=$(free_port)
server eight "$eight" "mydestination = example.com" "mail_spool_directory = $mailboxes/Maildir/" "default_transport = error:nothing leaves"
server toeight "$to_eight" "mydestination =" "relayhost = [127.0.0.1]:$eight" "relay_domains = example.com"
mkdir -m 1777 "$mailboxes/Maildir"

SMIME=$smime WORK=$work TO_SEVEN=$to_seven TO_EIGHT=$to_eight timeout 240 python3 - <<'PYTHON'
import glob, os, smtplib, subprocess, sys, time

smime, work = os.environ["SMIME"], os.environ["WORK"]
trust = ["-t", "fixtures/trust"]
alice = ["-i", "fixtures/identities/alice.pem", "-c", "fixtures/certs/intermediate.pem"]
bob = ["-i", "fixtures/identities/bob.pem"]


def run(*line, stdin=b"", ok=(0,)):
    done = subprocess.run(line, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in ok:
        sys.exit(f"{' '.join(line)}: exit {done.returncode}\n{done.stderr.decode()}{done.stdout[:2000]!r}")
    return done


# ---------------------------------------------------------------- what is sent
hard = (
    "Grüße aus Köln, schöne Größe, ça va?\n"
    "From here on a mailbox would quote.\n"
    ">From there, too.\n"
    ".\n..\n.dots at the beginning\n"
    "trailing blanks  \n\tand tabs\t\n"
    "-- \nAlice\n"
).encode()
long = b"x" * 1200 + b" " + b"y" * 3000 + b"\n"


def part(kind, body, encoding=""):
    label = f"Content-Transfer-Encoding: {encoding}\n" if encoding else ""
    return f"Content-Type: {kind}\n{label}\n".encode() + body


def mixed(*parts, label="Content-Transfer-Encoding: 8bit\n"):
    inner = b"".join(b"\n--b 1\n" + p for p in parts)
    return f'Content-Type: multipart/mixed; boundary="b 1"\n{label}\npreamble\n'.encode() + inner + b"\n--b 1--\n"


entities = {
    "plain": part("text/plain; charset=us-ascii", b"plain text\n"),
    "hard": part("text/plain; charset=utf-8", hard, "8bit"),
    "unlabelled": b"Content-Type: text/plain; charset=utf-8\n\n" + hard,
    "long": part("text/plain; charset=utf-8", long + hard, "8bit"),
    "nul": part("text/plain; charset=utf-8", b"a\0b\rc\n" + hard, "binary"),
    "tree": mixed(
        part("text/plain; charset=iso-8859-1", "Grüße\n".encode("latin-1"), "8bit"),
        part("application/octet-stream", bytes(range(256)) * 20, "binary"),
        part("text/calendar; charset=utf-8", "BEGIN:VCALENDAR\r\nSUMMARY:Größe \r\nEND:VCALENDAR\r\n".encode(), "8bit"),
        part("text/plain", b"From quoted=20text =\nFrom \n", "quoted-printable"),
        mixed(part("text/plain; charset=utf-8", "привет\n".encode(), "8bit")).replace(b"b 1", b"c"),
        b"\n\n",
        part("message/rfc822", b"Subject: forwarded\nFrom: x@example.org\n\nFrome and .dots\n.\n"),
    ),
    "crlf": part("text/plain; charset=utf-8", hard, "8bit").replace(b"\n", b"\r\n"),
}
# signed as it is, by those who do not look at it: what each server makes of it, and what is said of that
encoded = "the body was re-encoded in transit: part %s was 8bit"
careless = {
    "text": (part("text/plain; charset=utf-8", "Grüße\nund mehr\n".encode(), "8bit"), encoded % "1.1", None),
    "parts": (
        mixed(part("text/plain; charset=utf-8", "Grüße\n".encode(), "8bit"), part("text/plain", b"plain\n")),
        encoded % "1.1.1",
        None,
    ),
    "from": (part("text/plain", b"From here\n"), 'lines that begin with "From " were given a ">" in transit', None),
    "longline": (part("text/plain", b"x" * 1500 + b"\n"), *["lines over 998 octets were broken in transit"] * 2),
}


def headed(name, entity):
    header = f"From: alice@example.com\nTo: bob@example.com\nSubject: {name}\nMessage-ID: <{name}@example.com>\n".encode()
    return header.replace(b"\n", b"\r\n") + entity if b"\r\n" in entity[:40] else header + entity


# name: the message as it is sent, how it is read, what must come out, what a server that must make 7-bit lines of it leads to
sent = {}
verify = [smime, "verify", *trust]
for name, entity in entities.items():
    message = headed(name, entity)
    clear = run(smime, "sign", "-q", *alice, stdin=message).stdout
    opaque = run(smime, "sign", "-q", "--opaque", *alice, stdin=message).stdout
    to_bob = [smime, "encrypt", "-q", *trust, "-c", "fixtures/certs", "-r", "bob@example.com"]
    encrypted = run(*to_bob, stdin=message).stdout
    both = run(*to_bob, stdin=clear).stdout
    decrypt = [smime, "decrypt", "-q", *bob]
    open_ = [smime, "open", "-q", *trust, *bob]
    for how, made, reader in [
        ("clear", clear, [*verify, "-q"]),
        ("opaque", opaque, [*verify, "-q"]),
        ("encrypted", encrypted, decrypt),
        ("both", both, open_),
    ]:
        sent[f"{name}-{how}"] = (made, reader, (None, None))
for name, (entity, on_seven, on_eight) in careless.items():
    made = run(
        "openssl", "cms", "-sign", "-signer", "fixtures/identities/alice.pem", "-certfile", "fixtures/certs/intermediate.pem",
        "-from", "alice@example.com", stdin=entity,
    ).stdout
    sent[f"openssl-{name}"] = (made, [*verify, "-q"], (on_seven, on_eight))


def content(reader, message):
    """What comes out of a message, without the fields that servers add."""
    done = run(*reader, "-o", f"{work}/content", "-", stdin=message, ok=(0, 1))
    if done.returncode:
        return None
    octets = open(f"{work}/content", "rb").read().replace(b"\r\n", b"\n")
    if "verify" in reader:
        return octets
    header, _, body = octets.partition(b"\n\n")
    fields = [f for f in header.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n") if f.lower().startswith(b"content-")]
    return b"\n".join(fields) + b"\n\n" + body


# ---------------------------------------------------------------- on its way
def send(port):
    with smtplib.SMTP("127.0.0.1", int(port), timeout=30) as server:
        for name, (message, _, _) in sent.items():
            message = b"X-Test: " + name.encode() + b"\n" + message
            lines = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            options = ["BODY=8BITMIME"] if any(octet > 127 for octet in lines) else []
            server.sendmail("alice@example.com", ["nobody@example.com"], lines, mail_options=options)


def arrived(kind):
    if kind == "seven":
        path = f"{work}/mail/nobody"
        if not os.path.exists(path):
            return []
        # the lines between messages, as mbox has them
        text = open(path, "rb").read()
        return [b"From " + message for message in (b"\n" + text).split(b"\nFrom ")[1:]]
    paths = glob.glob(f"{work}/mail/Maildir/nobody/new/*") + glob.glob(f"{work}/mail/Maildir/nobody/cur/*")
    return [open(path, "rb").read() for path in paths]


failures = []
for kind, port in [("seven", os.environ["TO_SEVEN"]), ("eight", os.environ["TO_EIGHT"])]:
    send(port)
    until = time.time() + 90
    while len(messages := arrived(kind)) < len(sent) and time.time() < until:
        time.sleep(0.2)
    if len(messages) != len(sent):
        print(open(f"{work}/to{kind}.log").read()[-3000:], open(f"{work}/{kind}.log").read()[-3000:], file=sys.stderr)
        sys.exit(f"{kind}: {len(messages)} of {len(sent)} messages arrived")
    changed = 0
    for message in messages:
        name = message.partition(b"X-Test: ")[2].split(b"\n")[0].decode()
        made, reader, diagnosis = sent[name]
        said = diagnosis[0 if kind == "seven" else 1]
        expected = content(reader, made)
        if expected is None:
            failures.append(f"{kind}: {name} did not verify before it was sent")
        if said is None:
            if content(reader, message) != expected:
                failures.append(f"{kind}: {name} did not come through")
            continue
        changed += 1
        file = f"{work}/changed.eml"
        open(file, "wb").write(message)
        done = run(*[word for word in reader if word != "-q"], file, ok=(0, 1))
        report = done.stdout.decode()
        if done.returncode != 1 or "digest-mismatch" not in report or said not in report:
            failures.append(f"{kind}: {name}: exit {done.returncode} without «{said}»\n{report}")
    print(f"{kind}: {len(messages)} messages passed, {changed} of them changed on the way and diagnosed")
    if not changed:
        failures.append(f"{kind}: nothing was changed that should have been")
if failures:
    sys.exit("\n".join(failures))
PYTHON
