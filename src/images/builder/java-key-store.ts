/**
 * Writes a Java key store of certificate authorities in the format JKS (version 2), which every Java reads. Debian's ca-certificates-java
 * makes the same when it is installed. The same certificates give the same bytes. Format: sun.security.provider.JavaKeyStore of OpenJDK.
 * All integers are big-endian; texts are preceded by their length in two bytes.
 */
import { createHash, X509Certificate } from "node:crypto";

/** Java's default password; the key store contains nothing secret. */
const password = "changeit";

const trusted = 2;

/** @param certificates PEM texts; a certificate's alias is its name */
export function javaKeyStore(certificates: { name: string; pem: string }[]): Buffer {
  const entries = certificates.map(({ name, pem }) => entry(name, new X509Certificate(pem).raw));
  const store = Buffer.concat([uint32(0xfeedfeed), uint32(2), uint32(entries.length), ...entries]);
  const digest = createHash("sha1").update(Buffer.from(password, "utf16le").swap16()).update("Mighty Aphrodite").update(store).digest();
  return Buffer.concat([store, digest]);
}

/** The creation time, which nothing reads, is 0. */
function entry(name: string, certificate: Buffer): Buffer {
  return Buffer.concat([
    uint32(trusted),
    text(name.toLowerCase()),
    Buffer.alloc(8),
    text("X.509"),
    uint32(certificate.length),
    certificate,
  ]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
