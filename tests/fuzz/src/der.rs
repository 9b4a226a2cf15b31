//! DER and BER as a tree that can be changed and written again, right lengths all around.
//!
//! Independent of the library's own readers, which are what is under test.

/// One value.
#[derive(Clone)]
pub struct Node {
    pub tag: u8,
    pub body: Body,
    /// written with an indefinite length, if constructed
    pub indefinite: bool,
    /// octets more than the length needs
    pub padding: usize,
}

#[derive(Clone)]
pub enum Body {
    Octets(Vec<u8>),
    Nodes(Vec<Node>),
    /// an OCTET STRING or BIT STRING that holds DER, after these octets
    Wrapped(Vec<u8>, Vec<Node>),
}

/// Nesting that is followed.
const DEPTH: usize = 40;

/// Reads values to the end; `None` if it is none, or only in part.
pub fn parse(input: &[u8]) -> Option<Vec<Node>> {
    let mut rest = input;
    let nodes = sequence(&mut rest, 0, false)?;
    rest.is_empty().then_some(nodes)
}

fn sequence(rest: &mut &[u8], depth: usize, until_end: bool) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    loop {
        match **rest {
            [] => return (!until_end).then_some(nodes),
            [0, 0, ..] if until_end => {
                *rest = &rest[2..];
                return Some(nodes);
            }
            _ => nodes.push(node(rest, depth)?),
        }
    }
}

fn node(rest: &mut &[u8], depth: usize) -> Option<Node> {
    let [tag, length, after @ ..] = *rest else {
        return None;
    };
    if tag & 0x1f == 0x1f || depth > DEPTH {
        return None;
    }
    let constructed = tag & 0x20 != 0;
    if *length == 0x80 {
        *rest = after;
        let nodes = constructed.then(|| sequence(rest, depth + 1, true))??;
        return Some(Node {
            tag: *tag,
            body: Body::Nodes(nodes),
            indefinite: true,
            padding: 0,
        });
    }
    let (length, after) = match length {
        0..=0x7f => (usize::from(*length), after),
        0x81..=0x84 => {
            let (octets, after) = after.split_at_checked(usize::from(length & 0x7f))?;
            let length = octets.iter().fold(0, |l, o| l << 8 | usize::from(*o));
            (length, after)
        }
        _ => return None,
    };
    let (content, after) = after.split_at_checked(length)?;
    *rest = after;
    let inner = |content: &[u8]| {
        let mut rest = content;
        sequence(&mut rest, depth + 1, false)
    };
    let body = match tag {
        _ if constructed => Body::Nodes(inner(content)?),
        0x04 | 0x80 if content.len() > 1 => match inner(content) {
            Some(nodes) => Body::Wrapped(Vec::new(), nodes),
            None => Body::Octets(content.to_vec()),
        },
        0x03 if content.len() > 2 && content[0] == 0 => match inner(&content[1..]) {
            Some(nodes) => Body::Wrapped(vec![0], nodes),
            None => Body::Octets(content.to_vec()),
        },
        _ => Body::Octets(content.to_vec()),
    };
    Some(Node {
        tag: *tag,
        body,
        indefinite: false,
        padding: 0,
    })
}

/// Writes them.
pub fn write(nodes: &[Node]) -> Vec<u8> {
    let mut out = Vec::new();
    for node in nodes {
        let content = match &node.body {
            Body::Octets(octets) => octets.clone(),
            Body::Nodes(nodes) => write(nodes),
            Body::Wrapped(before, nodes) => [&before[..], &write(nodes)].concat(),
        };
        out.push(node.tag);
        if node.indefinite && node.tag & 0x20 != 0 {
            out.push(0x80);
            out.extend(content);
            out.extend([0, 0]);
            continue;
        }
        let length = content.len().to_be_bytes();
        let zeros = length.iter().take_while(|o| **o == 0).count();
        let mut significant = length[zeros..].to_vec();
        significant.splice(0..0, std::iter::repeat_n(0, node.padding.min(3)));
        if content.len() < 0x80 && node.padding == 0 {
            out.push(content.len() as u8);
        } else {
            out.push(0x80 | significant.len() as u8);
            out.extend(significant);
        }
        out.extend(content);
    }
    out
}

/// Returns how many values there are, those inside included.
pub fn count(nodes: &[Node]) -> usize {
    nodes
        .iter()
        .map(|node| 1 + node.children().map_or(0, |c| count(c)))
        .sum()
}

/// Returns the list that holds the value of this number, in the order in which they are written, and its place there.
pub fn find(nodes: &mut Vec<Node>, number: usize) -> Option<(&mut Vec<Node>, usize)> {
    let mut left = number;
    let mut place = None;
    for (at, node) in nodes.iter().enumerate() {
        let size = 1 + node.children().map_or(0, |c| count(c));
        if left < size {
            place = Some(at);
            break;
        }
        left -= size;
    }
    let at = place?;
    if left == 0 {
        return Some((nodes, at));
    }
    find(nodes[at].children_mut()?, left - 1)
}

impl Node {
    pub fn children(&self) -> Option<&Vec<Node>> {
        match &self.body {
            Body::Octets(_) => None,
            Body::Nodes(nodes) | Body::Wrapped(_, nodes) => Some(nodes),
        }
    }

    pub fn children_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.body {
            Body::Octets(_) => None,
            Body::Nodes(nodes) | Body::Wrapped(_, nodes) => Some(nodes),
        }
    }
}
