/** Opens and seals the data keys of objects' contents, with the server's key or a customer's. */
import { MayflyError } from "../../../base/errors/error.ts";
import type { AskedEncryption, Bucket, Encryption, Segment } from "../object.ts";
import type { NewContent } from "../store/files.ts";
import type { Found } from "../store/versions.ts";
import { isKeyOf, newKeyCheck, openDataKey, sealDataKey } from "./data-keys.ts";

/** The key of a segment's content; undefined: it is not encrypted. Throws "secret-key-unusable" and "state-damaged". */
export type KeyOf = (segment: Segment) => Buffer | undefined;

export interface ObjectKeys {
  /** Throws "object-key-needed" and "object-key-wrong". @param customerKey which the reader has, if any */
  opener(found: Pick<Found, "key" | "about">, customerKey: Buffer | undefined): KeyOf;
  /** Returns what puts the sealed key beside new content. Throws "secret-key-unusable", before there is anything to seal. */
  sealer(encrypt: AskedEncryption): (content: NewContent, dataKey: Buffer) => NewContent;
  /** The segments with their keys sealed anew. All of them must be encrypted. */
  resealed(segments: readonly Segment[], keyOf: KeyOf, encrypt: AskedEncryption): Segment[];
}

/** @param serverKey throws "secret-key-unusable" */
export function createObjectKeys(serverKey: () => Buffer): ObjectKeys {
  const rootOf = (encrypt: AskedEncryption) => (encrypt.by === "customer" ? encrypt.key : serverKey());
  return {
    opener({ key, about: { encryption } }, customerKey) {
      if (encryption?.by !== "customer")
        return ({ file, key: sealed }) => {
          if (sealed === undefined) return undefined;
          const opened = openDataKey(serverKey(), file, sealed);
          if (opened !== null) return opened;
          throw new MayflyError("secret-key-unusable", { file: "secrets.key", what: `it does not open the key of the object ${key}` });
        };
      if (customerKey === undefined) throw new MayflyError("object-key-needed", { key });
      if (!isKeyOf(encryption, customerKey)) throw new MayflyError("object-key-wrong", { key });
      return ({ file, key: sealed }) => {
        const opened = sealed === undefined ? null : openDataKey(customerKey, file, sealed);
        if (opened !== null) return opened;
        throw new MayflyError("state-damaged", { file: "objects.db", what: `the sealed key of the object ${key} was changed` });
      };
    },
    sealer(encrypt) {
      const root = rootOf(encrypt);
      return ({ segments, ...content }, dataKey) => ({
        ...content,
        segments: segments.map((segment) => ({ ...segment, key: sealDataKey(root, segment.file, dataKey) })),
      });
    },
    resealed(segments, keyOf, encrypt) {
      const root = rootOf(encrypt);
      return segments.map((segment) => ({ ...segment, key: sealDataKey(root, segment.file, keyOf(segment)!) }));
    },
  };
}

/** How what is written into a bucket is encrypted. @param asked by whoever writes it */
export function encryptionIn({ settings }: Pick<Bucket, "settings">, asked: AskedEncryption | undefined): AskedEncryption | undefined {
  return asked ?? (settings.encryption?.algorithm === undefined ? undefined : { by: "server" });
}

/** What is kept of it with an object. */
export function keptOf(encrypt: AskedEncryption | undefined): Encryption | undefined {
  return encrypt?.by === "customer" ? { by: "customer", ...newKeyCheck(encrypt.key) } : encrypt;
}
