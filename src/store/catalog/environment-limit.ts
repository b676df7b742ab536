/**
 * What a machine is told of an app besides its code goes in one frame: variables, secrets, and the functions' names and handlers. Too much of it
 * is refused when it is deployed or set: no machine could be bound to the app.
 */
import { Limit } from "../../wire/protocol.ts";
import type { Manifest } from "./manifest.ts";

/** The frame has the app's name, its version and its sizes, too. */
const REST = 4_096;
const MOST = Limit.payload - REST;

/** @param secrets values of those that are set @returns what is wrong, as a clause; undefined where it fits */
export function tooMuchEnvironment({ env, functions }: Manifest, secrets: Record<string, string>): string | undefined {
  const told = Object.entries(functions).map(([name, { handler }]) => ({ name, handler, format: "cjs", size: Limit.code }));
  const bytes = Buffer.byteLength(JSON.stringify({ env: { ...env, ...secrets }, functions: told }));
  return bytes > MOST ? `env, secrets and functions together take ${bytes} bytes, and at most ${MOST} are possible` : undefined;
}
