"""The seccomp filter: which system calls a child may not make, for the two architectures that are served.

A list of refusals rather than of permissions, since libraries and their C runtime change what they call; each
refused call answers EPERM, so that a library fails in words. Numbers: Linux's unistd.h, which never changes.
"""

import struct

# name: (x86-64, aarch64); -1 where the architecture has no such call
REFUSED: dict[str, tuple[int, int]] = {
    # the network and other processes
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201), "accept": (43, 202),
    "accept4": (288, 242), "socketpair": (53, 199), "execve": (59, 221), "execveat": (322, 281),
    "fork": (57, -1), "vfork": (58, -1), "kill": (62, 129), "tkill": (200, 130),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "process_madvise": (440, 440),
    "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    # files: nothing is made, changed or removed
    "creat": (85, -1), "openat2": (437, 437), "truncate": (76, 45), "unlink": (87, -1), "unlinkat": (263, 35),
    "rename": (82, -1), "renameat": (264, 38), "renameat2": (316, 276), "mkdir": (83, -1), "mkdirat": (258, 34),
    "rmdir": (84, -1),
    "link": (86, -1), "linkat": (265, 37), "symlink": (88, -1), "symlinkat": (266, 36),
    "mknod": (133, -1), "mknodat": (259, 33), "chmod": (90, -1), "fchmodat": (268, 53), "chown": (92, -1),
    "lchown": (94, -1), "fchownat": (260, 54), "setxattr": (188, 5), "lsetxattr": (189, 6), "utime": (132, -1),
    "utimes": (235, -1), "utimensat": (280, 88), "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265), "inotify_init1": (294, 26), "fanotify_init": (300, 262),
    # the machine
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "move_mount": (429, 429), "open_tree": (428, 428),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224),
    "swapoff": (168, 225), "personality": (135, 92), "acct": (163, 89), "quotactl": (179, 60),
    "syslog": (103, 116), "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171),
    "sethostname": (170, 161), "setuid": (105, 146), "setgid": (106, 144), "setgroups": (116, 159),
    "setresuid": (117, 147), "setresgid": (119, 149), "capset": (126, 91),
}  # fmt: skip
CLONE, CLONE3, OPEN, OPENAT, PRLIMIT = (56, 220), (435, 435), (2, -1), (257, 56), (302, 261)
ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # index above, AUDIT_ARCH

# Classic BPF (linux/bpf_common.h) over struct seccomp_data: number at 0, architecture at 4, arguments from 16.
LOAD, JUMP_EQUAL, JUMP_BITS, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
ALLOW, KILL, REFUSE, NO_SUCH_CALL = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026  # errno EPERM 1, ENOSYS 38
X32_BIT = 0x40000000
CLONE_THREAD = 0x00010000
WRITING = 0o3 | 0o100 | 0o1000 | 0o20000000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_TMPFILE's own bit


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("<HBBI", code, then, otherwise, value)


def _refuse(number: int, answer: int = REFUSE) -> bytes:
    return _step(JUMP_EQUAL, number, 0, 1) + _step(RETURN, answer) if number >= 0 else b""


def _argument(number: int, index: int, bits: int, *, wanted: bool) -> bytes:
    """Allow a call only where its argument has (or, not wanted, lacks) some of `bits`."""
    if number < 0:
        return b""
    return (
        _step(JUMP_EQUAL, number, 0, 4)
        + _step(LOAD, 16 + 8 * index)
        + _step(JUMP_BITS, bits, int(wanted), int(not wanted))
        + _step(RETURN, REFUSE)
        + _step(RETURN, ALLOW)
    )


def filter_program(machine: str) -> bytes:
    """The filter's code; empty on a machine that is not served."""
    if machine not in ARCHITECTURES:
        return b""
    index, architecture = ARCHITECTURES[machine]
    start = _step(LOAD, 4) + _step(JUMP_EQUAL, architecture, 1, 0) + _step(RETURN, KILL) + _step(LOAD, 0)
    if machine == "x86_64":  # the x32 numbers would go round the list
        start += _step(JUMP_AT_LEAST, X32_BIT, 0, 1) + _step(RETURN, KILL)
    return (
        start
        + b"".join(_refuse(numbers[index]) for numbers in REFUSED.values())
        + _refuse(CLONE3[index], NO_SUCH_CALL)  # its flags lie in memory; the C library falls back to clone
        + _argument(CLONE[index], 0, CLONE_THREAD, wanted=True)
        + _argument(OPEN[index], 1, WRITING, wanted=False)
        + _argument(OPENAT[index], 2, WRITING, wanted=False)
        + _argument(PRLIMIT[index], 0, 0xFFFFFFFF, wanted=False)  # of itself only
        + _step(RETURN, ALLOW)
    )
