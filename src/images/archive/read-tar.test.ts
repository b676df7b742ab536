/** What reading an archive costs; the formats of packages are tested in debian/unpack-deb.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readTar } from "./read-tar.ts";
import { type TarPart, tarWith } from "./testing/make-tar.ts";

/** Repeats the parts endlessly. */
async function* endless(parts: TarPart[]): AsyncGenerator<Uint8Array> {
  const tar = tarWith(parts);
  for (;;) yield tar.subarray(0, tar.length - 1_024);
}

const again: [string, TarPart][] = [
  ["a folder that is named again", { name: "a/", type: "5" }],
  ["a long name behind another", { name: "././@LongLink", type: "L", content: "a" }],
  ["a long target behind another", { name: "././@LongLink", type: "K", content: "a" }],
];

for (const [what, part] of again) {
  test(`an endless archive of headers is refused: ${what}`, { timeout: 60_000 }, async () => {
    await assert.rejects(async () => {
      for await (const entry of readTar(endless(Array.from({ length: 500 }, () => part)), 2_000)) assert.equal(entry.path, "a");
    }, /over 2000 headers/);
  });
}
