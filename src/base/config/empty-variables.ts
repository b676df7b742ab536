import { MayflyError } from "../errors/error.ts";

/**
 * Throws "bad-config" for a variable of ours that is set to nothing, as by a script whose own variable was not set: to take it for one that is
 * not set would use another state folder than was meant.
 */
export function refuseEmptyVariables(env: Record<string, string | undefined>): void {
  const name = Object.keys(env).find((key) => key.startsWith("MAYFLY_") && env[key]?.trim() === "");
  if (name !== undefined) throw new MayflyError("bad-config", { key: name, what: "is empty: give it a value, or unset the variable" });
}
