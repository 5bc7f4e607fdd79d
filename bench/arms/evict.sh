#!/bin/sh
# evict.sh FOLDER...: drop every file below the folders, on their own file systems, from the page cache.
# The kernel keeps what a running program has mapped, so Python drops the rest and names what it holds itself; when it
# has ended, dd drops those. Only dd, this shell and the C library stay.
/opt/venv/bin/python -IS -c '
import os, sys
for top in sys.argv[1:]:
    device = os.stat(top).st_dev
    for folder, folders, names in os.walk(top):
        folders[:] = [f for f in folders if os.lstat(os.path.join(folder, f)).st_dev == device]
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                try:
                    file = os.open(path, os.O_RDONLY)
                except OSError:
                    continue
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(file)
with open("/proc/self/maps") as maps:
    held = {line.split(None, 5)[5].rstrip() for line in maps if line.count("/")}
print("\n".join(sorted(path for path in held if os.path.isfile(path))))
' "$@" >/tmp/held || exit 1
while read -r path; do
  dd if="$path" iflag=nocache count=0 status=none
done </tmp/held
