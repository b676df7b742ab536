/** Addresses as bytes, and the IPv4 addresses that some IPv6 addresses carry. */
import { isIP } from "node:net";

export interface Ip {
  address: string;
  family: 4 | 6;
  /** 4 bytes for IPv4, 16 for IPv6. */
  bytes: number[];
}

/** Returns undefined if the text is not an address, or has a zone: zones name links of the host itself. */
export function parseIp(address: string): Ip | undefined {
  const family = address.includes("%") ? 0 : isIP(address);
  if (family === 4) return { address, family, bytes: bytesOfV4(address) };
  if (family === 6) return { address, family, bytes: bytesOfV6(address) };
  return undefined;
}

/**
 * The IPv4 addresses inside an IPv6 address: mapped, compatible, NAT64, 6to4, and both of a Teredo address. Traffic to the IPv6 address may
 * end at any of them.
 */
export function embedded({ family, bytes }: Ip): Ip[] {
  if (family === 4) return [];
  if (starts(bytes, ZERO_80, 0xff, 0xff)) return [v4(bytes, 12)];
  if (starts(bytes, ZERO_80, 0, 0) && !isTiny(bytes)) return [v4(bytes, 12)];
  if (starts(bytes, [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])) return [v4(bytes, 12)];
  if (starts(bytes, [0x20, 0x02])) return [v4(bytes, 2)];
  if (starts(bytes, [0x20, 0x01, 0, 0]))
    return [
      v4(bytes, 4),
      v4(
        bytes.map((byte) => byte ^ 0xff),
        12,
      ),
    ];
  return [];
}

const ZERO_80 = Array.from({ length: 10 }, () => 0);

/** :: and ::1 */
function isTiny(bytes: number[]): boolean {
  return bytes.slice(12).join() === "0,0,0,0" || bytes.slice(12).join() === "0,0,0,1";
}

function starts(bytes: number[], prefix: number[], ...more: number[]): boolean {
  return [...prefix, ...more].every((byte, i) => bytes[i] === byte);
}

function v4(bytes: number[], at: number): Ip {
  const four = bytes.slice(at, at + 4);
  return { address: four.join("."), family: 4, bytes: four };
}

function bytesOfV4(address: string): number[] {
  return address.split(".").map(Number);
}

function bytesOfV6(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const before = bytesOfGroups(head);
  const after = tail === undefined ? [] : bytesOfGroups(tail);
  const zeros = Array.from({ length: 16 - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after];
}

function bytesOfGroups(groups: string): number[] {
  if (groups === "") return [];
  return groups.split(":").flatMap((group) => {
    if (group.includes(".")) return bytesOfV4(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
