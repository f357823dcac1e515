"""What confines a child: each measure that the kernel grants, by the name it is reported under.

None is taken for granted: containers and old kernels refuse some. `namespaces`, `landlock` and `privileges`
are laid on the process that forks the children, once; `limits` and `seccomp` on each child. All are for good.
"""

import ctypes
import os
import resource
import sys

from milter.sandbox.syscalls import filter_program
from milter.settings import ReadLimits

_libc = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 1, 4, 38, 22
SECCOMP_MODE_FILTER = 2
SIGKILL = 9
CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446  # on every architecture
READ_FILE, READ_DIR = 1 << 2, 1 << 3
OPEN_FILES = 64


def privileges() -> bool:
    """No program may give more rights, no debugger may attach, no core be dumped (prctl(2))."""
    done = bool(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
    _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return done


def namespaces() -> bool:
    """An own network, with nothing in it (unshare(2)); in an own user namespace where root's rights lack."""
    wanted = CLONE_NEWNET | CLONE_NEWIPC
    return bool(_libc.unshare(wanted) == 0 or _libc.unshare(CLONE_NEWUSER | wanted) == 0)


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def landlock() -> bool:
    """Nothing may be written, and only programs' own files be read (landlock(7))."""
    version = _libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    rights = 13 + (version >= 2) + (version >= 3) + (version >= 5)
    ruleset = _Ruleset((1 << rights) - 1, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    if 3 <= version < 5:
        ruleset.fs = (1 << 15) - 1
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _libc.syscall(LANDLOCK_CREATE_RULESET, ctypes.byref(ruleset), size, 0)
    if rules < 0:
        return False
    try:
        for folder in _readable():
            _allow(rules, folder)
        return bool(_libc.syscall(LANDLOCK_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


def _readable() -> set[str]:
    """Where Python, its packages, shared libraries and their data lie; elsewhere only what is imported."""
    # py7zr asks /proc/meminfo how much it may unpack at a time; qpdf takes its keys from /dev/urandom.
    places = {
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        "/usr",
        "/lib",
        "/lib64",
        "/proc/meminfo",
        "/dev/urandom",
    }
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if file and not file.startswith(tuple(f"{place}/" for place in places)):
            places.add(os.path.dirname(file) if hasattr(module, "__path__") else file)  # noqa: PTH120
    return {place for place in places if place != "/" and os.path.exists(place)}  # noqa: PTH110 no Path in a child


def _allow(rules: int, place: str) -> None:
    opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = READ_FILE | READ_DIR if os.path.isdir(place) else READ_FILE  # noqa: PTH112
        beneath = _Beneath(rights, opened)
        _libc.syscall(LANDLOCK_ADD_RULE, rules, 1, ctypes.byref(beneath), 0)
    finally:
        os.close(opened)


def memory_in_use() -> int:
    """How many bytes of address space this process has; to be asked before `landlock` hides /proc."""
    with open("/proc/self/statm", "rb") as source:  # noqa: PTH123
        return int(source.read().split()[0]) * resource.getpagesize()


def limits(bounds: ReadLimits, in_use: int) -> None:
    """Memory beyond the `in_use` that the child starts with, size of files, their number (getrlimit(2))."""
    memory = in_use + bounds.memory_mib * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (bounds.total_bytes, bounds.total_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def cpu_limit(seconds: float) -> None:
    """Let the process use `seconds` more of CPU time; beyond that the kernel ends it with SIGXCPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    allowed = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, most))


def die_with_parent() -> None:
    """Be killed when the process that forked this one ends."""
    _libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def seccomp() -> bool:
    """Forbid the system calls that no reader of files needs (seccomp(2)); threads stay allowed."""
    code = filter_program(os.uname().machine)
    if not code:
        return False
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(buffer))
    return bool(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)
