/** How a started image finds its disks, its network and its end. */
export interface Surroundings {
  root: Disk;
  volumes: Volume[];
  /** static: QEMU's user network, with its fixed addresses. dhcp: whatever network there is. */
  network: "static" | "dhcp";
  /** What the kernel does when the command ended by itself: `end` ends QEMU, which tells its owner; `reboot` starts again after ten seconds. */
  afterwards: "end" | "reboot";
}

/** A GPT partition by its name, or a virtio disk by its serial number. */
export type Disk = { partition: string } | { serial: string };

export interface Volume {
  disk: Disk;
  /** Absolute, in the image; made where it is missing. */
  path: string;
  fs: "ext4" | "erofs";
}
