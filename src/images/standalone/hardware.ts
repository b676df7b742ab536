/** Which kernel modules an exported disk needs; each brings along what it depends on. */

const disks = [
  "ata_piix",
  "ata_generic",
  "ahci",
  "nvme",
  "virtio_blk",
  "virtio_scsi",
  "mptspi",
  "mptsas",
  "vmw_pvscsi",
  "hv_storvsc",
  "sd_mod",
];
const networks = ["virtio_net", "e1000", "e1000e", "pcnet32", "vmxnet3", "hv_netvsc", "gve", "ena"];
const xen = ["xen_blkfront", "xen_netfront"];
const others = ["virtio_pci", "hv_vmbus", "virtio_rng", "crc32c_generic", "ext4", "erofs", "overlay"];

/**
 * Whatever a hypervisor may offer, with Debian's general kernel: the cloud kernel lacks AHCI, IDE beyond the PIIX, LSI's adapters and Intel's
 * network cards, which are what QEMU, VirtualBox and VMware give a machine unless told otherwise.
 */
export const anyHypervisorModules = [...others, ...disks, ...networks, ...xen];
