"""Run as a script: become an engine that dies with its parent.

What `setpriv --pdeathsig` does, which not every machine has; a hook between fork and exec
(`preexec_fn`) would do it too, but is unsafe in a parent that has threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def become(parent: int, death: int, account: str, command: list[str]) -> None:
    """Replace this process by ``command``, which gets the signal ``death`` when ``parent`` ends.

    ``account`` is "UID:GID" to become, or empty. On systems other than Linux there is no such signal:
    there an engine outlives a parent that was killed -9.
    """
    if account:
        user, group = map(int, account.split(":"))
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    if sys.platform == "linux":  # only now: a change of user clears the signal, prctl(2)
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, death, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        sys.exit("the parent has gone already")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec would pass that on
    os.execv(command[0], command)  # noqa: S606 - the command comes from child.py, no shell is wanted


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
