"""One run of a command, measured from outside: wall time, processor time and peak memory.

Knows processes, not what they do. A child's peak as the kernel tells it begins with that of whoever started it, here a Python of some 15 MB: where it is
not well above that, the command runs once more under GNU time, which is small.
"""
import os
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

TIME = shutil.which("time")


class Failed(Exception):
    """A command that did not exit with 0: the last line that it wrote."""


class Usage(NamedTuple):
    """Seconds, seconds of all processors in user and system mode, octets."""

    wall: float
    cpu: float
    peak: float


class Command(NamedTuple):
    """What is run: a program and its arguments, the files that it makes, its environment and standard input."""

    arguments: list
    makes: Path
    environment: dict = {}
    stdin: Path = Path("/dev/null")

    def run(self):
        """Runs it, without what it made before, and returns its usage."""
        remove(self.makes)
        with tempfile.TemporaryFile() as log:
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, self.stdin, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 2),
            ]
            arguments = [os.fspath(argument) for argument in self.arguments]
            start = time.perf_counter()
            child = os.posix_spawnp(arguments[0], arguments, {**os.environ, **self.environment}, file_actions=actions)
            _, status, usage = os.wait4(child, 0)
            wall = time.perf_counter() - start
            if status != 0:
                log.seek(0)
                lines = log.read().decode(errors="replace").strip().splitlines()
                reason = lines[-1] if lines else "it said nothing"
                raise Failed(f"{' '.join(arguments)}: status {os.waitstatus_to_exitcode(status)}: {reason}")
        return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)

    def peak(self):
        """Runs it under GNU time and returns the peak of its memory."""
        if TIME is None:
            raise SystemExit("run.py: GNU time is not here (package time)")
        with tempfile.NamedTemporaryFile() as told:
            self._replace(arguments=[TIME, "-f", "%M", "-o", told.name, *self.arguments]).run()
            return int(told.read().split()[-1]) * 1024


def remove(path):
    """Removes a file, or a directory with all in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def alternate(commands, runs, settle=False):
    """Runs commands in turn, so many times each: what disturbs one disturbs the others. Returns for each the medians, or why it failed.

    With `settle`, what was written before is on the disk when a run begins.
    """
    usages = [[] for _ in commands]
    failed = [None] * len(commands)
    for _ in range(runs):
        for place, command in enumerate(commands):
            if failed[place]:
                continue
            if settle:
                os.sync()
            try:
                usages[place].append(command.run())
            except Failed as failure:
                failed[place] = failure
            remove(command.makes)
    results = []
    for command, failure, usage in zip(commands, failed, usages):
        if failure:
            results.append(failure)
            continue
        median = Usage(*(statistics.median(column) for column in zip(*usage)))
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if median.peak < 2 * own:
            median = median._replace(peak=command.peak())
            remove(command.makes)
        results.append(median)
    return results
