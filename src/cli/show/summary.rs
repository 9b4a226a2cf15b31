//! One summary for a message (RFC 9787 §3): at most six lines, the most telling ones, in the order in which they were found.
//!
//! What there is no room for is counted, never left out silently: the JSON report has everything.

/// Lines of a summary.
const LINES: usize = 6;

/// How much a line tells; the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// the answer
    Verdict,
    /// why it is no
    Denied,
    /// what each layer is
    Layer,
    /// who signed
    Signer,
    /// what one should know
    Warning,
    /// who vouches
    Trust,
    /// all else
    Detail,
}

/// A line, without its end.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) weight: Weight,
    pub(super) text: String,
    /// the name of the rule of a finding
    pub(super) rule: Option<&'static str>,
}

/// Folds lines into a summary.
pub(super) fn folded(lines: Vec<Line>) -> Vec<Line> {
    if lines.len() <= LINES {
        return lines;
    }
    let mut lines = with_warnings_in_one(lines);
    if lines.len() <= LINES {
        return lines;
    }
    let mut places: Vec<usize> = (0..lines.len()).collect();
    places.sort_by_key(|place| lines.get(*place).map(|line| line.weight));
    let kept = places.get(..LINES - 1).unwrap_or_default();
    let left_out = lines.len() - kept.len();
    let mut place = 0..;
    lines.retain(|_| place.next().is_some_and(|place| kept.contains(&place)));
    lines.push(Line {
        weight: Weight::Detail,
        text: format!("  and {left_out} more lines: --json"),
        rule: None,
    });
    lines
}

/// Where there are several warnings, names their rules in one line, in place of the last.
fn with_warnings_in_one(lines: Vec<Line>) -> Vec<Line> {
    let is_warning = |line: &Line| line.weight == Weight::Warning;
    let mut left = lines.iter().filter(|line| is_warning(line)).count();
    let mut names: Vec<&str> = Vec::new();
    let mut folded = Vec::with_capacity(lines.len());
    for mut line in lines {
        if is_warning(&line) {
            left -= 1;
            names.extend(line.rule.filter(|name| !names.contains(name)));
            if left > 0 {
                continue;
            }
            line.text = format!("  warning  {}: --json", names.join(", "));
        }
        folded.push(line);
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(weight: Weight, text: &str) -> Line {
        let rule = (weight == Weight::Warning).then_some("rule");
        let text = text.to_owned();
        Line { weight, text, rule }
    }

    fn texts(lines: Vec<Line>) -> Vec<String> {
        folded(lines).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn what_has_room_stays_as_it_is() {
        let lines: Vec<Line> = (0..LINES)
            .map(|n| line(Weight::Detail, &n.to_string()))
            .collect();
        assert_eq!(texts(lines), ["0", "1", "2", "3", "4", "5"]);
    }

    #[test]
    fn warnings_are_named_in_one_line_before_anything_is_left_out() {
        use Weight::*;
        let lines = vec![
            line(Verdict, "v"),
            line(Warning, "w1"),
            line(Layer, "l"),
            line(Warning, "w2"),
            line(Trust, "t"),
            line(Detail, "d"),
            line(Warning, "w3"),
        ];
        assert_eq!(
            texts(lines),
            ["v", "l", "t", "d", "  warning  rule: --json"]
        );
    }

    #[test]
    fn the_least_telling_are_counted() {
        use Weight::*;
        let mut lines = vec![line(Verdict, "v")];
        for n in 0..40 {
            lines.push(line(Layer, &format!("layer {n}")));
            lines.push(line(Trust, "t"));
            lines.push(line(Warning, "w"));
        }
        lines.push(line(Denied, "no"));
        assert_eq!(
            texts(lines),
            [
                "v",
                "layer 0",
                "layer 1",
                "layer 2",
                "no",
                "  and 78 more lines: --json"
            ]
        );
    }
}
