import assert from "node:assert/strict";
import { test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { bindMessage } from "../../fleet/bind-message.ts";
import { filesBundle, LIST_AT, MOST_FILES, MOST_FOLDERS, readFileList } from "./app-files.ts";
import { CatalogInFolder, codeOf } from "./testing/open-catalog.ts";

const file = (path: string, text = "x") => ({ path, content: Buffer.from(text), executable: false });

test("a bundle of files says what is in it, in an order that does not depend on the order of adding", () => {
  const files = [file("views/b", "22"), { ...file("a"), executable: true }, file("empty", "")];
  const bundle = filesBundle(files);
  assert.deepEqual(readFileList(bundle.code), [
    ["a", 1, true],
    ["empty", 0, false],
    ["views/b", 2, false],
  ]);
  assert.deepEqual(filesBundle(files.toReversed()), bundle);
});

test("what is no bundle of files, or not one that a machine can write, is refused with the reason", () => {
  const made = (list: unknown, contents = "") => {
    const json = Buffer.from(typeof list === "string" ? list : JSON.stringify(list));
    const length = Buffer.alloc(LIST_AT);
    length.writeUInt32LE(json.length);
    return Buffer.concat([length, json, Buffer.from(contents)]);
  };
  const inFolders = (folders: number) => `${Array.from({ length: folders }, () => "a").join("/")}/file`;
  // Each of nine paths is of 1,201 folders, of which no other has any.
  const deep = Array.from({ length: 9 }, (_, at) => [`${at}/${inFolders(1_200)}`, 0, false]);
  const many = Array.from({ length: MOST_FILES + 1 }, (_, at) => [String(at).padStart(6, "0"), 0, false]);
  for (const [code, expected] of [
    [Buffer.from("ab"), /its list is cut off/],
    [Buffer.from([255, 255, 0, 0]), /its list is cut off/],
    [made("["), /its list is not JSON/],
    [made("{"), /not an array of/],
    [made({}), /not an array of/],
    [made([["a", -1, false]]), /not an array of/],
    [made([["a", 1]], "x"), /not an array of/],
    ...["../a", "/a", "a//b", "a/./b", "", "a/", "a\0b", "a".repeat(256), "a/".repeat(2_000) + "b"].map(
      (path) => [made([[path, 0, false]]), /is no path below the app's folder/] as const,
    ),
    [
      made([
        ["b", 0, false],
        ["a", 0, false],
      ]),
      /a does not come after b/,
    ],
    [
      made([
        ["a", 0, false],
        ["a", 0, false],
      ]),
      /a does not come after a/,
    ],
    [
      made([
        ["a", 0, false],
        ["a/b", 0, false],
      ]),
      /a is both a file and a folder/,
    ],
    [made([["a", 2, false]], "x"), /its files have 1 bytes, and its list says 2/],
    [made(many), /10001 files; 10000 are possible/],
    [made(deep), new RegExp(`in more than ${MOST_FOLDERS} folders`)],
  ] as const) {
    assert.throws(() => readFileList(code), { code: "bad-request", message: expected });
  }
  assert.equal(readFileList(made(deep.slice(1))).length, 8);
});

test("a revision's files are kept with its code, and come before it as a machine gets them", async (t) => {
  const folder = new CatalogInFolder();
  afterwards(t, () => folder.close());
  const files = filesBundle([file("a.txt", "hello"), file("big.bin", "0123456789".repeat(300_000))]);
  const revision = await folder.deploy("shop", [...codeOf("code"), files]);
  const stored = folder.catalog.code(revision.id);
  const list = Buffer.from(files.code).readUInt32LE(0);
  assert.deepEqual(stored.functions, [{ function: "main", format: "cjs", bytes: 4 }]);
  assert.deepEqual(stored.files, { list, bytes: files.code.length - LIST_AT - list });
  assert.deepEqual(bindMessage(revision, stored, {}, { now: 0 }).files, { type: "frames", ...stored.files });
  const pieces: Uint8Array[] = [];
  for await (const part of stored.parts()) pieces.push(part);
  assert.ok(Buffer.concat(pieces).equals(Buffer.concat([files.code.subarray(LIST_AT), Buffer.from("code")])));
  assert.equal((await folder.deploy("shop", [files, ...codeOf("code")])).id, revision.id);
  assert.notEqual((await folder.deploy("shop", [...codeOf("code"), filesBundle([file("a.txt", "other")])])).id, revision.id);
});
