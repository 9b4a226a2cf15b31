"""What must hold, each with what was found."""
from typing import NamedTuple

from operations import LARGE, SMALL
from trial import Failed

MIB = 1 << 20


class Bound(NamedTuple):
    """Something that must hold, and what was found; `None`: it cannot be told."""

    what: str
    limit: str
    found: str
    met: bool | None


def at_most(what, limit, values, show="{:.2f}"):
    """Returns the bound that no value, of those by name, is more than so much."""
    if not values:
        return []
    name, worst = max(values.items(), key=lambda item: item[1])
    named = f" ({name})" if name else ""
    return [Bound(what, "≤ " + show.format(limit), show.format(worst) + named, worst <= limit)]


def at_least(what, limit, values, show="{:.2f}"):
    """Returns the bound that no value is less than so much."""
    if not values:
        return []
    name, worst = min(values.items(), key=lambda item: item[1])
    named = f" ({name})" if name else ""
    return [Bound(what, "≥ " + show.format(limit), show.format(worst) + named, worst >= limit)]


def of_comparison(rows):
    """Returns those of large messages, of small ones, and of memory."""
    found = []
    for row in rows:
        mine, other = row.results[:2]
        if isinstance(mine, Failed):
            found.append(Bound(f"{row.size}: {row.operation}", "works", str(mine), False))
        elif isinstance(other, Failed):
            found.append(Bound(f"{row.size}: {row.operation}, wall time over OpenSSL 4.0's", "", f"OpenSSL 4.0 fails, {other}", None))
    rows = [row for row in rows if not isinstance(row.results[0], Failed)]
    for size, octets in {row.size: row.octets for row in rows}.items():
        here = [row for row in rows if row.size == size]

        def ratios(*operations):
            chosen = [row for row in here if row.operation.startswith(operations) and row.ratio() is not None]
            return {label(row): row.ratio() for row in chosen}

        if octets >= LARGE:
            against = "wall time over OpenSSL 4.0's"
            found += at_most(f"{size}: sign, {against}", 0.7, ratios("sign"))
            found += at_most(f"{size}: encrypt CBC, {against}", 0.8, ratios("encrypt CBC"))
            found += at_most(f"{size}: encrypt GCM, {against}", 0.8, ratios("encrypt GCM"))
            found += at_most(f"{size}: verify, {against}", 0.2, ratios("verify"))
            found += at_most(f"{size}: decrypt, {against}", 0.2, ratios("decrypt"))
        elif octets <= SMALL:
            for verb in ["sign", "encrypt", "verify", "decrypt"]:
                with_oaep = {name: ratio for name, ratio in ratios(verb).items() if not name.endswith("v1.5")}
                found += at_most(f"{size}: {verb}, wall time over OpenSSL 4.0's", 0.5, with_oaep)
        peaks = {label(row): row.results[0].peak / MIB for row in here}
        found += at_most(f"{size}: peak memory", 10 if octets <= SMALL else 24, peaks, "{:.1f} MiB")
    return found


def label(row):
    """Returns what tells a row from the others of its size."""
    return f"{row.operation}, {row.key}" if row.octets <= SMALL else row.operation


# What an operation passes its content through; no operation can be faster than the slowest of these.
STAGES = {
    "sign clear": ["read", "digest", "write"],
    "sign opaque": ["read", "digest", "base64", "write base64"],
    "encrypt CBC": ["read", "cipher CBC", "base64", "write base64"],
    "encrypt GCM": ["read", "cipher GCM", "base64", "write base64"],
}


def slowest(operation, stages):
    """Returns the slowest stage of an operation."""
    return max(STAGES[operation], key=stages.get)


def of_stages(rows, stages):
    """Returns those of operations beside their slowest stage alone."""
    found = []
    for row in rows:
        if row.operation in STAGES and not isinstance(row.results[0], Failed):
            stage = slowest(row.operation, stages)
            what = f"{row.size}: {row.operation}, wall time over its slowest stage's"
            found += at_most(what, 1.15 if row.operation == "encrypt CBC" else 1.25, {stage: row.results[0].wall / stages[stage]})
    return found


def of_many(many):
    """Returns those of many messages: beside private keys alone, beside OpenSSL, and that one costs the same among more."""
    found = []
    for verb in many.ours:
        rate = many.per_second(verb)
        if verb in many.bare:
            share = {f"{rate:,.0f} of {many.bare[verb]:,.0f} in a second": rate / many.bare[verb]}
            found += at_least(f"{many.count:,} messages: {verb}, rate over the private key's alone", 0.8, share)
            times = {f"{rate:,.0f} against {many.theirs_per_second(verb):,.0f} in a second": rate / many.theirs_per_second(verb)}
            found += at_least(f"{many.count:,} messages: {verb}, rate over that of xargs openssl", 12, times, "{:.1f}")
        else:
            found += at_least(f"{many.count:,} messages: {verb}, in a second", 4000, {"": rate}, "{:,.0f}")
    for verb, usages in many.ours.items():
        # what it takes to begin is not of a message
        counts = [count for count in usages if count >= 1000]
        first, last = counts[0], counts[-1]
        cost = {f"{count:,}": usages[count].wall / count / (usages[first].wall / first) for count in counts[1:]}
        found += at_most(f"{verb}, cost of a message among many over that among {first:,}", 1.2, cost)
        found += at_most(f"{verb}, peak memory of {last:,} messages over that of {first:,}", 1.2, {"": usages[last].peak / usages[first].peak})
    return found


def of_growth(series):
    """Returns those of size: from 16 MB on the time for an octet stays the same, and memory does from the smallest on."""
    found = []
    for operation, points in series.items():
        cost = {octets: usage.wall / octets for octets, usage in points if octets >= 10**7}
        peaks = [usage.peak for _, usage in points]
        if len(cost) > 1:
            found += at_most(f"{operation}, time for an octet, largest over smallest from 16 MB on", 1.5, {"": max(cost.values()) / min(cost.values())})
        found += at_most(f"{operation}, peak memory, largest over smallest from 1 kB on", 1.5, {"": max(peaks) / min(peaks)})
    return found
