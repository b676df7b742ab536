/** A real agent for Java, run by Debian's Java from the cache, and bound to handlers that are compiled for the test. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../../../../base/config/load.ts";
import { makeZip } from "../../../../images/archive/make-zip.ts";
import { ensureJavaAgent } from "../../../../images/java/agent-jar.ts";
import { javaFlags } from "../../../../images/java/java-command.ts";
import { fetchJava, javacCommand } from "../../../../images/java/java-runtime.ts";
import type { BindMessage } from "../../../../wire/protocol.ts";
import { type RunningAgent, startAgentProcess } from "../../../testing/running-agent.ts";

const { cacheDir } = loadConfig({});
const handlerFolder = fileURLToPath(new URL("handlers", import.meta.url));

export interface JavaAgent extends RunningAgent {
  taskRoot: string;
  /** The folder of its temporary files. */
  temporary: string;
  /** What it has printed on its console when it has ended. */
  console(): Promise<string>;
  /** Binds the agent to handlers, by the functions' names, of one jar. */
  bindJar(handlers: Record<string, string>, jar: Buffer, message?: Partial<BindMessage>): Promise<void>;
}

interface JavaAgentOptions {
  entropy?: Buffer;
  /** Java's, beside the usual ones. */
  flags?: string[];
  /** Whether its console is kept, and not this test's own. */
  console?: boolean;
}

export async function startJavaAgent({ entropy, flags = [], console = false }: JavaAgentOptions = {}): Promise<JavaAgent> {
  const [jar, { command }] = [await ensureJavaAgent({ cacheDir }), await fetchJava(cacheDir)];
  const folder = mkdtempSync(join(tmpdir(), "mayfly-java-"));
  const taskRoot = join(folder, "task");
  const temporary = join(folder, "tmp");
  for (const each of [taskRoot, temporary]) mkdirSync(each);
  const start = async () => startIn(taskRoot, temporary, console, [...command, ...javaFlags, ...flags, "-jar", jar]);
  const agent = await startAgentProcess({ taskRoot, start, ...(entropy === undefined ? {} : { entropy }) });
  return {
    ...agent,
    taskRoot,
    temporary,
    console: () => text(agent.child.stderr!),
    bindJar: (handlers, code, message = {}) => agent.bind({}, { functions: functionsOf(handlers, code), ...message }, once(handlers, code)),
    async kill() {
      await agent.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startIn(
  taskRoot: string,
  temporary: string,
  console: boolean,
  [program, ...args]: string[],
): { child: ChildProcess; channel: Duplex } {
  const env = { PATH: process.env["PATH"], MAYFLY_CHANNEL: "fd:3", MAYFLY_TASK_ROOT: taskRoot, TMPDIR: temporary, HOST_ONLY: "secret" };
  const child = spawn(program!, args, { stdio: ["ignore", "inherit", console ? "pipe" : "inherit", "pipe"], cwd: taskRoot, env });
  return { child, channel: child.stdio[3] as Duplex };
}

/** Every function has the whole jar for its code. */
function functionsOf(handlers: Record<string, string>, jar: Buffer): BindMessage["functions"] {
  return Object.entries(handlers).map(([name, handler]) => ({
    name,
    format: "java" as const,
    source: { type: "frames" as const, bytes: jar.length },
    handler,
  }));
}

function once(handlers: Record<string, string>, jar: Buffer): Buffer {
  return Buffer.concat(Object.keys(handlers).map(() => jar));
}

/** Compiles the files of the folder `handlers` against the interfaces that the agent brings, and returns the classes by their paths. */
export async function compileHandlers(): Promise<Map<string, Buffer>> {
  return compileJava(readdirSync(handlerFolder).map((name) => join(handlerFolder, name)));
}

async function compileJava(files: string[]): Promise<Map<string, Buffer>> {
  return withClasses(files, (folder) => {
    const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = found.map((entry) => join(entry.parentPath, entry.name));
    return new Map(paths.map((path) => [relative(folder, path), readFileSync(path)]));
  });
}

/** Compiles a file that uses the agent's classes, runs its class's main(), and returns what it prints. */
export async function runJava(file: string, name: string, input: Buffer): Promise<string> {
  const [{ command }, jar] = [await fetchJava(cacheDir), await ensureJavaAgent({ cacheDir })];
  const [java, ...args] = command;
  return withClasses([file], (folder) => {
    const all = [...args, ...javaFlags, "-cp", `${jar}:${folder}`, name];
    return execFileSync(java, all, { env: {}, input, encoding: "utf8", stdio: ["pipe", "pipe", "inherit"], maxBuffer: 64 << 20 });
  });
}

async function withClasses<T>(files: string[], use: (folder: string) => T): Promise<T> {
  const [javac, ...args] = javacCommand(await fetchJava(cacheDir));
  const folder = mkdtempSync(join(tmpdir(), "mayfly-javac-"));
  try {
    const given = ["-encoding", "UTF-8", "-proc:none", "-parameters", "-g", "-cp", await ensureJavaAgent({ cacheDir }), "-d", folder];
    execFileSync(javac, [...args, ...given, ...files], { env: {}, stdio: ["ignore", "ignore", "inherit"] });
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function jarOf(classes: Map<string, Buffer>): Buffer {
  return makeZip([...classes].map(([name, data]) => ({ name, data })));
}
