/**
 * An OVA: a tar with the description of the machine (OVF 1.0, DMTF DSP0243) first, its manifest of digests, then its
 * disk as a stream-optimised VMDK. Read by VMware, VirtualBox and others.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { writeArchive } from "./archive.ts";

/** Bytes: the size of a file from which on a header of ustar has no room for it. */
const USTAR_LIMIT = 8 * 2 ** 30;

export interface OvaOptions {
  /** The machine's name, from which the names of the files in the archive are made. */
  name: string;
  /** A stream-optimised VMDK, which is moved into `scratch`. */
  vmdk: string;
  /** Bytes that the guest sees. */
  diskBytes: number;
  memoryMb: number;
  vcpus: number;
  /** A folder to work in. */
  scratch: string;
}

export async function writeOva(path: string, options: OvaOptions): Promise<void> {
  const { name, scratch } = options;
  const [ovfName, manifestName, vmdkName] = [`${name}.ovf`, `${name}.mf`, `${name}-disk1.vmdk`];
  const vmdk = join(scratch, vmdkName);
  await rename(options.vmdk, vmdk);
  const { size } = await stat(vmdk);
  const ovf = ovfText(options, vmdkName, size);
  await writeFile(join(scratch, ovfName), ovf);
  const digests = { [ovfName]: createHash("sha256").update(ovf).digest("hex"), [vmdkName]: await digestOf(vmdk) };
  const manifest = Object.entries(digests).map(([file, digest]) => `SHA256(${file})= ${digest}\n`);
  await writeFile(join(scratch, manifestName), manifest.join(""));
  const format = size < USTAR_LIMIT ? "ustar" : "gnu";
  await writeArchive(path, { folder: scratch, names: [ovfName, manifestName, vmdkName], format });
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

/** Resource types: 3 processors, 4 memory, 5 IDE controller, 10 network card, 17 disk (CIM_ResourceAllocationSettingData). */
function ovfText({ name, diskBytes, memoryMb, vcpus }: OvaOptions, vmdkName: string, vmdkBytes: number): string {
  const uri = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2";
  const format = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized";
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="${uri}/CIM_ResourceAllocationSettingData" xmlns:vssd="${uri}/CIM_VirtualSystemSettingData">
  <References>
    <File ovf:href="${vmdkName}" ovf:id="file1" ovf:size="${vmdkBytes}"/>
  </References>
  <DiskSection>
    <Info>The machine's disk</Info>
    <Disk ovf:capacity="${diskBytes}" ovf:diskId="disk1" ovf:fileRef="file1" ovf:format="${format}"/>
  </DiskSection>
  <NetworkSection>
    <Info>The machine's network</Info>
    <Network ovf:name="network">
      <Description>Gives addresses by DHCP</Description>
    </Network>
  </NetworkSection>
  <VirtualSystem ovf:id="${name}">
    <Info>An appliance made by Mayfly</Info>
    <Name>${name}</Name>
    <OperatingSystemSection ovf:id="96">
      <Info>Debian GNU/Linux, 64 bit</Info>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>What the machine needs</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>${name}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>vmx-10</vssd:VirtualSystemType>
      </System>
${items(memoryMb, vcpus)}
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
`;
}

/** The fields of an item are in alphabetical order, as its schema demands. */
function items(memoryMb: number, vcpus: number): string {
  const all = [
    { ElementName: `${vcpus} processors`, InstanceID: 1, ResourceType: 3, VirtualQuantity: vcpus },
    { AllocationUnits: "byte * 2^20", ElementName: `${memoryMb} MB of memory`, InstanceID: 2, ResourceType: 4, VirtualQuantity: memoryMb },
    { Address: 0, ElementName: "IDE controller", InstanceID: 3, ResourceSubType: "PIIX4", ResourceType: 5 },
    { AddressOnParent: 0, ElementName: "disk", HostResource: "ovf:/disk/disk1", InstanceID: 4, Parent: 3, ResourceType: 17 },
    {
      AddressOnParent: 1,
      AutomaticAllocation: "true",
      Connection: "network",
      ElementName: "network card",
      InstanceID: 5,
      ResourceSubType: "E1000",
      ResourceType: 10,
    },
  ];
  return all.map(item).join("\n");
}

function item(fields: Record<string, string | number>): string {
  const lines = Object.entries(fields).map(([name, value]) => `        <rasd:${name}>${value}</rasd:${name}>`);
  return `      <Item>\n${lines.join("\n")}\n      </Item>`;
}
