/** An upload in parts, which may be made by several invocations. */
import { ask, pathOf, unquoted } from "./call.ts";
import { bytesOf } from "./content.ts";
import type { R2Object } from "./object.ts";
import { headersOf, type R2About } from "./options.ts";
import { escaped, within } from "./xml.ts";

export interface R2UploadedPart {
  partNumber: number;
  etag: string;
}

export class R2MultipartUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly #bucket: string;
  readonly #made: () => Promise<R2Object | null>;

  /** @param made the object, once it is there */
  constructor(bucket: string, key: string, uploadId: string, made: () => Promise<R2Object | null>) {
    this.#bucket = bucket;
    this.key = key;
    this.uploadId = uploadId;
    this.#made = made;
  }

  /** Every part but the last has 5 MiB or more. @param partNumber 1 to 10,000 */
  async uploadPart(partNumber: number, value: unknown): Promise<R2UploadedPart> {
    const path = this.#path({ partNumber: String(partNumber) });
    const { response } = await ask("PUT", path, {}, await bytesOf(value));
    return { partNumber, etag: unquoted(response.headers["etag"]) };
  }

  async abort(): Promise<void> {
    await ask("DELETE", this.#path());
  }

  async complete(uploadedParts: readonly R2UploadedPart[]): Promise<R2Object> {
    const parts = uploadedParts
      .toSorted((one, other) => one.partNumber - other.partNumber)
      .map(({ partNumber, etag }) => `<Part><PartNumber>${partNumber}</PartNumber><ETag>"${escaped(etag)}"</ETag></Part>`);
    const document = Buffer.from(`<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`);
    await ask("POST", this.#path(), {}, document);
    const object = await this.#made();
    if (object === null) throw new Error("The object was removed as soon as it was there");
    return object;
  }

  #path(more: Record<string, string> = {}): string {
    return pathOf(this.#bucket, this.key, `?${new URLSearchParams({ ...more, uploadId: this.uploadId }).toString()}`);
  }
}

/** Begins one, and returns its id. */
export async function startUpload(bucket: string, key: string, about: R2About): Promise<string> {
  const { text } = await ask("POST", pathOf(bucket, key, "?uploads"), headersOf(about));
  return within(text, "UploadId");
}
