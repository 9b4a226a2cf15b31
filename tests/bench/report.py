"""What was found, kept as JSON and shown as Markdown and plots: docs/benchmarks.json, docs/benchmarks.md and beside them the plots.

A run replaces the sections that it measured; each says when and of what it was made.
"""
import datetime
import json
import os
import platform
import subprocess
import tempfile

import bounds
import tables
from many import Many
from material import ROOT
from operations import Row
from plot import plot
from trial import Failed, Usage

DOCS = ROOT / "docs"
DATA = DOCS / "benchmarks.json"

HEAD = """\
# Benchmarks

Made by `tests/bench/run.py --many 20000 --write`; nothing here is written by hand. Each figure is the median of runs that alternate with those of the programs it is
compared with, from file to file; files are in memory when they are read. *Wall* is from start to exit, *CPU* the time of all processors, *peak* the largest
resident set. Ratios are ours over theirs: below 1 is faster. Rates of [primitives](../tests/bench/primitives.rs) and of the
[adaptors](../tests/bench/adaptors.rs) that content flows through are printed by `cargo bench`.
"""
BOUNDS = """\
What must hold for large messages (200 MB and 2 GB), small ones (10 kB) and many, and whether it does.
"""
COMPARISON = """\
One message from a file to a file. OpenSSL streams where it can (`-stream`); `verify` and `decrypt` of OpenSSL hold the message in memory. Both read the
same file. Keys of recipients are used with OAEP for small messages (*v1.5*: with PKCS#1 v1.5).
"""
STAGES = """\
No operation can be faster than the slowest thing that its content passes through. Each alone, with the content of the 200 MB message:
"""
MANY = """\
`smime batch` on all cores beside as many `openssl cms` at once, each message a file of 5 to 15 kB; RSA-2048, OAEP. *Private key alone*: how many
signatures, or decryptions, the cores do when they do nothing else.
"""
GROWTH = """\
Our program from 1 kB on, as far as was asked (4 GB unless told): time grows with size; memory does not, once the threads of large messages have their buffers.

![Time by size of message](time.svg)

![Peak memory by size of message](memory.svg)
"""


def stamp(programs):
    """Returns when, where and of what figures are made."""

    def first_line(*command, environment=None):
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, **(environment or {})})
        return (run.stdout.splitlines() or [""])[0].strip()

    def found(path, key):
        with open(path) as lines:
            return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "unknown")

    commit = first_line("git", "describe", "--always", "--dirty")
    with open(programs[0].path, "rb") as binary:
        # the name of the loader stands among the first headers
        linked = "with shared libraries" if b"/ld-" in binary.read(4096) else "without shared libraries"
    built = ", ".join([commit, linked, *filter(None, [os.environ.get("SMIME_BUILT")])])
    versions = {programs[0].name: f"{first_line(programs[0].path, '--version')} ({built})"}
    for program in programs[1:]:
        told = subprocess.run(
            [program.path, "version", "-v", "-f"], stdout=subprocess.PIPE, text=True, env={**os.environ, **program.environment}
        ).stdout.splitlines()
        optimised = [word for word in told[-1].split() if word.startswith("-O")]
        versions[program.name] = f"{told[0].split('(')[0].strip()} ({' '.join(optimised)})"
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": found("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory": tables.memory(int(found("/proc/meminfo", "MemTotal").split()[0]) * 1024),
        "system": f"Linux {platform.release()}, files on {first_line('stat', '--file-system', '--format=%T', tempfile.gettempdir())}",
        "compiler": first_line("rustc", "--version"),
        "versions": versions,
    }


