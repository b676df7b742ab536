/**
 * The functions of an app may be of several runtimes. Those of one runtime are a part of the app: a machine runs the functions of one part, so that
 * each part has machines of its own. Most apps have one part, which is all of them.
 */
import { type AppRuntime, serverRuntimeOf, usualRuntime } from "../../base/kind/machine-kind.ts";
import type { CodeFormat } from "../../wire/protocol.ts";
import type { Manifest } from "./manifest.ts";

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

type Functions = Pick<RunManifest, "runtime" | "functions">;

/** What a function runs in: its own choice, or else its app's. Of a server, the command chooses, too. */
export function runtimeOf({ runtime: usual = usualRuntime, functions }: Functions, name: string): AppRuntime {
  const own = Object.hasOwn(functions, name) ? functions[name] : undefined;
  const runtime = own?.runtime ?? usual;
  return runtime === "server" && own?.command !== undefined ? serverRuntimeOf(own.command) : runtime;
}

/** In the order of the functions, each once. */
export function runtimesOf(manifest: Functions): AppRuntime[] {
  return [...new Set(Object.keys(manifest.functions).map((name) => runtimeOf(manifest, name)))];
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
