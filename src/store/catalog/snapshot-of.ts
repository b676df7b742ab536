/** Which functions of an app start initialised. Functions of one runtime share machines, and a machine has a snapshot or has none. */
import type { AppRuntime } from "../../base/kind/machine-kind.ts";
import { type RunFunctions, runtimeOf } from "./runtime-of.ts";

/** What a manifest says of it, that of an app or of a part. */
interface FrozenFunctions extends RunFunctions {
  snapshot?: boolean | undefined;
  functions: Record<string, RunFunctions["functions"][string] & { snapshot?: boolean | undefined }>;
}

/** Whether machines of any of the functions start from a snapshot. Of a part, those of all or of none do. */
export function asksForSnapshot(manifest: FrozenFunctions): boolean {
  return Object.keys(manifest.functions).some((name) => isFrozen(manifest, name));
}

/** Whether machines of the first function do: those that an app keeps ready. */
export function isFirstFrozen(manifest: FrozenFunctions): boolean {
  const [first] = Object.keys(manifest.functions);
  return first !== undefined && isFrozen(manifest, first);
}

/** The first function that says otherwise than one before it with which it shares machines. */
export function unlikeOthers(manifest: FrozenFunctions): { name: string; other: string; runtime: AppRuntime } | undefined {
  const firsts = new Map<AppRuntime, string>();
  for (const name of Object.keys(manifest.functions)) {
    const runtime = runtimeOf(manifest, name);
    const other = firsts.get(runtime) ?? name;
    firsts.set(runtime, other);
    if (isFrozen(manifest, name) !== isFrozen(manifest, other)) return { name, other, runtime };
  }
  return undefined;
}

function isFrozen({ snapshot = false, functions }: FrozenFunctions, name: string): boolean {
  return functions[name]?.snapshot ?? snapshot;
}
