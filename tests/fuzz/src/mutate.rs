//! Mutators that keep what is around right: one value of DER, within base64 too, or one line of a message.
use crate::der::{self, Body, Node};
use data_encoding::BASE64;
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};

/// Random numbers.
struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u32() as usize).checked_rem(bound).unwrap_or(0)
    }
}

/// Makes another input of one: of half of them as libFuzzer does, of the others by what is known of their form. `octets` before what is
/// DER or mail are left as they are, mostly.
pub fn mutate(data: &mut [u8], size: usize, max: usize, seed: u32, octets: usize) -> usize {
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(u64::from(seed)));
    let informed = match dice.below(8) {
        0..4 => None,
        4..7 => with_der(&data[octets.min(size)..size], &mut dice)
            .or_else(|| with_base64(&data[octets.min(size)..size], &mut dice)),
        _ => with_line(&data[octets.min(size)..size], &mut dice),
    };
    match informed {
        Some(new) if new.len() + octets <= max && size >= octets => {
            data[octets..octets + new.len()].copy_from_slice(&new);
            octets + new.len()
        }
        _ => libfuzzer_sys::fuzzer_mutate(data, size, max),
    }
}

/// Changes one value; what is no DER from its first octet on is searched for it, behind the length of a first piece.
fn with_der(input: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    for start in [0, 2] {
        let Some(mut nodes) = input.get(start..).and_then(der::parse) else {
            continue;
        };
        if nodes.is_empty() {
            return None;
        }
        for _ in 0..=dice.below(3) {
            change(&mut nodes, dice);
        }
        return Some([&input[..start], &der::write(&nodes)].concat());
    }
    // a first piece of DER, then something else
    let (first, rest) = crate::piece(input);
    let mut nodes = der::parse(first).filter(|nodes| !nodes.is_empty())?;
    change(&mut nodes, dice);
    let first = der::write(&nodes);
    (first.len() < 65536).then(|| crate::pieces(&first, rest))
}

fn change(nodes: &mut Vec<Node>, dice: &mut Dice) {
    let number = dice.below(der::count(nodes));
    let other = dice.below(der::count(nodes));
    let spare = der::find(nodes, other).map(|(list, at)| list[at].clone());
    let Some((list, at)) = der::find(nodes, number) else {
        return;
    };
    match dice.below(12) {
        0 => drop(list.remove(at)),
        1 => list.insert(at, list[at].clone()),
        2 => list[at] = spare.unwrap_or_else(|| list[at].clone()),
        3 => list.insert(at, spare.unwrap_or_else(|| list[at].clone())),
        4 => {
            let with = dice.below(list.len());
            list.swap(at, with);
        }
        5 => {
            const TAGS: [u8; 20] = [
                0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1e, 0x30,
                0x31, 0x80, 0x81, 0xa0, 0xa1, 0x24,
            ];
            list[at].tag = TAGS[dice.below(TAGS.len())];
        }
        6 => list[at].indefinite ^= true,
        7 => list[at].padding = dice.below(4),
        8 => segment(&mut list[at], dice),
        9 => {
            let count = 1 << dice.below(6);
            let it = list[at].clone();
            list.splice(at..at, std::iter::repeat_n(it, count));
        }
        10 => {
            // around it, once more
            let inner = list[at].clone();
            list[at] = Node {
                tag: [0x30, 0x31, 0xa0, 0x24, 0x04][dice.below(5)],
                body: Body::Nodes(vec![inner]),
                indefinite: false,
                padding: 0,
            };
        }
        _ => scribble(&mut list[at], dice),
    }
}

/// Makes a constructed string of a primitive one.
fn segment(node: &mut Node, dice: &mut Dice) {
    let Body::Octets(octets) = &node.body else {
        return;
    };
    let middle = dice.below(octets.len() + 1);
    let part = |octets: &[u8]| Node {
        tag: 0x04,
        body: Body::Octets(octets.to_vec()),
        indefinite: false,
        padding: 0,
    };
    node.body = Body::Nodes(vec![part(&octets[..middle]), part(&octets[middle..])]);
    node.tag |= 0x20;
    node.indefinite = dice.below(2) == 0;
}

