/** Deploys one revision after the other until it is killed. Prints when each deploy begins and when it is stored. */
import { writeSync } from "node:fs";
import { mainTenant } from "../../../base/ids/new-id.ts";
import type { Bundle } from "../catalog.ts";
import { type Manifest, manifestSchema } from "../manifest.ts";
import { openCatalog } from "../sqlite.ts";

const STDOUT = 1;

/** Three functions, one of several parts, so that a revision spans many pages and transactions. */
export function stormUpload(n: number): { manifest: Manifest; bundles: Bundle[] } {
  const names = ["one", "three", "two"];
  const functions = Object.fromEntries(names.map((name) => [name, { entry: `${name}.ts` }]));
  const bytes = (name: string) => (name === "two" ? 1_500_000 : 33_000);
  return {
    manifest: manifestSchema.parse({ name: "storm", functions, env: { N: String(n) } }),
    bundles: names.map((name) => ({ function: name, format: "cjs", code: Buffer.alloc(bytes(name), `${name} ${n};`) })),
  };
}

async function deployForever(file: string, keyFile: string, from: number): Promise<void> {
  const catalog = openCatalog(file, keyFile);
  for (let n = from; ; n++) {
    const { manifest, bundles } = stormUpload(n);
    writeSync(STDOUT, `begin ${n}\n`);
    await catalog.deploy(mainTenant, manifest, bundles);
    writeSync(STDOUT, `stored ${n}\n`);
  }
}

if (import.meta.main) {
  const [file = "", keyFile = "", from = "1"] = process.argv.slice(2);
  await deployForever(file, keyFile, Number(from));
}
