import assert from "node:assert/strict";
import { test } from "node:test";
import { zip } from "../../../test/lambda/zip.ts";
import { readZip, UnreadableZip, type ZipEntry } from "./read-zip.ts";

const limits = { files: 10, bytes: 10_000 };

test("files are given in the order of their paths, with their contents, and programs are executable", async () => {
  const entries = await readZip(
    zip([
      { name: "z.js", content: "z" },
      { name: "folder/", content: "", mode: 0o040755 },
      { name: "folder/run", content: "run", mode: 0o100755 },
      { name: "a.js", content: "a".repeat(5_000), deflated: true },
      { name: "ü.txt", content: "" },
    ]),
    limits,
  );
  assert.deepEqual(
    entries.map(({ path, bytes, executable }) => [path, bytes, executable]),
    [
      ["a.js", 5_000, false],
      ["folder/run", 3, true],
      ["z.js", 1, false],
      ["ü.txt", 0, false],
    ],
  );
  assert.equal(await textOf(entries[0]!), "a".repeat(5_000));
  assert.equal(await textOf(entries[3]!), "");
});

test("the later of two files of one path counts", async () => {
  const [entry] = await readZip(
    zip([
      { name: "a", content: "first" },
      { name: "a", content: "second" },
    ]),
    limits,
  );
  assert.equal(await textOf(entry!), "second");
});

test("what is no zip file is refused", async () => {
  for (const bytes of ["", "this is not a zipfile, just a random string", "PK\u0005\u0006"]) await refused(Buffer.from(bytes), "damaged");
  const whole = zip([{ name: "a", content: "a" }]);
  await refused(whole.subarray(0, -10), "damaged");
});

test("names that lead out of the folder, links and devices are refused", async () => {
  for (const name of ["../a", "a/../../b", "/etc/passwd", "C:/a", "a\\..\\b", "a//b", "./a", "a/./b", "a\0b"])
    await refused(zip([{ name, content: "x" }]), "unsafe", name);
  for (const mode of [0o120777, 0o020666, 0o060666, 0o010644])
    await refused(zip([{ name: "link", content: "/etc/passwd", mode }]), "unsafe");
});

test("more files or bytes than may be unpacked are refused before anything is", async () => {
  await refused(zip([{ name: "a", content: Buffer.alloc(10_001), deflated: true }]), "too-large");
  await refused(zip(Array.from({ length: 11 }, (_each, at) => ({ name: String(at), content: "" }))), "too-large");
  await refused(zip(Array.from({ length: 30 }, (_each, at) => ({ name: `${at}/`, content: "" }))), "too-large");
});

test("a file that is longer or shorter than the directory says ends with an error, and gives no more than that", async () => {
  for (const saidBytes of [10, 9_000]) {
    const [entry] = await readZip(zip([{ name: "bomb", content: Buffer.alloc(5_000), deflated: true, saidBytes }]), limits);
    let bytes = 0;
    await assert.rejects(async () => {
      for await (const chunk of entry!.read()) bytes += chunk.length;
    }, UnreadableZip);
    assert.ok(bytes <= saidBytes, `${bytes}`);
  }
});

test("a file whose bytes are others than were packed ends with an error", async () => {
  const packed = zip([{ name: "a", content: "what was packed" }]);
  packed.write("W", packed.indexOf("what was packed"));
  const [entry] = await readZip(packed, limits);
  await assert.rejects(textOf(entry!), /^UnreadableZip: a is damaged: its bytes have another checksum$/);
});

async function refused(bytes: Buffer, reason: UnreadableZip["reason"], name = ""): Promise<void> {
  await assert.rejects(readZip(bytes, limits), (error) => {
    assert.ok(error instanceof UnreadableZip, `${name}: ${String(error)}`);
    assert.equal(error.reason, reason, `${name}: ${error.message}`);
    return true;
  });
}

async function textOf(entry: ZipEntry): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry.read()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
