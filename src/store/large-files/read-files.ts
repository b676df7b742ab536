/** Reads the contents of files back, from either form, in the order of their list. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { FilesForm } from "../../base/kind/files-form.ts";
import type { FileEntry } from "../../wire/protocol.ts";
import { layoutOf } from "./write-files.ts";

const PIECE_BYTES = 262_144;

/** Each piece is valid until the next is asked for. Throws if a file is missing or too short. */
export async function* contentsOf(form: FilesForm, place: string, entries: FileEntry[]): AsyncGenerator<Uint8Array, void> {
  const pieces = pieceReader();
  if (form === "folder") {
    for (const [path, bytes] of entries) yield* pieces(join(place, path), [{ at: 0, bytes }]);
    return;
  }
  const { places } = layoutOf(entries);
  yield* pieces(
    place,
    entries.map(([, bytes], at) => ({ at: places[at]!, bytes })),
  );
}

function pieceReader() {
  const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  return async function* (path: string, parts: { at: number; bytes: number }[]): AsyncGenerator<Uint8Array, void> {
    await using file = await open(path);
    for (const { at, bytes } of parts) {
      for (let done = 0; done < bytes;) {
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, bytes - done), at + done);
        if (bytesRead === 0) throw new Error(`${path} is cut short`);
        yield buffer.subarray(0, bytesRead);
        done += bytesRead;
      }
    }
  };
}
