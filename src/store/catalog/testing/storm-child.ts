/** Deploys one version after the other until it is killed, saying when each begins and when it is stored. */
import { writeSync } from "node:fs";
import type { Bundle } from "../catalog.ts";
import { type Manifest, manifestSchema } from "../manifest.ts";
import { openCatalog } from "../sqlite.ts";

const STDOUT = 1;

/** Three functions of 100 kB in all, so that a version spans many pages. */
export function stormUpload(n: number): { manifest: Manifest; bundles: Bundle[] } {
  const names = ["one", "three", "two"];
  const functions = Object.fromEntries(names.map((name) => [name, { entry: `${name}.ts` }]));
  return {
    manifest: manifestSchema.parse({ name: "storm", functions, env: { N: String(n) } }),
    bundles: names.map((name) => ({ function: name, format: "cjs", code: Buffer.alloc(33_000, `${name} ${n};`) })),
  };
}

function deployForever(file: string, keyFile: string, from: number): void {
  const catalog = openCatalog(file, keyFile);
  for (let n = from; ; n++) {
    const { manifest, bundles } = stormUpload(n);
    writeSync(STDOUT, `begin ${n}\n`);
    catalog.deploy(manifest, bundles);
    writeSync(STDOUT, `stored ${n}\n`);
  }
}

if (import.meta.main) {
  const [file = "", keyFile = "", from = "1"] = process.argv.slice(2);
  deployForever(file, keyFile, Number(from));
}
