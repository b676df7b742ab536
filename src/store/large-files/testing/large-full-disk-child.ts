/** Uploads more than the disk that it is given has room for, and prints what came of it: see large-files.test.ts. */
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { filesBundle } from "../../catalog/app-files.ts";
import { openCatalog } from "../../catalog/sqlite.ts";

const dir = process.argv[2] as string;
let form: "image" | "folder" = "image";
const catalog = openCatalog(join(dir, "catalog.db"), join(dir, "key"), { filesForm: () => form });

async function upload(bytes: number) {
  const incoming = catalog.receiveFiles("one");
  const { code } = filesBundle([{ path: "a", content: Buffer.alloc(bytes, "a"), executable: false }]);
  try {
    for (let at = 0; at < code.length; at += 65_536) await incoming.push(code.subarray(at, at + 65_536));
    return await incoming.end();
  } catch (error) {
    await incoming.discard();
    throw error;
  }
}

const free = () => {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
};

async function tooLarge(wanted: typeof form) {
  form = wanted;
  const before = free();
  const why = await upload(60_000_000).then(
    () => "stored",
    (error: Error & { code: string }) => `${error.code} ${error.message.slice(0, 26)}`,
  );
  await catalog.settled();
  return { why: why.trim(), freed: before - free() < 100_000 };
}

const told = { image: await tooLarge("image"), folder: await tooLarge("folder") };
const received = await upload(10_000_000);
console.log(JSON.stringify({ ...told, fits: "draft" in received }));
catalog.close();
