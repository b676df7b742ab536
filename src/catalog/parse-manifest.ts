import { MayflyError } from "../errors/error.ts";
import { whyNoJson } from "../errors/json-failure.ts";
import { firstIssue } from "../errors/schema-issue.ts";
import { type Manifest, manifestSchema } from "./manifest.ts";

/** @param file how errors call it. Throws "bad-manifest", naming the key, what was given and what is allowed. */
export function parseManifest(json: string, file: string): Manifest {
  const given = parseJson(json, file);
  const parsed = manifestSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const { key, what } = firstIssue(parsed.error, given, manifestSchema);
  throw new MayflyError("bad-manifest", { file, what: key === "" ? `it ${what}` : `${key} ${what}` }, parsed.error);
}

function parseJson(json: string, file: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new MayflyError("bad-manifest", { file, what: whyNoJson(json, error) });
  }
}
