"""Memory that this process may still take, for machines of any kind."""

from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")
_LIMITS = (("memory.max", "memory.current", "inactive_file"),
           ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"))


def available_bytes() -> float:
    """Bytes that this process may still take: the computer's, or less if its group has a limit.

    Infinite if the system does not say.
    """
    found = [_free_in_group(*names) for names in _LIMITS]
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(1024.0 * int(line.split()[1]))
    except (OSError, ValueError, IndexError):
        pass
    return min(found)


def _free_in_group(limit: str, usage: str, cached: str) -> float:
    """What a group of processes may still take, with the files that it could let go."""
    try:
        free = (int((_GROUPS / limit).read_text()) - int((_GROUPS / usage).read_text()))
        statistics = (_GROUPS / usage).with_name("memory.stat").read_text()
        return float(free + sum(int(line.split()[1]) for line in statistics.splitlines()
                                if line.split()[:1] == [cached]))
    except (OSError, ValueError, IndexError):    # no group, or no limit ("max")
        return float("inf")