class Report:
    """The sections found so far: those of earlier runs, then those of this one."""

    def __init__(self, sections=None):
        self.sections = sections or {}

    @classmethod
    def kept(cls):
        """Returns what is in docs/."""
        return cls(json.loads(DATA.read_text()) if DATA.exists() else {})

    def add(self, name, made, found):
        """Puts a section in."""
        # through JSON, so that what is shown is what is kept
        self.sections[name] = json.loads(json.dumps({"made": made, "found": found}, default=str))

    @property
    def rows(self):
        rows = self.sections.get("comparison", {"found": {"rows": []}})["found"]["rows"]
        return [Row(operation, size, octets, key, [result_of(it) for it in results]) for operation, size, octets, key, results in rows]

    @property
    def many(self):
        found = self.sections["many"]["found"]
        ours = {verb: {int(count): Usage(*usage) for count, usage in usages.items()} for verb, usages in found["ours"].items()}
        theirs = {verb: Usage(*usage) for verb, usage in found["theirs"].items()}
        return Many(found["count"], ours, found["sample"], theirs, found["bare"])

    @property
    def growth(self):
        found = self.sections["growth"]["found"]
        return {name: [(octets, Usage(*usage)) for octets, usage in points] for name, points in found.items()}

    def bounds(self):
        """Returns every bound of what was found."""
        found = bounds.of_comparison(self.rows)
        if "stages" in self.sections:
            found += bounds.of_stages(self.staged(), self.sections["stages"]["found"]["alone"])
        if "many" in self.sections:
            found += bounds.of_many(self.many)
        if "growth" in self.sections:
            found += bounds.of_growth(self.growth)
        return found

    def staged(self):
        """Returns the rows of the size that the stages were timed with."""
        size = self.sections["stages"]["found"]["size"]
        return [row for row in self.rows if row.size == size]

    def tables(self):
        """Returns heading, words and tables of every section."""
        parts = [("Bounds", BOUNDS, tables.bounds(self.bounds()), None)]
        if "comparison" in self.sections:
            names = self.sections["comparison"]["found"]["programs"]
            parts.append(("By size", COMPARISON, tables.comparison(names, self.rows), "comparison"))
        if "stages" in self.sections:
            parts.append(("By stage", STAGES, tables.stages(self.staged(), self.sections["stages"]["found"]["alone"]), "stages"))
        if "many" in self.sections:
            parts.append(("Many messages", MANY, tables.many(self.many), "many"))
        if "growth" in self.sections:
            parts.append(("As messages grow", GROWTH, tables.growth(self.growth), "growth"))
        return parts

    def print(self, names):
        """Prints the sections of these names, and the bounds at the end."""
        parts = self.tables()
        for heading, _, table, name in [*parts[1:], parts[0]]:
            if name is None or name in names:
                print(f"\n{heading}\n\n{table}")

    def write(self):
        """Puts everything into docs/."""
        DOCS.mkdir(exist_ok=True)
        text = HEAD
        for heading, words, table, name in self.tables():
            text += f"\n## {heading}\n\n{words}\n{table}\n"
            if name:
                text += f"\n{tables.made(self.sections[name]['made'])}\n"
        DATA.write_text(json.dumps(self.sections, indent=1) + "\n")
        (DOCS / "benchmarks.md").write_text(text)
        if "growth" in self.sections:
            self.plot()

    def plot(self):
        """Draws what grows and what does not."""
        sizes = [(10**power, f"{10 ** (power % 3)} {['B', 'kB', 'MB', 'GB'][power // 3]}") for power in range(3, 11)]
        sizes = [*sizes[:7], (5 * 10**9, "")]
        times = [(1e-3, "1 ms"), (1e-2, "10 ms"), (1e-1, "100 ms"), (1, "1 s"), (10, "10 s"), (100, "100 s")]
        octets = [(mebibytes << 20, f"{mebibytes} MiB") for mebibytes in (1, 2, 4, 8, 16, 32, 64)]
        growth = self.growth
        for name, title, y_title, ticks, what in [
            ("time.svg", "Time from file to file, by size of message", "wall time", times, "wall"),
            ("memory.svg", "Peak memory, by size of message", "peak resident set", octets, "peak"),
        ]:
            lines = {operation: [(size, getattr(usage, what)) for size, usage in points] for operation, points in growth.items()}
            (DOCS / name).write_text(plot(title, "size of message", y_title, sizes, ticks, lines))


def result_of(kept):
    """Returns a result as it was before it became JSON."""
    return Failed(kept) if isinstance(kept, str) else Usage(*kept)
