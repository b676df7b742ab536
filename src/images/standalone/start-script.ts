import type { Disk, Surroundings } from "./surroundings.ts";
import { quoted } from "./shell.ts";
import { scriptHead } from "../script-head.ts";

/** The folder in the new root for Mayfly's programs that keep running beside the command: a memory file system. */
export const toolsFolder = "/run/mayfly";

/** The settings that the start script reads. They are a cpio of their own, because they differ between starts. */
export function startConfig({ root, volumes, afterwards }: Surroundings): string {
  const lines = volumes.map(({ disk, path, fs }) => `mount_volume ${place(disk)} ${quoted(path)} ${fs}`);
  const panic = afterwards === "end" ? -1 : 10;
  return `root=${quoted(place(root))}\npanic=${panic}\nmount_volumes() {\n  :\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
}

function place(disk: Disk): string {
  return "partition" in disk ? `partition:${disk.partition}` : `serial:${disk.serial}`;
}

/**
 * The first program of an image that runs by itself, in the initrd. It finds the disks by name, lays a writable file system in memory over
 * the read-only root, mounts volumes, and becomes the supervisor. If a step fails, process 1 ends, and with it the kernel.
 */
export function startScript(modules: string[]): string {
  return `${scriptHead}. /mayfly/start
echo $panic > /proc/sys/kernel/panic

# Drivers of hardware that is not there refuse to load; what is needed and missing shows below.
for module in ${modules.join(" ")}; do
  busybox insmod /modules/$module 2>/dev/null || true
done

# Sets device: the disk of that name, once it has appeared.
locate() {
  step="find the disk $1"
  tries=0
  while [ $tries -lt 600 ]; do
    for entry in /sys/class/block/*; do
      case "$1" in
        serial:*) found=
          # read fails for want of a newline at the end, and has read all the same.
          [ ! -e $entry/serial ] || read -r found < $entry/serial || true
          if [ "$found" = "\${1#*:}" ]; then device=/dev/\${entry##*/}; return; fi ;;
        partition:*) while read -r line; do
            if [ "$line" = "PARTNAME=\${1#*:}" ]; then device=/dev/\${entry##*/}; return; fi
          done < $entry/uevent ;;
      esac
    done
    busybox usleep 50000
    tries=$((tries + 1))
  done
  false
}

mount_volume() {
  locate "$1"
  step="mount $1 on $2"
  busybox mkdir -p "/root$2"
  if [ $3 = ext4 ]; then options=rw,nodev,nosuid; else options=ro,nodev,nosuid; fi
  busybox mount -t $3 -o $options $device "/root$2"
}

locate "$root"
step="mount the root from $device"
busybox mount -t erofs -o ro,nodev,nosuid $device /lower
busybox mount -t tmpfs -o mode=755 tmpfs /layer
busybox mkdir /layer/upper /layer/work
busybox mount -t overlay -o lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work overlay /root
busybox mkdir -p /root/proc /root/sys /root/dev /root/run /root/tmp
mount_volumes
step="move /proc, /sys, /dev"
busybox mount -o move /proc /root/proc
busybox mount -o move /sys /root/sys
busybox mount -o move /dev /root/dev
busybox mkdir -p /root/dev/shm /root/dev/pts
busybox mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /root/dev/shm
busybox mount -t devpts -o nosuid,noexec devpts /root/dev/pts
busybox mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /root/tmp
busybox mount -t tmpfs -o nosuid,nodev,mode=755 tmpfs /root/run

step="start the supervisor"
busybox mkdir -m 700 /root${toolsFolder}
busybox cp /bin/busybox /mayfly/supervise /mayfly/run /mayfly/dhcp /root${toolsFolder}/
cd /root
exec busybox switch_root /root ${toolsFolder}/busybox sh ${toolsFolder}/supervise < /root/dev/null
`;
}
