"""Work for a child: inspect a file as the gateway's children do, and say how much memory that took at its peak."""

import resource
from collections.abc import Mapping
from typing import Any

from milter.assess import child

prepare = child.prepare


def work(header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """Give what `detect` gives, and the growth of the child's resident memory (VmHWM) in MiB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer, out = child.work(header, content)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    return answer | {"grown": grown}, out
