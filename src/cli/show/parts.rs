//! The tree of a message's parts, as `tree` draws one: a line each, and below it what a layer of its own says.
use super::{Page, Verb, count, escape};
use smime::smime::{
    Report,
    part::{Part, Protection},
    report::Layer,
};

/// Returns the tree, every line ended; nothing where there is none.
pub(super) fn tree(report: &Report) -> String {
    let mut tree = Tree {
        text: String::new(),
        layers: &report.layers,
    };
    for part in &report.parts {
        tree.part("", "", part);
    }
    match tree.text.is_empty() {
        true => tree.text,
        false => format!("parts\n{}", tree.text),
    }
}

struct Tree<'a> {
    text: String,
    layers: &'a [Layer],
}

impl Tree<'_> {
    /// `branch` leads to the part, `below` to what is below it.
    fn part(&mut self, branch: &str, below: &str, part: &Part) {
        let (what, details) = self.protection(part);
        let line = format!("{branch}{}  {}", part.number, facts(part));
        self.line(&match what.is_empty() {
            true => line,
            false => format!("{line}: {what}"),
        });
        let last = part.parts.len().saturating_sub(1);
        for detail in details.lines() {
            let bar = if part.parts.is_empty() { " " } else { "│" };
            self.line(&format!("{below}{bar} {detail}"));
        }
        for (place, inner) in part.parts.iter().enumerate() {
            let (corner, bar) = match place == last {
                true => ("└── ", "    "),
                false => ("├── ", "│   "),
            };
            self.part(&format!("{below}{corner}"), &format!("{below}{bar}"), inner);
        }
    }

    /// What protects a part, in a line; what else there is to say of that, where it is not said above.
    fn protection(&self, part: &Part) -> (String, String) {
        let page = |layer: &Layer| {
            let mut page = Page::default();
            page.layer(Verb::Inspect, layer);
            let text = page.text();
            let (what, details) = text.split_once('\n').unwrap_or_default();
            (what.to_owned(), details.to_owned())
        };
        match &part.protection {
            Protection::None => Default::default(),
            Protection::Layer(place) => match self.layers.get(*place) {
                Some(layer) => (page(layer).0, String::new()),
                None => Default::default(),
            },
            Protection::Errant(layer) => page(layer),
            Protection::Unreadable(why) => (format!("unreadable: {}", escape(why)), String::new()),
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str("  ");
        self.text.push_str(text);
        self.text.push('\n');
    }
}

/// `text/plain "notes.txt", 1.2 kB, base64`
fn facts(part: &Part) -> String {
    let kind = part.media_type.as_deref().unwrap_or("no header");
    let name = part.name.as_deref().map(|name| format!(" \"{name}\""));
    let encoding = part.encoding.map(|it| format!(", {it}"));
    let text = format!(
        "{kind}{}, {}{}",
        name.unwrap_or_default(),
        size(part.size),
        encoding.unwrap_or_default()
    );
    escape(&text)
}

/// `1 byte`, `999 bytes`, `1.2 kB`, `34 MB`
fn size(octets: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if octets < 1000 {
        return count(usize::try_from(octets).unwrap_or_default(), "byte");
    }
    let mut tenths = octets.div_ceil(100);
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while tenths >= 10_000 {
        tenths = tenths.div_ceil(1000);
        unit = units.next().or(unit);
    }
    let unit = unit.copied().unwrap_or_default();
    match tenths < 100 {
        true => format!("{}.{} {unit}", tenths / 10, tenths % 10),
        false => format!("{} {unit}", tenths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        for (octets, text) in [
            (0, "no byte"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (1001, "1.1 kB"),
            (9_900, "9.9 kB"),
            (34_500, "34 kB"),
            (1_000_000, "1.0 MB"),
            (2_500_000_000, "2.5 GB"),
        ] {
            assert_eq!(size(octets), text);
        }
    }
}
