"""The names of the arms: the three of every cell, and the ablations of the container arm."""

ARMS = ("container", "rootfs", "native")
ABLATION_NAMES = (
    "no-seccomp",
    "no-apparmor",
    "all-caps",
    "privileged",
    "host-network",
    "host-pid",
    "host-ipc",
    "host-uts",
    "host-cgroupns",
    "host-user",
    "cpu-quota",
    "memory-limit",
    "writable-root",
    "bind-root",
    "cold-cache",
)
GROUP = "ablations"  # in --arms: all ablations
