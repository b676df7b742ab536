/** What the content of a copy is. It has the files of its source, unless what was not encrypted is to be. */
import type { Algorithm, Checksum } from "../checksums/checksum.ts";
import { Digests, type FinishedDigests } from "../checksums/digests.ts";
import type { KeyOf, ObjectKeys } from "../encryption/object-keys.ts";
import type { AskedEncryption, Segment } from "../object.ts";
import type { CopySource } from "../objects.ts";
import type { NewContent } from "../store/files.ts";
import type { TakenContent } from "./incoming.ts";
import { within } from "./outgoing.ts";

export interface Copied {
  content: NewContent;
  size: number;
  /** Hexadecimal digits. With a customer's key nobody asks for it. */
  md5: string;
  checksum: Checksum | undefined;
  /** Content that was encrypted stays so, by the server if nobody says otherwise. */
  encrypt: AskedEncryption | undefined;
}

interface Wanted {
  algorithm: Algorithm | undefined;
  encrypt: AskedEncryption | undefined;
}

interface Parts {
  keys: ObjectKeys;
  /** Of the source's content. */
  keyOf: KeyOf;
  /** Writes new content. */
  take: (source: AsyncIterable<Uint8Array>, wanted: Wanted) => Promise<TakenContent>;
}

/** Reads the source only if the copy's digests do not follow from what is known of it. */
export async function copied({ object, range }: CopySource, { algorithm, encrypt: asked }: Wanted, parts: Parts): Promise<Copied> {
  const { found } = object;
  const segments = range === undefined ? found.segments : within(found.segments, range);
  const size = segments.reduce((sum, segment) => sum + segment.size, 0);
  const was = found.about.encryption;
  const encrypt = asked ?? (was && { by: "server" });
  if (encrypt !== undefined && segments.some(({ key }) => key === undefined)) {
    const taken = await parts.take(object.content(range, "lent"), { algorithm, encrypt });
    return { content: taken.content, size, ...digested(taken.digests, algorithm), encrypt };
  }
  const content: NewContent = { segments: sealedFor(encrypt, segments, parts, was?.by === "customer"), isShared: true };
  const { checksum, parts: ofParts } = found.about;
  const isChecksumKnown = algorithm === undefined || isOfAll(checksum, algorithm);
  // The entity tag of an object that is encrypted with a customer's key is none of its content.
  const isTagKnown = encrypt?.by === "customer" || was?.by !== "customer";
  if (size === found.size && ofParts === undefined && isChecksumKnown && isTagKnown)
    return { content, size, md5: found.etag, checksum: algorithm && checksum, encrypt };
  const digests = new Digests(algorithm === undefined ? [] : [algorithm]);
  for await (const piece of object.content(range, "lent")) digests.update(piece);
  return { content, size, ...digested(digests.finish(), algorithm), encrypt };
}

/** @param isCustomers whose key seals those of the source */
function sealedFor(encrypt: AskedEncryption | undefined, segments: Segment[], { keys, keyOf }: Parts, isCustomers: boolean): Segment[] {
  if (encrypt === undefined || (encrypt.by === "server" && !isCustomers)) return segments;
  return keys.resealed(segments, keyOf, encrypt);
}

function digested(digests: FinishedDigests, algorithm: Algorithm | undefined): Pick<Copied, "md5" | "checksum"> {
  return { md5: digests.md5.toString("hex"), checksum: checksumIn(digests, algorithm) };
}

function isOfAll(checksum: Checksum | undefined, algorithm: Algorithm): boolean {
  return checksum?.algorithm === algorithm && checksum.type === "FULL_OBJECT";
}

export function checksumIn(digests: FinishedDigests, algorithm: Algorithm | undefined): Checksum | undefined {
  return algorithm && { algorithm, type: "FULL_OBJECT", value: digests.of(algorithm).toString("base64") };
}
