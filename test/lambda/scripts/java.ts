/** Compiles Java for scripts. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { compileFolder, jarOf } from "../../../src/guest/runtimes/java/testing/java-agent.ts";

const jars = new Map<string, Promise<Buffer>>();

/** A jar of a package's class Handler. What was compiled once is not compiled again. */
export function javaJar(name: string, source: string): Promise<Buffer> {
  const known = jars.get(source);
  if (known !== undefined) return known;
  const made = compile({ [`${name}/Handler.java`]: source }).then(jarOf);
  jars.set(source, made);
  return made;
}

/** Classes by their paths. @param sources by theirs; each file has another name */
export async function compile(sources: Record<string, string>): Promise<Map<string, Buffer>> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-sources-"));
  try {
    for (const [path, source] of Object.entries(sources)) writeFileSync(join(folder, basename(path)), source);
    return await compileFolder(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
