#!/usr/bin/env python3
"""smime beside `openssl cms`, from file to file: wall time, processor time and peak memory, and which bounds are met.

    tests/bench/run.py                                        every operation at 10 kB, 1 MB, 200 MB and 2 GB, then the plots: some 12 minutes
    tests/bench/run.py --sizes 10kB,1MB --operations sign     what is named alone (an operation whose name begins so)
    tests/bench/run.py --many 20000                           many messages, too: smime batch
    tests/bench/run.py --many 20000 --write                   puts all that was found into docs/

Programs run in turn (A B A B ...), each so many times (--runs); a row is of medians. smime is target/release/smime, built before, or what SMIME names;
OpenSSL 4.0 is what SMIME_OPENSSL4 names, else what tests/peers/openssl4.sh builds; `--peers both` adds the openssl of the PATH. All is done in TMPDIR,
which needs 12 GB for everything; memory should hold the files read, and OpenSSL several times 2 GB.
"""
import sys

sys.dont_write_bytecode = True

import argparse
import os
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import material
from material import ANCHOR, INTERMEDIATE, ROOT, TRUST
from trial import Command, Failed, alternate, remove

SIZES = {"10kB": 10_000, "1MB": 1_000_000, "200MB": 200_000_000, "2GB": 2_000_000_000}
LARGE, SMALL = 100_000_000, 100_000


def runs_for(size):
    """Returns how often a program runs, so that all takes some minutes."""
    return next(runs for limit, runs in [(SMALL, 41), (10**7, 21), (10**8, 7), (10**9, 5), (1 << 63, 3)] if size <= limit)


class Program(NamedTuple):
    """A program that does the operations."""

    name: str
    path: str
    environment: dict = {}


class Operation(NamedTuple):
    """One of the eight: what it reads, and the bound of our wall time over that of OpenSSL 4.0 for large messages."""

    name: str
    reads: str
    bound: float


OPERATIONS = [
    Operation("sign clear", "plain", 0.7),
    Operation("sign opaque", "plain", 0.7),
    Operation("encrypt CBC", "plain", 0.8),
    Operation("encrypt GCM", "plain", 0.8),
    Operation("verify clear", "sign clear", 0.2),
    Operation("verify opaque", "sign opaque", 0.2),
    Operation("decrypt CBC", "encrypt CBC", 0.2),
    Operation("decrypt GCM", "encrypt GCM", 0.2),
]


def ours(program, operation, person, oaep, source, result):
    """Returns our command."""
    verb, form = operation.split()
    arguments = [program.path, verb, "-q", "-o", result]
    match verb:
        case "sign":
            arguments += ["-i", person.identity] + (["--opaque"] if form == "opaque" else [])
        case "encrypt":
            arguments += ["-r", person.certificate, "-c", INTERMEDIATE, "-t", TRUST, "--cipher", f"aes-256-{form.lower()}"]
            arguments += ["--oaep"] if oaep else []
        case "verify":
            arguments += ["-t", TRUST]
        case "decrypt":
            arguments += ["-i", person.identity]
    return Command([*arguments, source], result, program.environment)


def theirs(program, operation, person, oaep, source, result):
    """Returns OpenSSL's command, as a script would have it."""
    verb, form = operation.split()
    arguments = [program.path, "cms", f"-{verb}", "-in", source, "-out", result]
    match verb:
        case "sign":
            arguments += ["-stream", "-signer", person.certificate, "-inkey", person.key, "-certfile", INTERMEDIATE]
            arguments += ["-nodetach"] if form == "opaque" else []
        case "encrypt":
            arguments += ["-stream", f"-aes-256-{form.lower()}", "-recip", person.certificate]
            arguments += ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"] if oaep else []
        case "verify":
            arguments += ["-CAfile", ANCHOR]
        case "decrypt":
            arguments += ["-recip", person.certificate, "-inkey", person.key]
    return Command(arguments, result, program.environment)


class Row(NamedTuple):
    """What was measured of an operation: a `Usage`, or why it failed, of each program, ours first."""

    operation: Operation
    size: str
    key: str
    results: list


def measure(programs, sizes, operations, runs, work):
    """Measures every operation at every size; what it reads is made by us, and gone when it is done with."""
    people = material.people(work)
    rows = []
    for size in sizes:
        octets = SIZES[size]
        # person, whether OAEP is asked for, and how that is called
        keys = [(people[0], False, people[0].name)]
        if octets <= SMALL:
            keys = [(person, person.is_rsa, person.name) for person in people]
            keys += [(person, False, f"{person.name} v1.5") for person in people if person.is_rsa]
        for person, oaep, key in keys:
            only = ("encrypt", "decrypt") if key.endswith("v1.5") else ("sign", "encrypt", "verify", "decrypt")
            wanted = [operation for operation in operations if operation.name.startswith(only)]
            material.message(work / "plain", octets, person.address)
            for operation in wanted:
                tell(f"{size} {key} {operation.name}")
                source = work / "plain"
                if operation.reads != "plain":
                    source = work / "source"
                    ours(programs[0], operation.reads, person, oaep, work / "plain", source).run()
                commands = [
                    (theirs if place else ours)(program, operation.name, person, oaep, source, work / f"result-{place}")
                    for place, program in enumerate(programs)
                ]
                results = alternate(commands, runs or runs_for(octets), settle=octets >= LARGE)
                rows.append(Row(operation, size, key, results))
                remove(work / "source")
            remove(work / "plain")
    return rows


def seconds(value):
    """Returns a time for people, of three digits."""
    for unit, name in [(1, "s"), (1e-3, "ms")]:
        if value >= unit or name == "ms":
            value /= unit
            return f"{value:.{max(0, 2 - len(str(int(value))) + (value >= 1))}f} {name}"


