import type { RunSpec } from "../image.ts";
import { quoted } from "./shell.ts";
import { toolsFolder } from "./start-script.ts";
import type { Surroundings } from "./surroundings.ts";

/** A line on the console's input that asks for an orderly end. */
export const stopWord = "mayfly-stop";

/** Seconds between SIGTERM and SIGKILL. */
const GRACE_SECONDS = 8;

/** The settings of the supervisor. The environment contains secrets, so only the guest's root may read the file. */
export function runConfig({ command, env, cwd, init }: RunSpec, { network, volumes, afterwards }: Surroundings): string {
  const exports = Object.entries(env).map(([name, value]) => `  export ${name}=${quoted(value)}\n`);
  return `network=${network}
afterwards=${afterwards}
volumes=${quoted(volumes.map(({ path }) => path).join("\n"))}
prepare() {
  :
${init.map((step) => `  ${words(step)} || return 1\n`).join("")}}
environment() {
  :
${exports.join("")}}
run() {
  cd ${quoted(cwd)} || exit 126
  exec ${words(command)}
}
`;
}

function words(command: string[]): string {
  return command.map(quoted).join(" ");
}

/**
 * Process 1 of an image that runs by itself: it sets up the network, runs the command, and ends in order. With `afterwards` "end", its last
 * line on the console says how the command ended, and the machine's reset then ends QEMU.
 */
export const supervisorScript = `#!/bin/busybox sh
set -u
tools=${toolsFolder}
bb() { "$tools/busybox" "$@"; }
. $tools/run
stopping= child=

fail() { echo "mayfly: failed: $1"; exit 125; }

exec < /dev/null > /dev/console 2>&1
bb stty -echo < /dev/console
bb hostname mayfly
bb ip link set lo up
device=
for entry in /sys/class/net/*; do
  case \${entry##*/} in lo) ;; *) [ -e $entry/device ] && device=\${device:-\${entry##*/}} ;; esac
done
if [ -n "$device" ]; then
  bb ip link set "$device" up
  if [ $network = static ]; then
    bb ip addr add 10.0.2.15/24 dev "$device"
  else
    bb udhcpc -i "$device" -b -S -t 5 -s $tools/dhcp > /dev/null 2>&1 || echo "mayfly: no address by DHCP"
  fi
fi

(environment; prepare) || fail "a step before the command"

trap 'stopping=1; [ -z "$child" ] || kill -TERM "$child"' TERM
(environment; run) &
child=$!
# Whoever holds the console may ask for the end: Mayfly, or a person at the serial port.
(trap - TERM; while read -r word; do
  if [ "$word" = ${stopWord} ]; then kill -TERM 1; bb sleep ${GRACE_SECONDS}; kill -KILL "$child"; fi
done) < /dev/console &
[ -z "$stopping" ] || kill -TERM "$child"

while :; do
  wait "$child"
  code=$?
  kill -0 "$child" 2>/dev/null || break
done

kill -TERM -1
bb usleep 100000
kill -KILL -1
bb sync
echo "$volumes" | while read -r path; do [ -z "$path" ] || bb umount "$path" || bb mount -o remount,ro "$path"; done
if [ -n "$stopping" ]; then echo "mayfly: stopped"; else echo "mayfly: the command ended with code $code"; fi
if [ $afterwards = end ]; then bb reboot -f; fi
if [ -n "$stopping" ]; then bb poweroff -f; fi
echo "mayfly: starting again in ten seconds"
bb sleep 10
bb reboot -f
`;

/** The script of udhcpc that applies what DHCP returned. */
export const dhcpScript = `#!${toolsFolder}/busybox sh
bb=${toolsFolder}/busybox
case "$1" in
  deconfig) $bb ip addr flush dev "$interface" ;;
  bound | renew)
    $bb ip addr flush dev "$interface"
    $bb ip addr add "$ip/\${mask:-24}" dev "$interface"
    for address in \${router:-}; do $bb ip route replace default via "$address" dev "$interface"; break; done
    for address in \${dns:-}; do echo "nameserver $address"; done > /etc/resolv.conf
    ;;
esac
`;
