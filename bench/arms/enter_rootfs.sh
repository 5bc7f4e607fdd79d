#!/bin/sh
# Enter an unpacked image: enter_rootfs.sh ROOT PATH... -- COMMAND...
# Runs inside a private mount namespace, so every mount made here ends with the process. What the engine gives a
# container is given here too: a read-only root, an empty /tmp, /proc, /sys, /dev, and folders and files at their own paths.
set -eu
root=$1
shift
mount --bind "$root" "$root"
for kernel in proc sys dev; do
  mount --rbind "/$kernel" "$root/$kernel"
done
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$root/tmp"
while [ "$1" != -- ]; do
  # A place to mount onto: after the mounts above, which may hide one below them.
  if [ -d "$1" ]; then mkdir -p "$root$1"; else mkdir -p "$root${1%/*}" && : >>"$root$1"; fi
  mount --bind "$1" "$root$1"
  mount -o remount,bind,ro "$root$1"
  shift
done
shift
mount -o remount,bind,ro "$root"
# The shell adds PWD to the environment, which is to be the same in every arm.
exec env -u PWD chroot "$root" "$@"
