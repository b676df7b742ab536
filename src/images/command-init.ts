/**
 * The first program of a command image's VM: from a bare kernel to the image's init steps and its command.
 *
 * Kernel command line, all optional:
 *   mayfly.root=/dev/vda           where the root is: a device, LABEL=… or UUID=…; waited for, at most ten seconds
 *   mayfly.net=dhcp | none | 10.0.2.15/24,10.0.2.2,10.0.2.3
 *                                  eth0: by DHCP (the default, if there is an eth0), or address, gateway, name server
 *   mayfly.mount=/dev/vdb:/data    mounts an ext4 volume, writable; may stand more than once
 *   mayfly.hostname=mayfly
 *
 * A root that is ext4 is mounted writable. One that is erofs gets a tmpfs over it: what is written there is gone with the machine.
 *
 * The initrd may be followed by another cpio archive (`extraArchive`), which stays private to the machine:
 *   mayfly/env     shell text that sets and exports variables (`environmentText`)
 *   mayfly/start   a script in place of the image's own
 *
 * Init steps and command run under process 1, a shell, which waits for them and then says
 *   mayfly: the command ended with code 3          (128 + signal, as in a shell)
 * or `mayfly: init step 2 ended with code 1`, as the console's last line, and ends the machine: it is powered off after 0, and reset after
 * anything else. All output is on the console. Should the script itself fail, it says `mayfly init: failed: <step>`, and the kernel panics.
 */
import { directory, file, writeCpio } from "./cpio.ts";
import type { RunSpec } from "./image.ts";

/** @param modules file names of the kernel's modules, in the order in which they are loaded. */
export function commandInitScript(modules: string[]): string {
  return `#!/bin/busybox sh
set -eu
PATH=/bin
step=start
trap 'echo "mayfly init: failed: $step"' EXIT

step="mount /proc, /sys, /dev"
busybox mount -t proc -o nosuid,nodev,noexec proc /proc
busybox mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
busybox mount -t devtmpfs -o nosuid,noexec devtmpfs /dev
busybox mkdir -p /dev/pts /dev/shm
busybox mount -t devpts -o nosuid,noexec devpts /dev/pts
busybox mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /dev/shm

step="read the kernel command line"
device=/dev/vda net=dhcp mounts= hostname=mayfly
for word in $(busybox cat /proc/cmdline); do
  case "$word" in
    mayfly.root=*) device=\${word#*=} ;;
    mayfly.net=*) net=\${word#*=} ;;
    mayfly.mount=*) mounts="$mounts \${word#*=}" ;;
    mayfly.hostname=*) hostname=\${word#*=} ;;
  esac
done

# A driver whose device is not in this machine may refuse to load; what is really missing fails below.
for module in ${modules.join(" ")}; do
  busybox insmod /modules/$module 2> /dev/null || echo "mayfly init: not loaded: $module"
done

step="find the root $device"
find_root() {
  case "$device" in
    LABEL=* | UUID=*) root=$(busybox findfs "$device" 2> /dev/null) || return 1 ;;
    *) root=$device ;;
  esac
  [ -b "$root" ]
}
tries=100
while ! find_root; do
  tries=$((tries - 1))
  [ $tries -gt 0 ]
  busybox sleep 0.1
done

step="mount the root $root"
if busybox mount -t erofs -o ro "$root" /lower 2> /dev/null; then
  busybox mount -t tmpfs -o mode=755 tmpfs /upper
  busybox mkdir /upper/files /upper/work
  busybox mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /root
else
  busybox mount -t ext4 -o rw,noatime "$root" /root
fi
for name in proc sys dev run tmp; do busybox mkdir -p /root/$name; done

for mount in $mounts; do
  step="mount the volume $mount"
  busybox mkdir -p "/root\${mount#*:}"
  busybox mount -t ext4 -o rw,noatime "\${mount%%:*}" "/root\${mount#*:}"
done

step="bring up the network ($net)"
busybox hostname "$hostname"
busybox ip link set lo up
[ -e /sys/class/net/eth0 ] || net=none
case "$net" in
  none) ;;
  dhcp)
    busybox ip link set eth0 up
    busybox mkdir -p /root/etc
    busybox udhcpc -i eth0 -s /mayfly/lease -n -q -f -t 5 -T 1 > /dev/null 2>&1 || echo "mayfly init: no lease for eth0"
    ;;
  *)
    busybox ip link set eth0 up
    rest=\${net#*,}
    busybox ip addr add "\${net%%,*}" dev eth0
    busybox ip route add default via "\${rest%%,*}"
    echo "nameserver \${rest#*,}" > /root/etc/resolv.conf
    ;;
esac

step="hand over to the root"
busybox mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /root/tmp
busybox mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /root/run
busybox mkdir /root/run/mayfly
busybox cp /bin/busybox /mayfly/* /root/run/mayfly/
for name in proc sys dev; do busybox mount -o move /$name /root/$name; done
exec busybox switch_root /root /run/mayfly/busybox sh /run/mayfly/start < /root/dev/null
`;
}

/** What udhcpc calls with what it was given. */
export const leaseScript = `#!/bin/busybox sh
[ "$1" = bound ] || exit 0
/bin/busybox ip addr add "$ip/\${mask:-24}" dev "$interface"
for gateway in \${router:-}; do /bin/busybox ip route add default via "$gateway"; break; done
for server in \${dns:-}; do echo "nameserver $server"; done > /root/etc/resolv.conf
`;

/** The script that runs what the image is for, as process 1. */
export function startScript({ env, cwd, init, command }: RunSpec): string {
  const steps = init.map((step, index) => `${quoteAll(step)} || end "init step ${index + 1}" $?\n`);
  return `busybox=/run/mayfly/busybox
end() {
  echo "mayfly: $1 ended with code $2"
  $busybox sync
  if [ "$2" = 0 ]; then $busybox poweroff -f; else $busybox reboot -f; fi
  $busybox sleep 60
}
${environmentText(env)}if [ -f /run/mayfly/env ]; then . /run/mayfly/env; fi
cd ${quote(cwd)}
${steps.join("")}${quoteAll(command)}
end "the command" $?
`;
}

/** Shell text that sets and exports variables. */
export function environmentText(env: Record<string, string>): string {
  return Object.entries(env)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join("");
}

/** A cpio archive to append to the initrd of one machine; see above. */
export function extraArchive(files: { env?: string; start?: string }): Buffer {
  const entries = Object.entries(files).map(([name, text]) => file(`mayfly/${name}`, Buffer.from(text), 0o600));
  return writeCpio([directory("mayfly"), ...entries]);
}

function quoteAll(words: string[]): string {
  return words.map(quote).join(" ");
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
