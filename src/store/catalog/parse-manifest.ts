import { MayflyError } from "../../base/errors/error.ts";
import { whyNoJson } from "../../base/errors/json-failure.ts";
import { firstIssue, pathInWords } from "../../base/errors/schema-issue.ts";
import { tooMuchEnvironment } from "./environment-limit.ts";
import { type Manifest, manifestSchema } from "./manifest.ts";

/** The most bytes of a manifest's JSON, as UTF-8. A manifest is parsed in one turn of the event loop, in which no call is handled. */
export const MANIFEST_BYTES = 262_144;
/** How many objects and lists may lie within each other. The keys that exist need 3. */
const MOST_NESTED = 16;

/**
 * Parses a manifest that somebody wrote or uploaded.
 * Throws "bad-manifest", naming the key, what was given and what is allowed.
 * @param file its name in errors
 */
export function parseManifest(json: string, file: string): Manifest {
  const bytes = Buffer.byteLength(json);
  if (bytes > MANIFEST_BYTES) throw tooLargeManifest(file, `has ${bytes} bytes`);
  const manifest = parseStoredManifest(json, file);
  const repeated = manifest.secrets.find((name, at) => manifest.secrets.indexOf(name) !== at);
  if (repeated !== undefined) throw new MayflyError("bad-manifest", { file, what: `secrets has the name ${repeated} more than once` });
  return manifest;
}

/**
 * Parses a manifest as it is stored: with its defaults filled in, which may make it larger than an upload may be, and perhaps by an older
 * Mayfly, which let a secret be named twice. Throws "bad-manifest".
 */
export function parseStoredManifest(json: string, file: string): Manifest {
  const given = parseJson(json, file);
  const parsed = manifestSchema.safeParse(given);
  if (parsed.success) return fitting(parsed.data, file);
  const { key, what } = firstIssue(parsed.error, given, manifestSchema);
  throw new MayflyError("bad-manifest", { file, what: key === "" ? `it ${what}` : `${key} ${what}` }, parsed.error);
}

/** @param has a clause such as `has 300000 bytes` */
export function tooLargeManifest(file: string, has: string): MayflyError {
  return new MayflyError("bad-manifest", { file, what: `it ${has}, and at most ${MANIFEST_BYTES} are allowed` });
}

function fitting(manifest: Manifest, file: string): Manifest {
  const what = tooMuchEnvironment(manifest, {});
  if (what !== undefined) throw new MayflyError("bad-manifest", { file, what });
  return manifest;
}

function parseJson(json: string, file: string): unknown {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch (error) {
    throw new MayflyError("bad-manifest", { file, what: whyNoJson(json, error) });
  }
  const what = unfit(given, []);
  if (what !== undefined) throw new MayflyError("bad-manifest", { file, what });
  return given;
}

/**
 * Says where the value is nested too deeply, or has the key `__proto__`, which the schema's objects would silently drop. Only a function
 * may be called so. @param path where the value stands in the manifest
 */
function unfit(given: unknown, path: string[]): string | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  if (path.length >= MOST_NESTED) return `it has objects or lists that are nested more than ${MOST_NESTED} deep`;
  for (const [key, value] of Object.entries(given)) {
    if (key === "__proto__" && pathInWords(path) !== "functions")
      return `${pathInWords(path) || "it"} has the key __proto__, which is allowed only as the name of a function`;
    const what = unfit(value, [...path, key]);
    if (what !== undefined) return what;
  }
  return undefined;
}
