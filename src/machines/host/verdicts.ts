/**
 * The result of a trial on this host, remembered in the cache folder until something that it depends on changes, because a trial takes
 * seconds.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

export interface Trial<Verdict> {
  cacheDir: string;
  /** A name for what is tried: [a-z-]. */
  kind: string;
  /** Everything that the verdict depends on, as JSON. */
  facts: unknown;
  /** Never rejects: a trial that fails has a verdict too. */
  attempt: () => Promise<Verdict>;
}

/** Resolves with the verdict of the last attempt with the same facts, or of one that is made now. */
export async function verdictOf<Verdict>({ cacheDir, kind, facts, attempt }: Trial<Verdict>): Promise<Verdict> {
  const key = createHash("sha256").update(JSON.stringify(facts)).digest("hex");
  const file = path.join(cacheDir, "verdicts", `${kind}-${key}.json`);
  const known = read(file);
  if (known !== undefined) return known as Verdict;
  const verdict = await attempt();
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.${process.pid}`, JSON.stringify(verdict));
  fs.renameSync(`${file}.${process.pid}`, file);
  return verdict;
}

function read(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as unknown;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
