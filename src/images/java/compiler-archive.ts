/**
 * Java's archive of its compiler's classes (CDS), which Java makes of what a small compilation has loaded. With it a compilation starts with two fifths less CPU time: 0.3 s in place
 * of 0.5 s, of which most is spent on reading and checking these classes.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withDraftFolder } from "../draft-folder.ts";
import { putFile } from "../put-file.ts";
import { runProgram } from "../run-program.ts";

/** Of a source that has what many have, so that most of the compiler's classes are in the archive. */
const source = `package shop;
import java.util.*;
import java.util.function.Function;
public class Trial<T extends Comparable<T>> implements Function<List<T>, Map<String, T>> {
  enum Kind { SMALL, LARGE }
  record Item(String name, int count) {}
  private final Function<Integer, String> text = count -> "count " + count;
  @Override public Map<String, T> apply(List<T> all) {
    var found = new HashMap<String, T>();
    for (T one : all) found.merge(one.toString(), one, (a, b) -> a.compareTo(b) > 0 ? a : b);
    try {
      switch (Kind.valueOf("SMALL")) { case SMALL -> found.clear(); default -> throw new IllegalStateException(text.apply(1)); }
    } catch (RuntimeException e) { System.err.println(e instanceof IllegalStateException s ? s.getMessage() : new Item("x", 1).name()); }
    return found;
  }
}
`;

/**
 * @param root the folder of Java's packages, in which the archive is kept: it holds for this very Java at this very path
 * @param command runs the compiler, but for the compiler's own name and parameters @param compiler these
 * Returns the flags of Java that use it. They are none if it cannot be made, as where the cache may not be written: the compiler does without.
 */
export async function compilerArchiveFlags(root: string, command: [string, ...string[]], compiler: string[]): Promise<string[]> {
  const archive = join(root, "javac.jsa");
  if (!existsSync(archive) && !(await make(archive, root, command, compiler).catch(() => false))) return [];
  // One that does not suit, after a move of the cache for example, is passed over without a word on the compiler's output.
  return [`-XX:SharedArchiveFile=${archive}`, "-Xshare:auto", "-Xlog:disable"];
}

async function make(archive: string, root: string, [java, ...flags]: [string, ...string[]], compiler: string[]): Promise<boolean> {
  await withDraftFolder(root, async (draft) => {
    const [trial, made] = [join(draft, "Trial.java"), join(draft, "made.jsa")];
    await writeFile(trial, source);
    const words = [...flags, `-XX:ArchiveClassesAtExit=${made}`, "-Xlog:disable", ...compiler, "-proc:none", "-d", draft, trial];
    await runProgram(java, words, { name: "javac", bare: true });
    await putFile(archive, await readFile(made));
  });
  return true;
}
