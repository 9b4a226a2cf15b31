"""The operations: how each program is told to do one, and what it takes at each size."""
from pathlib import Path
from typing import NamedTuple

import material
from material import ANCHOR, INTERMEDIATE, TRUST
from trial import Command, Failed, alternate, remove

# From here on a run takes much longer than it takes to begin one.
LARGE = 10**8
# Up to here keys make the difference.
SMALL = 10**5


class Program(NamedTuple):
    """A program that does the operations."""

    name: str
    path: str
    environment: dict = {}


class Operation(NamedTuple):
    """One of them, and what it reads: the message, or what another operation makes of it."""

    name: str
    reads: str


PLAIN = "plain"
OPERATIONS = [
    Operation("sign clear", PLAIN),
    Operation("sign opaque", PLAIN),
    Operation("encrypt CBC", PLAIN),
    Operation("encrypt GCM", PLAIN),
    Operation("verify clear", "sign clear"),
    Operation("verify opaque", "sign opaque"),
    Operation("decrypt CBC", "encrypt CBC"),
    Operation("decrypt GCM", "encrypt GCM"),
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
    """Returns OpenSSL's command, as a script would have it: it streams where it can."""
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
    """What an operation took: a `Usage`, or why it failed, of each program, ours first."""

    operation: str
    size: str
    octets: int
    key: str
    results: list

    def ratio(self, place=1, what="wall"):
        """Returns our time over that of another, `None` where one of the two failed."""
        mine, other = self.results[0], self.results[place]
        if isinstance(mine, Failed) or isinstance(other, Failed):
            return None
        return getattr(mine, what) / getattr(other, what)


def runs_for(octets):
    """Returns how often a program runs: so that all together takes minutes."""
    if octets <= SMALL:
        return 41
    if octets <= 10**7:
        return 21
    return 5 if octets <= 10**9 else 3


def compare(programs, sizes, operations, runs, work, tell):
    """Returns a row for every operation, size and, of small messages, key. RSA keys are used with OAEP there, and with PKCS#1 v1.5 besides."""
    people = material.people(work)
    rows = []
    for size, octets in sizes.items():
        first = people[0]
        uses = [(first, False, first.name)]
        if octets <= SMALL:
            uses = [(person, person.is_rsa, person.name) for person in people]
            uses += [(person, False, f"{person.name} v1.5") for person in people if person.is_rsa]
        for person, oaep, key in uses:
            material.message(work / PLAIN, octets, person.address)
            for operation in operations:
                # signatures are the same
                if key.endswith("v1.5") and operation.name.startswith(("sign", "verify")):
                    continue
                tell(f"{size} {key} {operation.name}")
                with Source(programs[0], operation, person, oaep, work) as source:
                    commands = [
                        (theirs if place else ours)(program, operation.name, person, oaep, source, work / f"result-{place}")
                        for place, program in enumerate(programs)
                    ]
                    results = alternate(commands, runs or runs_for(octets), octets >= LARGE)
                rows.append(Row(operation.name, size, octets, key, results))
            remove(work / PLAIN)
    return rows


class Source:
    """What an operation reads, for as long as it does; made by us of the message in `work`."""

    def __init__(self, program, operation, person, oaep, work):
        self.path = work / PLAIN
        self.made = None
        if operation.reads != PLAIN:
            self.path = work / "source"
            self.made = ours(program, operation.reads, person, oaep, work / PLAIN, self.path)

    def __enter__(self):
        if self.made:
            self.made.run()
        return self.path

    def __exit__(self, *_):
        if self.made:
            remove(self.path)


# What is plotted: 1 kB, four times as much, and so on up to 4 GB
GROWTH = [1000 * 4**power for power in range(12)]
GROWING = ["sign clear", "encrypt CBC", "encrypt GCM", "verify clear", "decrypt CBC"]


def grow(program, operations, largest, runs, work, tell):
    """Returns what our program takes as messages grow: by operation, the octets and the `Usage` of each size."""
    person = material.people(work)[0]
    series = {operation.name: [] for operation in operations if operation.name in GROWING}
    for octets in GROWTH:
        if octets > largest:
            break
        tell(f"{octets} octets")
        material.message(work / PLAIN, octets, person.address)
        for operation in operations:
            if operation.name not in series:
                continue
            with Source(program, operation, person, False, work) as source:
                command = ours(program, operation.name, person, False, source, work / "result")
                default = 11 if octets < 10**7 else 3 if octets < 2 * 10**9 else 1
                [usage] = alternate([command], runs or default, octets >= LARGE)
            if isinstance(usage, Failed):
                raise SystemExit(f"run.py: {operation.name}, {octets} octets: {usage}")
            series[operation.name].append((octets, usage))
        remove(work / PLAIN)
    return series
