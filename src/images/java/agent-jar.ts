/** Makes the jar of Mayfly's agent for Java. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { makeZip } from "../archive/make-zip.ts";
import { withDraftFolder } from "../draft-folder.ts";
import { projectRoot } from "../project.ts";
import { putFile } from "../put-file.ts";
import { runProgram } from "../run-program.ts";
import { fetchJava, javacCommand } from "./java-runtime.ts";

const sourceFolder = join(projectRoot, "src/guest/runtimes/java");

/** The folders of packages in the source folder. Others are tests'. */
const packages = ["com", "mayfly", "org", "warm"];

/** The package whose classes the agent's warm-up loads as it would an app's: they are a jar inside the jar. */
const WARM = "warm/";

/** The export is for what takes the place of a clock of Java's, and asks the same as that, and for who asks whether a class is initialised. */
const compilerOptions = [
  "-encoding",
  "UTF-8",
  "-proc:none",
  "-g:source,lines",
  "--add-modules",
  "jdk.incubator.foreign",
  "--add-exports",
  "java.base/jdk.internal.misc=ALL-UNNAMED",
];

/**
 * The packages of Java's own whose private parts the agent uses: java.lang for the environment and Math.random, java.util, jdk.random and sun.security.provider for
 * generators, java.io and sun.nio.ch for the channel's descriptor and, on OSv, for connections. There, and only there, Java calls the class Premain first.
 */
const manifest = [
  "Manifest-Version: 1.0",
  "Main-Class: mayfly.Agent",
  "Add-Opens: java.base/java.io java.base/java.lang java.base/java.util",
  "  java.base/java.util.concurrent java.base/sun.nio.ch",
  "  java.base/sun.security.provider jdk.random/jdk.random",
  "Add-Exports: java.base/jdk.internal.misc",
  "Premain-Class: mayfly.osv.Premain",
  "Can-Retransform-Classes: true",
  "",
  "",
].join("\r\n");

interface AgentJarOptions {
  cacheDir: string;
  progress?: (step: string) => void;
}

/** The path of the jar in the cache. The same sources, compiled by the same Java, give the same bytes. Rejects with "image-build-failed". */
export async function ensureJavaAgent({ cacheDir, progress }: AgentJarOptions): Promise<string> {
  const java = await fetchJava(cacheDir, progress);
  const sources = await readSources();
  const key = createHash("sha256").update(JSON.stringify([basename(java.root), compilerOptions, manifest]));
  for (const { path, data } of sources) key.update(JSON.stringify([path, data.length])).update(data);
  const folder = join(cacheDir, "agents");
  const jar = join(folder, `${key.digest("hex").slice(0, 16)}.jar`);
  if (existsSync(jar)) return jar;
  progress?.("compiling the agent for Java");
  await mkdir(folder, { recursive: true });
  await withDraftFolder(folder, async (draft) => {
    const files = sources.map(({ path }) => join(sourceFolder, path));
    const [javac, ...args] = await javacCommand(java);
    await runProgram(javac, [...args, ...compilerOptions, "-d", draft, ...files], { name: "javac", bare: true });
    await putFile(jar, makeJar(await readClasses(draft)));
  });
  return jar;
}

interface NamedFile {
  path: string;
  data: Buffer;
}

async function readSources(): Promise<NamedFile[]> {
  const lists = await Promise.all(packages.map((name) => readFolder(join(sourceFolder, name), sourceFolder)));
  return lists.flat().filter(({ path }) => path.endsWith(".java"));
}

async function readClasses(folder: string): Promise<NamedFile[]> {
  return readFolder(folder, folder);
}

/** All files below the folder, by path. */
async function readFolder(folder: string, base: string): Promise<NamedFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(base, join(entry.parentPath, entry.name)));
  return Promise.all(paths.toSorted().map(async (path) => ({ path, data: await readFile(join(base, path)) })));
}

function makeJar(classes: NamedFile[]): Buffer {
  const files = classes.map(({ path, data }) => ({ name: path, data }));
  const warm = files.filter(({ name }) => name.startsWith(WARM));
  return makeZip([
    { name: "META-INF/MANIFEST.MF", data: Buffer.from(manifest) },
    ...files.filter((file) => !warm.includes(file)),
    { name: "warm.jar", data: makeZip(warm) },
  ]);
}
