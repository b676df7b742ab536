/**
 * The functions of an app may be of several runtimes. Those of one runtime are a part of the app: a machine runs the functions of one part, so that
 * each part has machines of its own. Most apps have one part, which is all of them.
 */
import type { AppRuntime } from "../../base/kind/machine-kind.ts";
import type { CodeFormat } from "../../wire/protocol.ts";
import type { Manifest } from "./manifest.ts";
import { runtimeOf, runtimesOf } from "./runtime-of.ts";

/** The formats of the code that each runtime runs. */
export const formatsOf: Record<AppRuntime, readonly CodeFormat[]> = {
  node: ["cjs", "esm"],
  python: ["python"],
  java: ["java"],
  provided: ["provided"],
  server: ["server"],
  "server-java": ["server"],
  "server-python": ["server"],
};

/** The manifest of a whole app, or that of a part. */
export interface RunManifest extends Omit<Manifest, "runtime"> {
  runtime?: AppRuntime | undefined;
}

/** A part's runtime is that of all of its functions. */
export interface PartManifest extends RunManifest {
  runtime: AppRuntime;
}

/** The manifest as each part sees it: with the functions of one runtime alone, which is the part's `runtime`. In the order of runtimesOf(). */
export function partsOf(manifest: RunManifest): PartManifest[] {
  const runtimes = runtimesOf(manifest);
  if (runtimes.length === 1) return [{ ...manifest, runtime: runtimes[0]! }];
  return runtimes.map((runtime) => partOf(manifest, runtime));
}

function partOf(manifest: RunManifest, runtime: AppRuntime): PartManifest {
  const own = Object.entries(manifest.functions).filter(([name]) => runtimeOf(manifest, name) === runtime);
  return { ...manifest, runtime, functions: Object.fromEntries(own) };
}
