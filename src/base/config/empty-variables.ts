import { MayflyError } from "../errors/error.ts";

/**
 * Throws "bad-config" if one of Mayfly's variables is set to an empty text, for example by a script that expanded an unset variable of its
 * own. Treating it as unset would use another state folder than the user intended.
 */
export function refuseEmptyVariables(env: Record<string, string | undefined>): void {
  const name = Object.keys(env).find((key) => key.startsWith("MAYFLY_") && env[key]?.trim() === "");
  if (name !== undefined) throw new MayflyError("bad-config", { key: name, what: "is empty: give it a value, or unset the variable" });
}
