/**
 * Debian's Java 17, run from the cache: on the host it compiles, and in tests it runs what machines run. Debian's runtime contains the compiler, too, as a module, so that no JDK is needed.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { javaKeyStore } from "../builder/java-key-store.ts";
import { fetchProgramRoot, hostCommand, imageSuite } from "../debian/program-root.ts";
import { compilerArchiveFlags } from "./compiler-archive.ts";
import { putFile } from "../put-file.ts";

/** The authorities that Java trusts, of Debian's package for them, and the store that Debian makes of them when Java is installed. */
const AUTHORITIES = "usr/share/ca-certificates/mozilla";
const STORE = "etc/ssl/certs/java/cacerts";

export const javaVersion = 17;

const javaPath = `/usr/lib/jvm/java-${javaVersion}-openjdk-amd64/bin/java`;

interface JavaRuntime {
  /** The folder of its packages, which is another one for each set of versions. */
  root: string;
  /** Runs it on this host; parameters follow. */
  command: [string, ...string[]];
}

/** Rejects with "image-build-failed" if the packages cannot be had. */
export async function fetchJava(cacheDir: string, progress?: (step: string) => void): Promise<JavaRuntime> {
  const options = { suite: imageSuite, packages: [`openjdk-${javaVersion}-jre-headless`], cacheDir };
  const root = await fetchProgramRoot(progress === undefined ? options : { ...options, progress });
  await writeStore(root);
  return { root, command: await hostCommand(root, javaPath) };
}

/** Java trusts nobody without it. */
async function writeStore(root: string): Promise<void> {
  const store = join(root, STORE);
  if (existsSync(store)) return;
  const names = (await readdir(join(root, AUTHORITIES))).toSorted();
  const all = await Promise.all(names.map(async (name) => ({ name, pem: await readFile(join(root, AUTHORITIES, name), "utf8") })));
  await mkdir(dirname(store), { recursive: true });
  await putFile(store, javaKeyStore(all));
}

/** The command that compiles; javac's own parameters follow. The compiler is short-lived, so that its code is not worth optimising. */
export async function javacCommand({ root, command }: JavaRuntime): Promise<[string, ...string[]]> {
  const quick: [string, ...string[]] = [...command, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
  const compiler = ["-m", "jdk.compiler/com.sun.tools.javac.Main"];
  return [...quick, ...(await compilerArchiveFlags(root, quick, compiler)), ...compiler];
}
