"""One run of a command, measured from outside: wall time, processor time and peak memory.

Knows processes, not what they do. A child's peak as the kernel tells it begins with that of whoever started it, here a Python of some 15 MB; so memory is
what GNU time, which is small, says: in the same run where that takes long, in one of its own where GNU time would count.
"""
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

# A program that takes longer runs once: its run is as long as several of the other's.
LONG = 20.0


class Failed(Exception):
    """A command that did not exit with 0, and why."""


def reason(log):
    """Returns what a program said of its failure: of OpenSSL's queue of errors the first, which is the cause, else the last line."""
    lines = log.strip().splitlines() or ["it said nothing"]
    queue = [line.split(":") for line in lines if ":error:" in line]
    return ", ".join(queue[0][3:6]) if queue else lines[-1]


class Usage(NamedTuple):
    """Seconds, seconds of all processors in user and system mode, octets."""

    wall: float
    cpu: float
    peak: float


class Command(NamedTuple):
    """What is run: a program and its arguments, the file or directory that it makes, its environment."""

    arguments: list
    makes: Path
    environment: dict = {}

    def run(self):
        """Runs it, without what it made before. The peak is not to be believed."""
        remove(self.makes)
        arguments = [os.fspath(argument) for argument in self.arguments]
        with tempfile.TemporaryFile() as log:
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 2),
            ]
            start = time.perf_counter()
            child = os.posix_spawnp(arguments[0], arguments, {**os.environ, **self.environment}, file_actions=actions)
            _, status, usage = os.wait4(child, 0)
            wall = time.perf_counter() - start
            if status != 0:
                log.seek(0)
                raise Failed(f"status {os.waitstatus_to_exitcode(status)}: {reason(log.read().decode(errors='replace'))}")
        return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)

    def run_under_time(self):
        """Runs it under GNU time, which adds a millisecond, and tells the peak."""
        if shutil.which("time") is None:
            raise SystemExit("run.py: GNU time is not here (package time)")
        with tempfile.NamedTemporaryFile() as told:
            usage = self._replace(arguments=["time", "-q", "-f", "%M", "-o", told.name, *self.arguments]).run()
            return usage._replace(peak=int(told.read()) * 1024)


def remove(path):
    """Removes a file, or a directory with all in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def alternate(commands, runs, large):
    """Runs commands in turn, so many times each: what disturbs one disturbs the others. Returns for each the medians, or why it failed.

    A large run begins when what was written before is on the disk.
    """
    usages = [[] for _ in commands]
    failed = [None] * len(commands)
    for _ in range(runs):
        for place, command in enumerate(commands):
            if failed[place] or any(usage.wall > LONG for usage in usages[place]):
                continue
            if large:
                os.sync()
            try:
                usages[place].append(command.run_under_time() if large else command.run())
            except Failed as failure:
                failed[place] = failure
            remove(command.makes)
    return [failure or medians(command, usage, large) for command, failure, usage in zip(commands, failed, usages)]


def medians(command, usages, large):
    """Returns the median of each column."""
    usage = Usage(*(statistics.median(column) for column in zip(*usages)))
    if not large:
        usage = usage._replace(peak=statistics.median(command.run_under_time().peak for _ in range(3)))
        remove(command.makes)
    return usage
