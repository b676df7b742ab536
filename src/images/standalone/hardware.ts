/** Which kernel modules an image needs to run by itself; each brings along what it depends on. */

const everywhere = ["erofs", "overlay"];

/**
 * Whatever a hypervisor may offer, with Debian's general kernel: the cloud kernel lacks AHCI, IDE beyond the PIIX, LSI's adapters and Intel's
 * network cards, which are what QEMU, VirtualBox and VMware give a machine unless told otherwise.
 */
export const anyHypervisorModules = [
  ...["ata_piix", "ata_generic", "ahci", "nvme", "virtio_pci", "virtio_blk", "virtio_scsi", "mptspi", "mptsas", "vmw_pvscsi"],
  ...["hv_vmbus", "hv_storvsc", "xen_blkfront", "sd_mod"],
  ...["virtio_net", "e1000", "e1000e", "pcnet32", "vmxnet3", "hv_netvsc", "xen_netfront", "gve", "ena"],
  ...["virtio_rng", "crc32c_generic", "ext4", ...everywhere],
];
