import { type AgentName, usualRuntime } from "../base/kind/machine-kind.ts";
import { type IsolatedStart, isolatedStart, taskRootPath } from "./guest-layout.ts";
import { scriptHead } from "./script-head.ts";

/**
 * A clone begins without translated code. If V8 dropped functions' bytecode before the freeze, every clone would parse and compile them
 * again, using code that must itself be translated first.
 */
export const cloneFlags = ["--no-flush-bytecode"];

/** The output of V8's two middle compilers is more code to translate, which makes an emulated machine slower. */
export const emulatedFlags = ["--no-maglev", "--no-sparkplug"];

/**
 * The first program of a VM, in the initrd: it brings a bare kernel to the point at which process 1 becomes the program that starts the agent (src/guest/redirect). If a
 * step fails, process 1 ends, the kernel panics and QEMU exits; the console shows the last step.
 *
 * Kernel command line: `mayfly.channel=` (required) is passed on as MAYFLY_CHANNEL. `mayfly.heap=` and `mayfly.semi=` are the sizes of V8's
 * old space and semi-space in MB; for Java, the first is that of its heap. `mayfly.emulated` means that the processor is emulated by QEMU.
 */
export function initScript(modules: string[], runtime: AgentName = usualRuntime): string {
  const { command, environment } = start(runtime);
  return `${scriptHead}
step="settle the kernel's memory, close /sys"
# A function that leaks must end in "out of memory", and not in minutes of reading Node's own pages again and again: the
# kernel gives up once it cannot keep what was used in the last 30 milliseconds. With a second, 4 of 7 first boots of 128 MB
# ended while Node's program was read, although 38 MB could be had: the pages of a burst are all young. With a tenth of a
# second, machines that got a third of a core ended before V8 had filled its heap.
echo y > /sys/kernel/mm/lru_gen/enabled
echo 30 > /sys/kernel/mm/lru_gen/min_ttl_ms
busybox mount -t sysfs -o remount,nosuid,nodev,noexec,ro sysfs /sys

step="read the kernel command line"
channel= heap= semi= emulated=
for word in $(busybox cat /proc/cmdline); do
  case "$word" in
    mayfly.channel=*) channel=\${word#*=} ;;
    mayfly.heap=*) heap=${heapFlag(runtime)} ;;
    mayfly.semi=*) semi=--max-semi-space-size=\${word#*=} ;;
    mayfly.emulated) emulated="${emulatedFlags.join(" ")}" ;;
  esac
done
[ -n "$channel" ]

for module in ${modules.join(" ")}; do
  step="load $module"
  busybox insmod /modules/$module
done

step="bring up the network"
busybox ip link set lo up
# One neighbour and no more: no IPv6 chatter, no default route, so that anything else fails at once.
echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6
busybox ip addr add 10.0.2.15/24 dev eth0
busybox ip link set eth0 up
# Known for good, so that no clone looks for them first: the channel's end and QEMU's own, which has the address of both.
for neighbour in 10.0.2.100 10.0.2.2; do busybox arp -s $neighbour 52:55:0a:00:02:02; done
busybox hostname mayfly

step="mount the root from /dev/vda"
busybox mount -t erofs -o ro,nodev,nosuid /dev/vda /root
busybox mount -o move /proc /root/proc
busybox mount -o move /sys /root/sys
busybox mount -o move /dev /root/dev
busybox mkdir /root/dev/shm
busybox mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /root/dev/shm
busybox mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /root/tmp
busybox mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /root/run
busybox mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /root${taskRootPath}

step="settle the kernel"
cd /root/proc/sys
# Out of memory ends the machine at once, with a message, and not some part of it.
echo 2 > vm/panic_on_oom
# No other kernel is to be started. Of modules the kernel takes its own package's alone, by their signatures, because it is locked down (linux.ts); those of
# NFS are loaded by machines that mount something (src/guest/mounts), which then forbid further ones.
echo 1 > kernel/kexec_load_disabled
echo 0 > kernel/sysrq
echo 2 > kernel/kptr_restrict
echo 1 > kernel/dmesg_restrict
cd /

step="start ${runtime}"
exec busybox env -i MAYFLY_CHANNEL="$channel" ${variables(environment)} \\
  busybox switch_root /root ${command.join(" ")} < /root/dev/null
`;
}

/** In the words of the shell, with the size that stands behind the equals sign. */
function heapFlag(runtime: AgentName): string {
  const size = "${word#*=}";
  return runtime === "java" ? `-Xmx${size}m` : `--max-old-space-size=${size}`;
}

function start(runtime: AgentName): IsolatedStart {
  const sized: Record<AgentName, string[]> = {
    node: [...cloneFlags, "$emulated", "$heap", "$semi"],
    python: [],
    // The working directory as Java is to see it from the beginning.
    java: [`-Duser.dir=${taskRootPath}`, "$heap"],
  };
  return isolatedStart(runtime, sized[runtime], 0);
}

function variables(environment: Record<string, string>): string {
  return Object.entries(environment)
    .map(([name, value]) => `${name}="${value}"`)
    .join(" ");
}