def mebibytes(octets):
    return f"{octets / (1 << 20):.1f} MiB" if octets < 100 << 20 else f"{octets / (1 << 20):.0f} MiB"


def table(head, rows):
    """Returns a table in Markdown that can be read as it is."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in [head, *rows]]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def comparison(programs, rows):
    """Returns the table of all rows."""
    head = ["operation", "size", "key"]
    for program in programs:
        head += [f"{program.name}: wall", "CPU", "peak"]
    head += [column for program in programs[1:] for column in (f"wall / {program.name}", "CPU /")]
    cells = []
    for row in rows:
        line = [row.operation.name, row.size, row.key]
        for usage in row.results:
            line += ["fails", "", ""] if isinstance(usage, Failed) else [seconds(usage.wall), seconds(usage.cpu), mebibytes(usage.peak)]
        for place in range(1, len(programs)):
            line += [f"{value:.2f}" if value else "" for value in (ratio(row, place), ratio(row, place, "cpu"))]
        cells.append(line)
    return table(head, cells)


def ratio(row, place=1, what="wall"):
    """Returns our time over a peer's."""
    mine, peer = row.results[0], row.results[place]
    if isinstance(mine, Failed) or isinstance(peer, Failed):
        return None
    return getattr(mine, what) / getattr(peer, what)


class Bound(NamedTuple):
    """Something that should hold, and what was found."""

    what: str
    limit: str
    found: str
    met: bool


def at_most(what, limit, values, show="{:.2f}"):
    """Returns the bound that the worst of some values, by name, is at most so much."""
    if not values:
        return []
    name, worst = max(values.items(), key=lambda item: item[1])
    found = show.format(worst) + (f" ({name})" if len(values) > 1 else "")
    return [Bound(what, "≤ " + show.format(limit), found, worst <= limit)]


def bounds_of_comparison(rows):
    """Returns the bounds of large and of small messages, and of memory."""
    found = []
    fails = [row for row in rows if isinstance(row.results[0], Failed)]
    found += [Bound(f"{row.operation.name}, {row.size}", "works", str(row.results[0]), False) for row in fails]
    for size, octets in SIZES.items():
        here = [row for row in rows if row.size == size and row not in fails]
        label = lambda row: f"{row.operation.name}, {row.key}" if octets <= SMALL else row.operation.name
        if octets >= LARGE:
            for verbs, limit in [(["sign"], 0.7), (["encrypt CBC"], 0.8), (["encrypt GCM"], 0.8), (["verify", "decrypt"], 0.2)]:
                compared = {label(row): ratio(row) for row in here if row.operation.name.startswith(tuple(verbs)) and ratio(row) is not None}
                found += at_most(f"{size}: {' and '.join(verbs)}, wall time over OpenSSL 4.0's", limit, compared)
        elif octets <= SMALL:
            compared = {label(row): ratio(row) for row in here if ratio(row) is not None}
            found += at_most(f"{size}: wall time over OpenSSL 4.0's", 0.5, compared)
        peaks = {label(row): row.results[0].peak / (1 << 20) for row in here}
        found += at_most(f"{size}: peak memory", 10 if octets <= SMALL else 24, peaks, "{:.1f} MiB")
    return found


def tell(line):
    """Says on standard error what is done."""
    print(f"run.py: {line}", file=sys.stderr, flush=True)


def find_programs(peers):
    """Returns the programs, ours first."""
    mine = os.environ.get("SMIME") or str(ROOT / "target/release/smime")
    if "SMIME" not in os.environ:
        subprocess.run(["cargo", "build", "--quiet", "--release", "--locked"], cwd=ROOT, check=True)
    openssl4 = os.environ.get("SMIME_OPENSSL4")
    if not openssl4:
        openssl4 = subprocess.run([ROOT / "tests/peers/openssl4.sh"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    programs = [
        Program("smime", mine),
        Program("OpenSSL 4.0", openssl4, {"OPENSSL_CONF": str(ROOT / "tests/peers/openssl.cnf")}),
    ]
    if peers == "both":
        programs.append(Program("OpenSSL 3.0", "openssl"))
    return programs


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=",".join(SIZES), help="of 10kB, 1MB, 200MB, 2GB")
    parser.add_argument("--operations", default="", metavar="NAMES", help="as 'sign,encrypt CBC'; default: all")
    parser.add_argument("--runs", type=int, help="how often each program runs; default: by size")
    parser.add_argument("--peers", choices=["one", "both"], default="one", help="OpenSSL 4.0, or the one of the PATH, too")
    return parser.parse_args()


def main():
    options = arguments()
    sizes = options.sizes.split(",")
    if unknown := [size for size in sizes if size not in SIZES]:
        sys.exit(f"run.py: no size: {unknown[0]}")
    wanted = tuple(options.operations.split(","))
    operations = [operation for operation in OPERATIONS if operation.name.startswith(wanted)]
    programs = find_programs(options.peers)
    with tempfile.TemporaryDirectory(prefix="smime-bench-") as directory:
        work = Path(directory)
        os.environ["TMPDIR"] = directory
        rows = measure(programs, sizes, operations, options.runs, work)
    print(comparison(programs, rows))
    for row in rows:
        for program, result in zip(programs, row.results):
            if isinstance(result, Failed):
                print(f"{program.name}, {row.operation.name}, {row.size}: {result}")
    print()
    for bound in bounds_of_comparison(rows):
        print(f"{'met   ' if bound.met else 'missed'} {bound.what} {bound.limit}: {bound.found}")


if __name__ == "__main__":
    main()
