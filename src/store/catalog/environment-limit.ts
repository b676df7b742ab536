/**
 * What a machine is told about an app besides its code crosses in one frame: variables, secrets, and the functions' names and handlers. A
 * deploy or a secret that would make the frame too large is refused, because no machine could be bound to the app.
 */
import { Limit } from "../../wire/protocol.ts";
import type { Manifest } from "./manifest.ts";
import { runtimeOf } from "./runtime-of.ts";

/** Bytes for what else is in the frame: the app's name, its revision and its sizes. */
const REST = 4_096;
const MOST = Limit.payload - REST;

/** @param secrets the values of the secrets that are set @returns what is wrong, as a clause; undefined if the frame is small enough */
export function tooMuchEnvironment(manifest: Manifest, secrets: Record<string, string>): string | undefined {
  const { env, functions } = manifest;
  const told = Object.entries(functions).map(([name, { entry, handler, command }]) => {
    // Code that is a file crosses as the file's path.
    const source = runtimeOf(manifest, name) === "node" ? undefined : [entry, command];
    return { name, handler, format: "cjs", size: Limit.code, source };
  });
  const bytes = Buffer.byteLength(JSON.stringify({ env: { ...env, ...secrets }, functions: told }));
  return bytes > MOST ? `env, secrets and functions together take ${bytes} bytes, and at most ${MOST} are possible` : undefined;
}
