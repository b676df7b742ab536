/** How a started image finds its disks and its network, and how it ends. */
export interface Surroundings {
  root: Disk;
  volumes: Volume[];
  /** static: QEMU's user network with its fixed addresses. dhcp: any network. */
  network: "static" | "dhcp";
  /**
   * What the kernel does after the command has ended by itself: `end` ends QEMU, which notifies its owner; `reboot` starts again after ten
   * seconds.
   */
  afterwards: "end" | "reboot";
}

/** A GPT partition by its name, or a virtio disk by its serial number. */
export type Disk = { partition: string } | { serial: string };

export interface Volume {
  disk: Disk;
  /** An absolute path in the image; created if it is missing. */
  path: string;
  fs: "ext4" | "erofs";
}
