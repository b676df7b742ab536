/** Deploys one revision with large files after the other until it is killed, and asks for each one's other form. Prints a line after each. */
import { join } from "node:path";
import { mainTenant } from "../../../base/ids/new-id.ts";
import { filesBundle } from "../../catalog/app-files.ts";
import { manifestSchema } from "../../catalog/manifest.ts";
import { openCatalog } from "../../catalog/sqlite.ts";

const dir = process.argv[2] as string;
let turn = 0;
const catalog = openCatalog(join(dir, "catalog.db"), join(dir, "key"), {
  filesForm: () => (turn % 2 === 0 ? "image" : "folder"),
  revisionsKept: 3,
});
for (;;) {
  turn += 1;
  const texts = Array.from({ length: 30 }, (_, n) => `${process.pid} ${turn} ${n} `.repeat(3_000));
  const { code } = filesBundle(texts.map((text, n) => ({ path: `d${n % 3}/f${n}`, content: Buffer.from(text), executable: false })));
  const incoming = catalog.receiveFiles("one");
  for (let at = 0; at < code.length; at += 65_536) await incoming.push(code.subarray(at, at + 65_536));
  const received = await incoming.end();
  const manifest = manifestSchema.parse({ name: "storm", functions: { main: { entry: "a.ts" } } });
  if (!("draft" in received)) throw new Error("the files are not large");
  const { revision } = await catalog.deploy(
    mainTenant,
    manifest,
    [{ function: "main", format: "cjs", code: Buffer.from("1") }],
    undefined,
    received.draft,
  );
  console.log(`stored ${turn}`);
  await catalog.code(revision.id).files!.large!.path(turn % 2 === 0 ? "folder" : "image");
}
