#!/usr/bin/env python3
"""smime beside `openssl cms`: what each operation takes by size, beside its stages, with many messages, as messages grow; and which bounds are met.

    tests/bench/run.py                                               by size and by stage, then growth: some ten minutes
    tests/bench/run.py --no-plots --sizes 10kB,20MB --operations sign,"encrypt CBC"     these alone
    tests/bench/run.py --many 20000 --write                          everything, and into docs/: some fifteen minutes

Programs run in turn (A B A B ...) and figures are medians; it must be quiet around. smime is target/release/smime, built if need be, or what SMIME names (SMIME_BUILT: how it was
built, which figures are told with);
OpenSSL 4.0 is what SMIME_OPENSSL4 names, else what tests/peers/openssl4.sh builds. All is done in TMPDIR, which needs 12 GB of disk for 4 GB of content;
memory must hold the files that are read, and OpenSSL some times 2 GB. Needs GNU time and Linux.
"""
import sys

sys.dont_write_bytecode = True

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

import material
from many import measure
from material import ROOT
from operations import OPERATIONS, PLAIN, Program, compare, grow
from report import Report, stamp
from trial import Failed, remove

UNITS = {"kB": 10**3, "MB": 10**6, "GB": 10**9}


def size(text):
    """Returns the octets of a size as it is typed."""
    number, unit = text[:-2], text[-2:]
    if unit not in UNITS or not number.isdigit():
        raise argparse.ArgumentTypeError(f"no size: {text}")
    return int(number) * UNITS[unit]


def sizes(text):
    return {name: size(name) for name in text.split(",") if name}


def operations(text):
    """Returns the operations whose names begin with one of these."""
    chosen = [operation for operation in OPERATIONS if operation.name.startswith(tuple(text.split(",")))]
    if not chosen:
        raise argparse.ArgumentTypeError(f"no operation: {text}")
    return chosen


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=sizes, default="10kB,1MB,200MB,2GB", help="as 10kB,20MB; '' for none")
    parser.add_argument("--operations", type=operations, default="", help="as 'sign,encrypt CBC': those whose names begin so")
    parser.add_argument("--runs", type=int, help="how often each program runs; default: by size")
    parser.add_argument("--peers", choices=["one", "both"], default="one", help="OpenSSL 4.0 alone, or the openssl of the PATH, too")
    parser.add_argument("--many", type=int, metavar="N", help="many messages, too: so many, and as few as 100 and 5 times as many")
    parser.add_argument("--no-plots", action="store_true", help="leave out what is plotted: messages as they grow")
    parser.add_argument("--largest", type=size, default="5GB", metavar="SIZE", help="how far they grow; default: 4 GB")
    parser.add_argument("--write", action="store_true", help="put what was found into docs/")
    return parser.parse_args()


def programs(peers):
    """Returns the programs, ours first."""
    mine = os.environ.get("SMIME")
    if not mine:
        subprocess.run(["cargo", "build", "--quiet", "--release", "--locked"], cwd=ROOT, check=True)
        mine = str(ROOT / "target/release/smime")
    newer = os.environ.get("SMIME_OPENSSL4")
    if not newer:
        newer = subprocess.run([ROOT / "tests/peers/openssl4.sh"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    found = [
        Program("smime", mine),
        Program("OpenSSL 4.0", newer, {"OPENSSL_CONF": str(ROOT / "tests/peers/openssl.cnf")}),
    ]
    return found + ([Program("OpenSSL 3.0", "openssl")] if peers == "both" else [])


def bare(*arguments):
    """Returns what tests/bench/bare.rs measured, by name."""
    command = ["cargo", "bench", "--quiet", "--locked", "--bench", "bare", "--", *map(str, arguments)]
    told = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {name: float(figure) for name, figure in (line.rsplit(" ", 1) for line in told.splitlines())}


def tell(line):
    """Says on standard error what is done."""
    print(f"run.py: {line}", file=sys.stderr, flush=True)


def main():
    options = arguments()
    chosen = programs(options.peers)
    # built before anything is measured
    bare("build")
    report = Report.kept() if options.write else Report()
    measured = []
    with tempfile.TemporaryDirectory(prefix="smime-bench-") as directory:
        work = Path(directory)
        os.environ["TMPDIR"] = directory

        def keep(name, found):
            report.add(name, stamp(chosen), found)
            measured.append(name)
            if options.write:
                report.write()

        if options.sizes:
            rows = compare(chosen, options.sizes, options.operations, options.runs, work, tell)
            keep("comparison", {"programs": [program.name for program in chosen], "rows": rows})
            if staged := [name for name, octets in options.sizes.items() if 10**7 <= octets <= 10**9]:
                tell(f"{staged[-1]} stages")
                material.message(work / PLAIN, options.sizes[staged[-1]], "alice@example.com")
                keep("stages", {"size": staged[-1], "alone": bare("stages", work / PLAIN)})
                remove(work / PLAIN)
        if options.many:
            keep("many", measure(chosen, options.many, lambda: bare("keys", os.cpu_count()), options.runs, work, tell)._asdict())
        if not options.no_plots:
            keep("growth", grow(chosen[0], options.operations, options.largest, options.runs, work, tell))
    report.print(measured)
    if any(isinstance(row.results[0], Failed) for row in report.rows):
        sys.exit("run.py: smime failed")


if __name__ == "__main__":
    main()
