"""Figures for people: tables in Markdown that can be read as they are."""
from bounds import STAGES, slowest
from trial import Failed


def table(head, rows):
    """Returns a table; columns of numbers are on the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    columns = list(zip(head, *rows))
    widths = [max(map(len, column)) for column in columns]
    right = [all(not cell or cell[0].isdigit() for cell in column[1:]) for column in columns]

    def line(cells):
        return "| " + " | ".join(cell.rjust(width) if is_right else cell.ljust(width) for cell, width, is_right in zip(cells, widths, right)) + " |"

    rule = "| " + " | ".join("-" * (width - is_right) + ":" * is_right for width, is_right in zip(widths, right)) + " |"
    return "\n".join([line(head), rule, *map(line, rows)])


def digits(value):
    """Returns a number of three digits."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def duration(seconds):
    return f"{digits(seconds)} s" if seconds >= 1 else f"{digits(seconds * 1000)} ms"


def memory(octets):
    return f"{octets / (1 << 20):,.1f} MiB" if octets < 1 << 30 else f"{octets / (1 << 30):.2f} GiB"


def comparison(names, rows):
    """Returns what every operation took, ours first, and our part of the others' time."""
    head = ["operation", "size", "key"]
    for name in names:
        head += [f"{name}: wall", "CPU", "peak"]
    for name in names[1:]:
        head += [f"over {name}: wall", "CPU"]
    cells = []
    for row in rows:
        line = [row.operation, row.size, row.key]
        for usage in row.results:
            line += ["fails", "", ""] if isinstance(usage, Failed) else [duration(usage.wall), duration(usage.cpu), memory(usage.peak)]
        for place in range(1, len(names)):
            ratios = [row.ratio(place), row.ratio(place, "cpu")]
            line += ["" if ratio is None else f"{ratio:.2f}" for ratio in ratios]
        cells.append(line)
    return table(head, cells)


def stages(rows, alone):
    """Returns the stages, and each operation beside its slowest."""
    first = table(["stage alone", "wall"], [[name, duration(seconds)] for name, seconds in alone.items()])
    cells = []
    for row in rows:
        if row.operation in STAGES and not isinstance(row.results[0], Failed):
            stage, wall = slowest(row.operation, alone), row.results[0].wall
            cells.append([row.operation, duration(wall), stage, duration(alone[stage]), f"{wall / alone[stage]:.2f}"])
    return first + "\n\n" + table(["operation", "wall", "slowest stage", "its wall", "ratio"], cells)


def many(found):
    """Returns the rates of many messages, and what one costs among more and more of them."""
    cells = []
    for verb in found.ours:
        rate, other = found.per_second(verb), found.theirs_per_second(verb)
        bare = found.bare.get(verb)
        cells.append(
            [verb, f"{rate:,.0f}", f"{other:,.0f}", f"{rate / other:.1f}"] + ([f"{bare:,.0f}", f"{rate / bare:.2f}"] if bare else ["", ""])
        )
    head = [f"{found.count:,} messages", "in a second", f"xargs openssl ({found.sample:,})", "ratio", "private key alone", "ratio"]
    first = table(head, cells)
    counts = list(next(iter(found.ours.values())))
    cells = []
    for verb, usages in found.ours.items():
        cells.append([verb] + [f"{usages[count].wall / count * 1e6:,.0f} µs, {memory(usages[count].peak)}" for count in counts])
    return first + "\n\n" + table(["cost of a message, and peak memory"] + [f"{count:,}" for count in counts], cells)


def growth(series):
    """Returns what is plotted."""
    sizes = [octets for octets, _ in next(iter(series.values()))]
    cells = []
    for place, octets in enumerate(sizes):
        line = [octet_count(octets)]
        for points in series.values():
            usage = points[place][1]
            line += [duration(usage.wall), memory(usage.peak)]
        cells.append(line)
    head = ["size"] + [column for operation in series for column in (operation, "peak")]
    return table(head, cells)


def octet_count(octets):
    for unit, name in [(10**9, "GB"), (10**6, "MB"), (10**3, "kB")]:
        if octets >= unit:
            return f"{octets / unit:.3g} {name}"
    return f"{octets} B"


def made(stamp):
    """Returns when, where and of what figures were made."""
    versions = ", ".join(stamp["versions"].values())
    return f"*{stamp['date']}: {stamp['processor']}, {stamp['cores']} cores, {stamp['memory']}, {stamp['system']}; {versions}; {stamp['compiler']}.*"


def bounds(found):
    """Returns what must hold."""
    verdicts = {True: "met", False: "missed", None: "no figure"}
    return table(["bound", "limit", "found", ""], [[it.what, it.limit, it.found, verdicts[it.met]] for it in found])
