import { MayflyError } from "../../base/errors/error.ts";
import { Shares } from "../../clients/shares.ts";
import { MOST_BYTES } from "../../store/large-files/large-files.ts";
import { Limit } from "../../wire/protocol.ts";

/** The most bytes of one upload that are in memory: of the code, and room for the manifest, names and the form's own lines. */
export const UPLOAD_BYTES = Limit.code + 2_097_152;
/** The most bytes of one upload, with large files, which are written to the disk as they arrive. */
export const BODY_BYTES = UPLOAD_BYTES + MOST_BYTES;
/** The most bytes of all uploads in progress together. Four of the largest fit, of which three may be of one tenant. */
export const ALL_UPLOADS_BYTES = 4 * UPLOAD_BYTES;

/**
 * Bounds how many bytes of uploads are in memory, first come, first served, but no tenant gets all: whoever begins uploads and sends nothing would keep all
 * others from deploying. An upload's share is its declared length from the start, or the most that one may
 * have in memory, so that an upload which has begun is not refused because of a later one.
 */
export class UploadBudget {
  readonly #shares: Shares;

  /** @param bytes of all uploads together */
  constructor(bytes: number) {
    this.#shares = new Shares(bytes);
  }

  get left(): number {
    return this.#shares.left;
  }

  /** Throws "too-many-uploads". @param holder whose share it takes @param declared the bytes that the caller says will come; 0 if it does not say */
  begin(holder: string, declared: number): Upload {
    let taken = 0;
    let arrived = 0;
    let all = 0;
    const take = (bytes: number) => {
      if (!this.#shares.take(holder, bytes)) throw new MayflyError("too-many-uploads");
      taken += bytes;
    };
    take(Math.min(declared, UPLOAD_BYTES));
    return {
      add(bytes) {
        all += bytes;
        arrived += bytes;
        if (arrived > UPLOAD_BYTES || all > BODY_BYTES) throw codeTooLarge();
        if (arrived > taken) take(arrived - taken);
      },
      written: (bytes) => void (arrived -= bytes),
      end: () => {
        this.#shares.give(holder, taken);
        taken = 0;
      },
    };
  }
}

export interface Upload {
  /** Called with the number of bytes that arrived, before they are kept. Throws "code-too-large" and "too-many-uploads". */
  add(bytes: number): void;
  /** Called with the number of bytes of these that are not in memory any more. */
  written(bytes: number): void;
  /** Gives the upload's share back. Called once nothing of the upload is in memory any more, however it ended. */
  end(): void;
}

export function codeTooLarge(): MayflyError {
  const what = `${Limit.code}, or ${MOST_BYTES} of files`;
  return new MayflyError("code-too-large", { bytes: `more than ${Limit.code}`, limit: what });
}
