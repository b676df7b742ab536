/** The kernel modules that an exported disk needs; their dependencies are added. */

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
 * All devices that a hypervisor may offer, for Debian's general kernel. The cloud kernel lacks AHCI, IDE beyond the PIIX, LSI's adapters
 * and Intel's network cards, which are the defaults of QEMU, VirtualBox and VMware.
 */
export const anyHypervisorModules = [...others, ...disks, ...networks, ...xen];
