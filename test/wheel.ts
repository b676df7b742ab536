/** Makes wheels for tests: zip files with a fixed layout (packaging.python.org, "Binary distribution format"), here without compression. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

export interface WheelOptions {
  /** For which Pythons and systems: "py3-none-any" without it. */
  tag?: string;
  /** Names of packages that pip installs with it. */
  requires?: string[];
}

/**
 * Writes `<name>-<version>-<tag>.whl` into the folder.
 *
 * @param files what is installed, by its paths
 */
export function makeWheel(
  folder: string,
  name: string,
  version: string,
  files: Record<string, string | Uint8Array>,
  { tag = "py3-none-any", requires = [] }: WheelOptions = {},
): void {
  const info = `${name}-${version}.dist-info`;
  const needs = requires.map((each) => `Requires-Dist: ${each}\n`).join("");
  const about = {
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n${needs}`,
    [`${info}/WHEEL`]: `Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: ${tag.endsWith("-any")}\nTag: ${tag}\n`,
  };
  const all = { ...files, ...about };
  const record = [...Object.keys(all), `${info}/RECORD`].map((path) => `${path},,\n`).join("");
  writeFileSync(join(folder, `${name}-${version}-${tag}.whl`), zipOf({ ...all, [`${info}/RECORD`]: record }));
}

/** The stored form of a zip file: local headers and contents, the central directory, its end (PKWARE's APPNOTE, 4.3). */
function zipOf(files: Record<string, string | Uint8Array>): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [path, bytes] of Object.entries(files)) {
    const [name, content] = [Buffer.from(path), Buffer.from(bytes as Uint8Array)];
    // Version 2.0, no flags, stored, 1 January 1980; then the checksum, both sizes, the name's length, no extra field.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, name, content]);
    // No comment, first disk, no attributes; then where the local header is.
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    central.push(Buffer.from("PK\x01\x02\x14\0", "latin1"), common, rest, name);
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(locals.length, 8);
  end.writeUInt16LE(locals.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}
