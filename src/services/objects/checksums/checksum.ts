/** Checksums of content, as AWS's clients send and ask for them. */
export const ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** FULL_OBJECT: of all bytes. COMPOSITE: of the checksums of the parts, followed by their number. */
export type ChecksumType = "FULL_OBJECT" | "COMPOSITE";

export interface Checksum {
  algorithm: Algorithm;
  type: ChecksumType;
  /** Base64; of a composite one, followed by a hyphen and the number of parts. */
  value: string;
}

/** Bytes of a checksum. */
export const checksumBytes: Readonly<Record<Algorithm, number>> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 };
