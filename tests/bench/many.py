"""Many messages: `smime batch` on all cores beside `xargs openssl cms`, and whether the cost of one stays the same when there are more of them."""
import os
import random
from typing import NamedTuple

import material
from material import ANCHOR, INTERMEDIATE, TRUST
from trial import Command, Failed, alternate, remove

CORES = os.cpu_count() or 1
# Messages that OpenSSL gets: its rate is the same for any number.
SAMPLE = 1000
# Verbs in the order in which each finds what it reads
VERBS = {"sign": "plain", "verify": "sign", "encrypt": "plain", "decrypt": "encrypt"}


class Many(NamedTuple):
    """What was found: by verb and number of messages, what we took; by verb, what OpenSSL took for so many; and the private keys alone, in a second."""

    count: int
    ours: dict
    sample: int
    theirs: dict
    bare: dict

    def per_second(self, verb):
        """Returns how many messages of ours passed in a second."""
        return self.count / self.ours[verb][self.count].wall

    def theirs_per_second(self, verb):
        return self.sample / self.theirs[verb].wall


def messages(directory, count, address):
    """Writes messages of 10 kB, more or less, a thousand in a directory."""
    chance = random.Random(count)
    pool = material.text(1 << 20, chance)
    for number in range(count):
        inside = directory / f"{number // 1000:03}"
        if number % 1000 == 0:
            inside.mkdir(parents=True)
        size = chance.randrange(5_000, 15_000)
        start = pool.index(b"\n", chance.randrange(len(pool) - 20_000)) + 1
        header = f"From: {address}\nTo: bob@example.com\nSubject: message {number}\nContent-Type: text/plain\n\n"
        (inside / f"{number:06}.eml").write_bytes(header.encode() + material.whole_lines(pool[start:], size))


def ours(program, verb, person, source, result):
    """Returns our command for all of them."""
    arguments = [program.path, "batch", verb, "-q", "-o", result]
    match verb:
        case "sign" | "decrypt":
            arguments += ["-i", person.identity]
        case "encrypt":
            arguments += ["--oaep", "-r", person.certificate, "-c", INTERMEDIATE, "-t", TRUST]
        case "verify":
            arguments += ["-t", TRUST]
    return Command([*arguments, source], result, program.environment)


def theirs(program, verb, person, source, result):
    """Returns OpenSSL's for the sample, as many at once as there are cores."""
    arguments = [program.path, "cms", f"-{verb}", "-in", "{}", "-out", f"{result}/{{}}"]
    match verb:
        case "sign":
            arguments += ["-signer", person.certificate, "-inkey", person.key, "-certfile", INTERMEDIATE]
        case "encrypt":
            arguments += ["-aes-256-cbc", "-recip", person.certificate, "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"]
        case "verify":
            arguments += ["-CAfile", ANCHOR]
        case "decrypt":
            arguments += ["-recip", person.certificate, "-inkey", person.key]
    # it prints a line for each message that it verifies
    script = 'cd "$1"; mkdir "$2"; shift 2; ls | xargs -P "$0" -I{} "$@" 2>/dev/null'
    return Command(["sh", "-ec", script, str(CORES), source, result, *arguments], result, program.environment)


def measure(programs, count, bare, runs, work, tell):
    """Measures every verb with so many messages, a few, and several times as many; OpenSSL beside the former. `bare` measures private keys alone."""
    person = material.people(work)[0]
    found = Many(count, {verb: {} for verb in VERBS}, min(count, SAMPLE), {}, {})
    for many in sorted({100, 1000, count, 5 * count}):
        tell(f"{many} messages")
        places = {verb: work / f"many-{verb}" for verb in ["plain", *VERBS]}
        messages(places["plain"], many, person.address)
        for verb, reads in VERBS.items():
            tell(f"{many} messages: {verb}")
            commands = [ours(programs[0], verb, person, places[reads], work / "many-result")]
            if many == count:
                # the first directory is the sample
                commands.append(theirs(programs[1], verb, person, places[reads] / "000", work / "many-sample"))
            default = 5 if many <= 1000 else 3 if many == count else 1
            usages = alternate(commands, runs or default, True)
            for usage in usages:
                if isinstance(usage, Failed):
                    raise SystemExit(f"run.py: {many} messages, {verb}: {usage}")
            found.ours[verb][many] = usages[0]
            if many == count:
                found.theirs[verb] = usages[1]
            if verb in VERBS.values():
                ours(programs[0], verb, person, places[reads], places[verb]).run()
            elif reads != "plain":
                remove(places[reads])
        for path in places.values():
            remove(path)
        if many == count:
            found.bare.update(bare())
    return found
