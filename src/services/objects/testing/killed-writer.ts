/**
 * A process that writes objects without end, to be killed: it prints a line for each that was confirmed. Objects are small and large, encrypted and not, replaced, copied, uploaded in parts
 * and removed. Its arguments are the folder and a seed.
 */
import { join } from "node:path";
import { Random } from "../../../base/testing/random.ts";
import { openGroupCommit } from "../../../store/group-commit/open-group-commit.ts";
import { openContentFiles } from "../content/content-files.ts";
import { objectsOver } from "../objects-over.ts";
import type { ObjectOperations } from "../store/engine.ts";
import { removeGarbage, sweep } from "../upkeep.ts";
import { about, pieces, putInto, serverKey } from "./describe-objects.ts";

const [folder = "", seed = "1"] = process.argv.slice(2);
const module = new URL("../store/engine.ts", import.meta.url);
const index = await openGroupCommit<ObjectOperations>({ file: join(folder, "objects.db"), module, onFailure: () => process.exit(2) });
const files = openContentFiles(join(folder, "objects"), () => Date.now());
const limits = { bytes: 1e12, objects: 1e9, buckets: 10 };
const objects = objectsOver({ index, files, limitsOf: () => limits, serverKey: () => serverKey, now: () => Date.now(), written: () => {} });
await sweep(index, files);
await objects.createBucket({ name: "b", tenant: "ten_a", region: "us-east-1", isLocked: false });
const random = new Random(Number(seed));

/** Of each content, all bytes are the same, so that a mixture is seen. */
async function write(worker: number, round: number): Promise<void> {
  const key = `${worker}/${random.below(4)}`;
  const byte = round % 251;
  const encrypt = random.chance(0.5) ? ({ by: "server" } as const) : undefined;
  const content = Buffer.alloc(1 + random.below(random.chance(0.5) ? 10_000 : 200_000), byte);
  if (random.chance(0.2)) {
    const upload = await objects.startUpload("b", key, { object: about, initiator: "x" }, encrypt);
    const part = await objects.putPart({ bucket: "b", key, upload, number: 1, most: 1e9, encrypt }, pieces(content));
    await objects.completeUpload({ bucket: "b", key, upload, leastPart: 0, parts: [{ number: 1, etag: part.etag }] });
  } else await putInto(objects, key, content, { encrypt });
  process.stdout.write(`${key} ${byte} ${content.length}\n`);
}

await Promise.all(
  [1, 2, 3, 4].map(async (worker) => {
    for (let round = 0; ; round++) {
      await write(worker, round);
      if (round % 10 === 0) await removeGarbage(index, files);
    }
  }),
);
