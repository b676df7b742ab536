/** Unpacks the archives in which other tools' packages are. */
import { chmodSync, createWriteStream, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { readZip, UnreadableZip } from "../../store/lambda/read-zip.ts";
import { BadToolFile } from "../document/bad-tool-file.ts";

/** AWS Lambda unpacks at most 250 MB. */
const MOST = { files: 10_000, bytes: 268_435_456 };
/** In bytes, of an archive itself. */
const MOST_PACKED = 268_435_456;

/** @param archive its path @param folder is made @param at its place in the tool's file. Rejects with BadToolFile */
export async function unpack(archive: string, folder: string, at: string): Promise<void> {
  const { size } = statSync(archive);
  if (size > MOST_PACKED) throw new BadToolFile(at, `${archive} has ${size} bytes, and at most ${MOST_PACKED} are read`);
  try {
    for (const entry of await readZip(readFileSync(archive), MOST)) {
      const place = join(folder, entry.path);
      mkdirSync(dirname(place), { recursive: true });
      await pipeline(Readable.from(entry.read()), createWriteStream(place, { flags: "wx" }));
      if (entry.executable) chmodSync(place, 0o755);
    }
  } catch (error) {
    if (error instanceof UnreadableZip) throw new BadToolFile(at, `${archive} is no archive that can be unpacked: ${error.message}`);
    // One entry is a file where another has a folder.
    if (["EEXIST", "ENOTDIR", "EISDIR"].includes((error as NodeJS.ErrnoException).code ?? ""))
      throw new BadToolFile(at, `${archive} has a file and a folder of one name`);
    throw error;
  }
}
