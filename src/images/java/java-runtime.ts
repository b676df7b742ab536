/**
 * Debian's Java 17, run from the cache: on the host it compiles, and in tests it runs what machines run. Debian's runtime contains the compiler, too, as a module, so that no JDK is needed.
 */
import { fetchProgramRoot, hostCommand, imageSuite } from "../debian/program-root.ts";

const javaPath = "/usr/lib/jvm/java-17-openjdk-amd64/bin/java";

interface JavaRuntime {
  /** The folder of its packages, which is another one for each set of versions. */
  root: string;
  /** Runs it on this host; parameters follow. */
  command: [string, ...string[]];
}

/** Rejects with "image-build-failed" if the packages cannot be had. */
export async function fetchJava(cacheDir: string, progress?: (step: string) => void): Promise<JavaRuntime> {
  const options = { suite: imageSuite, packages: ["openjdk-17-jre-headless"], cacheDir };
  const root = await fetchProgramRoot(progress === undefined ? options : { ...options, progress });
  return { root, command: await hostCommand(root, javaPath) };
}

/** The command that compiles; javac's own parameters follow. The compiler is short-lived, so that its code is not worth optimising. */
export function javacCommand({ command }: JavaRuntime): [string, ...string[]] {
  return [...command, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-m", "jdk.compiler/com.sun.tools.javac.Main"];
}
