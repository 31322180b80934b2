"""How much memory this process has taken."""

import sys


def peak_megabytes():
    """The most memory that this process ever held at once, in MB (10**6 bytes), float.

    None where the system does not tell.
    """
    try:
        # Of this program alone; getrusage would begin with what its parent held before.
        with open("/proc/self/status", encoding="utf-8") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
