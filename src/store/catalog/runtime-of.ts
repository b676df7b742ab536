/** What each function of an app runs in. Functions of one runtime share machines. */
import { type AppRuntime, type NamedRuntime, serverRuntimeOf, usualRuntime } from "../../base/kind/machine-kind.ts";

/** What a manifest says of it, that of an app or of a part. */
export interface RunFunctions {
  runtime?: AppRuntime | undefined;
  functions: Record<string, { runtime?: NamedRuntime | undefined; command?: string[] | undefined }>;
}

/** What a function runs in: its own choice, or else its app's. Of a server, the command chooses, too. */
export function runtimeOf({ runtime: usual = usualRuntime, functions }: RunFunctions, name: string): AppRuntime {
  const own = Object.hasOwn(functions, name) ? functions[name] : undefined;
  const runtime = own?.runtime ?? usual;
  return runtime === "server" && own?.command !== undefined ? serverRuntimeOf(own.command) : runtime;
}

/** In the order of the functions, each once. */
export function runtimesOf(manifest: RunFunctions): AppRuntime[] {
  return [...new Set(Object.keys(manifest.functions).map((name) => runtimeOf(manifest, name)))];
}
