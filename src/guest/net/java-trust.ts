/** Java's store of authorities, of the format JKS, version 2, with one more: src/images/builder/java-key-store.ts writes it from the beginning. */

/** Java's password for what is not secret. */
const PASSWORD = "changeit";
const COUNT_AT = 8;
const DIGEST_BYTES = 20;
/** An entry that is a certificate. */
const TRUSTED = 2;

/** @param store all bytes of a store @param authority its certificate, as PEM */
export function withAuthority(store: Buffer, authority: string): Buffer {
  // Loaded at need, because few machines have Java beside the agent.
  const { createHash, X509Certificate } = process.getBuiltinModule("node:crypto");
  const entries = Buffer.concat([store.subarray(0, -DIGEST_BYTES), entryOf(new X509Certificate(authority).raw)]);
  entries.writeUInt32BE(entries.readUInt32BE(COUNT_AT) + 1, COUNT_AT);
  const digest = createHash("sha1").update(Buffer.from(PASSWORD, "utf16le").swap16()).update("Mighty Aphrodite").update(entries).digest();
  return Buffer.concat([entries, digest]);
}

/** The time of its making, which nothing reads, is 0. */
function entryOf(certificate: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(TRUSTED);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(certificate.length);
  return Buffer.concat([head, text("mayfly"), Buffer.alloc(8), text("X.509"), length, certificate]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
}
