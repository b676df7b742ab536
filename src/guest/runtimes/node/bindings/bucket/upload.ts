/** An upload in parts, which may be made by several invocations. */
import { ask, pathOf, unquoted } from "./call.ts";
import { bytesOf } from "./content.ts";
import type { R2Object } from "./object.ts";
import { headersOf, keyHeadersOf, type R2About, type R2KeyOptions } from "./options.ts";
import { escaped, within } from "./xml.ts";

export interface R2UploadedPart {
  partNumber: number;
  etag: string;
}

interface UploadParts {
  /** Of the key that its parts are encrypted with, as far as it is known. */
  keyHeaders: Record<string, string>;
  /** The object, once it is there. */
  made: (keyHeaders: Record<string, string>) => Promise<R2Object | null>;
}

export class R2MultipartUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly #bucket: string;
  readonly #made: UploadParts["made"];
  #keyHeaders: Record<string, string>;

  constructor(bucket: string, key: string, uploadId: string, { keyHeaders, made }: UploadParts) {
    this.#bucket = bucket;
    this.key = key;
    this.uploadId = uploadId;
    this.#made = made;
    this.#keyHeaders = keyHeaders;
  }

  /** Every part but the last has 5 MiB or more. @param partNumber 1 to 10,000 */
  async uploadPart(partNumber: number, value: unknown, { ssecKey }: R2KeyOptions = {}): Promise<R2UploadedPart> {
    if (ssecKey !== undefined) this.#keyHeaders = keyHeadersOf(ssecKey);
    const path = this.#path({ partNumber: String(partNumber) });
    const { response } = await ask("PUT", path, this.#keyHeaders, await bytesOf(value));
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
    const object = await this.#made(this.#keyHeaders);
    if (object === null) throw new Error("The object was removed as soon as it was there");
    return object;
  }

  #path(more: Record<string, string> = {}): string {
    return pathOf(this.#bucket, this.key, `?${new URLSearchParams({ ...more, uploadId: this.uploadId }).toString()}`);
  }
}

/** Begins one, and returns its id. */
export async function startUpload(bucket: string, key: string, about: R2About, keyHeaders: Record<string, string>): Promise<string> {
  const { text } = await ask("POST", pathOf(bucket, key, "?uploads"), { ...headersOf(about), ...keyHeaders });
  return within(text, "UploadId");
}
