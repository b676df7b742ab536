/** The variables of an app's file `.env`, which `mayfly dev` gives to its functions. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { MayflyError } from "../base/errors/error.ts";
import { namedSecrets } from "../store/catalog/injections.ts";
import { envNameSchema, type Manifest } from "../store/catalog/manifest.ts";

/** A longer one is no file of variables. */
const MOST_BYTES = 262_144;

export interface DotEnv {
  /** The manifest with the variables of the file, which replace its own. */
  manifest: Manifest;
  /** The values of the secrets that the manifest names and the file has. */
  secrets: Map<string, string>;
}

/** Without the file, nothing changes. Throws "bad-manifest" for a name that no variable can have, and for what is no file of variables. */
export function withDotEnv(manifest: Manifest, dir: string): DotEnv {
  const file = join(dir, ".env");
  const refuse = (what: string, cause?: unknown) => new MayflyError("bad-manifest", { file, what }, cause);
  const text = textOf(file, refuse);
  const given = Object.entries(parseEnv(text)).map(([name, value]): [string, string] => [name, value ?? ""]);
  const wrong = given.find(([name]) => !envNameSchema.safeParse(name).success);
  if (wrong !== undefined) throw refuse(`${wrong[0].slice(0, 100)} is no name of a variable`);
  const needed = new Set(namedSecrets(manifest));
  const [secrets, env] = [given.filter(([name]) => needed.has(name)), given.filter(([name]) => !needed.has(name))];
  return { manifest: { ...manifest, env: { ...manifest.env, ...Object.fromEntries(env) } }, secrets: new Map(secrets) };
}

function textOf(file: string, refuse: (what: string, cause?: unknown) => MayflyError): string {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return "";
    // To read a pipe would be to wait for whoever writes into it.
    if (!stat.isFile()) throw refuse("it is no file");
    if (stat.size > MOST_BYTES) throw refuse(`it has ${stat.size} bytes, and at most ${MOST_BYTES} are read`);
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof MayflyError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    // An editor may have removed it in between.
    if (code === "ENOENT") return "";
    throw refuse(`it cannot be read: ${message}`, error);
  }
}