/// Has libFuzzer change the octets of a value, all that is inside.
fn scribble(node: &mut Node, dice: &mut Dice) {
    let octets = match &node.body {
        Body::Octets(octets) => octets.clone(),
        Body::Nodes(nodes) | Body::Wrapped(_, nodes) => der::write(nodes),
    };
    let size = octets.len();
    let room = size + 1 + dice.below(64);
    let mut buffer = octets;
    buffer.resize(room, 0);
    let size = libfuzzer_sys::fuzzer_mutate(&mut buffer, size, room);
    buffer.truncate(size);
    node.body = Body::Octets(buffer);
}

/// Changes the DER in the last stretch of base64 lines.
fn with_base64(input: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let is_digit =
        |o: &u8| o.is_ascii_alphanumeric() || matches!(o, b'+' | b'/' | b'=' | b'\r' | b'\n');
    let mut best = None;
    let mut end = input.len();
    // the longest stretch between octets that are none
    while end > 0 {
        let start = input[..end]
            .iter()
            .rposition(|o| !is_digit(o))
            .map_or(0, |at| at + 1);
        if best.is_none_or(|(a, b)| b - a < end - start) {
            best = Some((start, end));
        }
        end = start.saturating_sub(1);
    }
    let (mut start, end) = best?;
    // a stretch begins after its header's blank line
    if start > 0 {
        start += input[start..end].iter().position(|o| *o == b'\n')? + 1;
    }
    let digits: Vec<u8> = input[start..end]
        .iter()
        .copied()
        .filter(|o| !matches!(o, b'\r' | b'\n'))
        .collect();
    let octets = BASE64.decode(&digits).ok().filter(|o| !o.is_empty())?;
    let new = with_der(&octets, dice)?;
    let mut text = input[..start].to_vec();
    for line in BASE64.encode(&new).as_bytes().chunks(64) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.extend_from_slice(&input[end..]);
    Some(text)
}

/// Fields and lines that turn something.
const LINES: [&[u8]; 30] = [
    b"From: alice@example.com\n",
    b"From: \"alice@example.com\" <eve@example.net>\n",
    b"From: a@example.com, b@example.com\n",
    b"From: group: alice@example.com;\n",
    b"Sender: alice@example.com\n",
    b"Content-Type: text/plain; charset=utf-8\n",
    b"Content-Type: multipart/mixed; boundary=\"b\"\n",
    b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-512; boundary=b\n",
    b"Content-Type: multipart/signed; protocol=\"application/pgp-signature\"; boundary=b\n",
    b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n",
    b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n",
    b"Content-Type: application/pkcs7-mime; smime-type=authEnveloped-data\n",
    b"Content-Type: application/pkcs7-mime; smime-type=compressed-data\n",
    b"Content-Type: application/pkcs7-mime\n",
    b"Content-Type: application/x-pkcs7-signature; name=smime.p7s\n",
    b"Content-Type: application/octet-stream; name=\"smime.p7m\"\n",
    b"Content-Type: message/rfc822\n",
    b"Content-Type: text/plain; hp=\"clear\"; protected-headers=\"v1\"\n",
    b"Content-Type: text/plain; hp=\"cipher\"\n",
    b"HP-Outer: Subject: [...]\n",
    b"Content-Type: a/b; name*0*=utf-8''%41; name*1=c\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"Content-Transfer-Encoding: 8bit\n",
    b"Content-Disposition: attachment; filename=\"../../x\"\n",
    b"MIME-Version: 1.0\n",
    b"--b\n",
    b"--b--\n",
    b" folded\n",
    b"\n",
];

/// Takes away, doubles, moves or adds a line, or makes its line end another.
fn with_line(input: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    let mut lines: Vec<&[u8]> = input.split_inclusive(|o| *o == b'\n').collect();
    if lines.len() < 2 {
        return None;
    }
    let at = dice.below(lines.len());
    let changed;
    match dice.below(7) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at]),
        2 => {
            let with = dice.below(lines.len());
            lines.swap(at, with);
        }
        3 => {
            let bare = lines[at].strip_suffix(b"\n").unwrap_or(lines[at]);
            changed = match bare.strip_suffix(b"\r") {
                Some(bare) => [bare, b"\n"].concat(),
                None => [bare, b"\r\n"].concat(),
            };
            lines[at] = &changed;
        }
        4 => lines[at] = LINES[dice.below(LINES.len())],
        _ => lines.insert(at, LINES[dice.below(LINES.len())]),
    }
    Some(lines.concat())
}
