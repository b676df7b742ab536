/**
 * How the first program of every guest begins: as process 1, from the initrd. Should any step fail, process 1 ends, the kernel panics and so QEMU exits;
 * the step is the last line on the console.
 */
export const scriptHead = `#!/bin/busybox sh
set -eu
PATH=/bin
step=start
trap 'echo "mayfly init: failed: $step"' EXIT

step="mount /proc, /sys, /dev"
busybox mount -t proc -o nosuid,nodev,noexec proc /proc
busybox mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
busybox mount -t devtmpfs -o nosuid,noexec devtmpfs /dev
# Programs open their outputs by these paths, which the kernel does not make.
busybox ln -s /proc/self/fd /dev/fd
for output in 0:stdin 1:stdout 2:stderr; do busybox ln -s /proc/self/fd/\${output%:*} /dev/\${output#*:}; done
`;
