import { MayflyError } from "../../base/errors/error.ts";
import { whyNoJson } from "../../base/errors/json-failure.ts";
import { firstIssue } from "../../base/errors/schema-issue.ts";
import { tooMuchEnvironment } from "./environment-limit.ts";
import { type Manifest, manifestSchema } from "./manifest.ts";

/** @param file its name in errors. Throws "bad-manifest", naming the key, what was given and what is allowed. */
export function parseManifest(json: string, file: string): Manifest {
  const given = parseJson(json, file);
  const parsed = manifestSchema.safeParse(given);
  if (parsed.success) return fitting(parsed.data, file);
  const { key, what } = firstIssue(parsed.error, given, manifestSchema);
  throw new MayflyError("bad-manifest", { file, what: key === "" ? `it ${what}` : `${key} ${what}` }, parsed.error);
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
  refuseDropped(given, file, "");
  return given;
}

/** Refuses the key `__proto__`, which the schema's objects would silently drop. Only a function may be called so. */
function refuseDropped(given: unknown, file: string, within: string): void {
  if (typeof given !== "object" || given === null) return;
  for (const [key, value] of Object.entries(given)) {
    if (key === "__proto__" && within !== "functions")
      throw new MayflyError("bad-manifest", { file, what: "it has the key __proto__, which is allowed only as the name of a function" });
    refuseDropped(value, file, within === "" ? key : `${within}.${key}`);
  }
}
