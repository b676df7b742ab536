/** Fills the disk that it is given, and prints how the catalog on it behaves then: see full-disk.test.ts. */
import { closeSync, existsSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openReserve } from "../../state-folder/reserve.ts";
import { mainTenant } from "../../../base/ids/new-id.ts";
import { manifestSchema } from "../manifest.ts";
import { openCatalog } from "../sqlite.ts";

const dir = process.argv[2] as string;
const inDir = (name: string) => join(dir, name);
const catalog = openCatalog(inDir("catalog.db"), inDir("key"), { reserve: openReserve(inDir("reserve"), dir) });
const deploy = (app: string, fill: number, bytes = 3_000_000) =>
  catalog.deploy(mainTenant, manifestSchema.parse({ name: app, functions: { main: { entry: "a.ts" } } }), [
    { function: "main", format: "cjs", code: Buffer.alloc(bytes, fill) },
  ]);
const reserved = existsSync(inDir("reserve"));
for (const fill of [1, 2, 3]) await deploy("shop", fill);
const other = catalog.names.appId(mainTenant, "other");
const shop = catalog.names.appId(mainTenant, "shop");
// Less is free than what a reserve is made for that is missing.
writeFileSync(inDir("ballast"), Buffer.alloc(free() - 12_000_000));
const tooLarge = [await codeOfTooLarge(), await codeOfTooLarge()];
const reservedAfterTooLarge = existsSync(inDir("reserve"));
const leftOfTooLarge = rowsOfCode() - 3;
const smallAfterwards = await codeOfDeploy(4, 100);
rmSync(inDir("ballast"));
fillDisk();
const whenFull = await codeOfDeploy(4, 20_000_000);
const secretWhenFull = codeOf(() => {
  for (let n = 0; n < 1_000; n++) catalog.setSecret(other, `S${n}`, "x".repeat(4_000));
});
const stillLive = catalog.live(shop)[0]?.revision.manifest.name === "shop";
const before = free();
catalog.remove(shop);
await catalog.settled();
const leftInReserve = existsSync(inDir("reserve"));
const freed = free() - before > 8_000_000;
rmSync(inDir("filler"));
catalog.removeSecret(other, "S0");
await catalog.settled();
await new Promise((resolve) => setTimeout(resolve, 100));
const reservedAgain = existsSync(inDir("reserve"));
const storesAgain = (await codeOfDeploy(5)) === "";
catalog.close();
const whole = new DatabaseSync(inDir("catalog.db")).prepare("PRAGMA integrity_check").get()?.["integrity_check"];
const deploys = { tooLarge, reservedAfterTooLarge, leftOfTooLarge, smallAfterwards, whenFull, storesAgain };
console.log(JSON.stringify({ ...deploys, reserved, secretWhenFull, stillLive, leftInReserve, freed, reservedAgain, whole }));

function rowsOfCode(): number {
  using db = new DatabaseSync(inDir("catalog.db"), { readOnly: true });
  return Number(db.prepare("SELECT count(*) AS n FROM code").get()?.["n"]);
}

function fillDisk(): void {
  const fd = openSync(inDir("filler"), "w");
  for (let piece = 1_048_576; piece >= 512; piece = Math.trunc(piece / 2)) while (codeOf(() => writeSync(fd, Buffer.alloc(piece))) === "");
  closeSync(fd);
}

function free(): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

async function codeOfTooLarge(): Promise<string> {
  const code = await codeOfDeploy(4, 40_000_000);
  await catalog.settled();
  // The reserve is made again after that.
  await new Promise((resolve) => setImmediate(resolve));
  return code;
}

/** The code of the error that a deploy rejects with; empty if it was stored. */
async function codeOfDeploy(fill: number, bytes?: number): Promise<string> {
  try {
    await deploy("shop", fill, bytes);
    return "";
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}

/** The code of the error that `work` throws; empty if it throws none. */
function codeOf(work: () => void): string {
  try {
    work();
    return "";
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}
