/** A real agent for Java, run by Debian's Java from the cache, and bound to handlers that are compiled for the test. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../../../../base/config/load.ts";
import { makeZip } from "../../../../images/archive/make-zip.ts";
import { ensureJavaAgent } from "../../../../images/java/agent-jar.ts";
import { javaFlags } from "../../../../images/java/java-command.ts";
import { fetchJava, javacCommand } from "../../../../images/java/java-runtime.ts";
import { putFile } from "../../../../images/put-file.ts";
import type { HostEndEvents } from "../../../../wire/host-end.ts";
import type { BindMessage } from "../../../../wire/protocol.ts";
import type { AgentProcess } from "../../../conformance/adapter.ts";
import { type InNetwork, type RunningAgent, startAgentProcess } from "../../../testing/running-agent.ts";

const { cacheDir } = loadConfig({});
const compilerOptions = ["-encoding", "UTF-8", "-proc:none", "-g"];
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
  inNetwork?: InNetwork;
  egress?: Partial<HostEndEvents>;
  /** Another way to start it than as a child with its channel on descriptor 3. */
  start?: (places: Places) => Promise<AgentProcess>;
}

interface Places {
  /** Is made, because Java cannot change its working directory, and so is started in it. */
  taskRoot: string;
  temporary: string;
}

export async function startJavaAgent({ entropy, egress, start: other, ...options }: JavaAgentOptions = {}): Promise<JavaAgent> {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-java-"));
  const taskRoot = join(folder, "task");
  const temporary = join(folder, "tmp");
  mkdirSync(temporary);
  const start = () => (other === undefined ? spawnJavaAgent({ ...options, taskRoot, temporary }) : other({ taskRoot, temporary }));
  const given = { ...(entropy === undefined ? {} : { entropy }), ...(egress === undefined ? {} : { egress }) };
  const agent = await startAgentProcess({ taskRoot, start, ...given });
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

type Spawning = Pick<JavaAgentOptions, "flags" | "console" | "inNetwork"> & Partial<Places> & Pick<Places, "taskRoot">;

/** Starts the agent with its channel on descriptor 3. */
export async function spawnJavaAgent({ taskRoot, temporary = dirname(taskRoot), flags = [], console = false, inNetwork }: Spawning) {
  const jar = await ensureJavaAgent({ cacheDir });
  const { command } = await fetchJava(cacheDir);
  const all = [...command, ...javaFlags, ...flags, "-jar", jar];
  const { command: whole, env: added } = inNetwork?.(all) ?? { command: all, env: {} };
  const env = {
    PATH: process.env["PATH"],
    LANG: "C.UTF-8",
    MAYFLY_CHANNEL: "fd:3",
    MAYFLY_TASK_ROOT: taskRoot,
    TMPDIR: temporary,
    HOST_ONLY: "secret",
    ...added,
  };
  mkdirSync(taskRoot, { recursive: true });
  const child: ChildProcess = spawn(whole[0]!, whole.slice(1), {
    stdio: ["ignore", "inherit", console ? "pipe" : "inherit", "pipe"],
    cwd: taskRoot,
    env,
  });
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

/** The classes of the handlers of these tests, by their paths. */
export function compileHandlers(): Promise<Map<string, Buffer>> {
  return compileFolder(handlerFolder);
}

/**
 * Compiles the files of a folder against the interfaces that the agent brings, and returns the classes by their paths. They stay in the cache folder, by what they are made of: many
 * test files compile the same handlers.
 */
export async function compileFolder(sources: string): Promise<Map<string, Buffer>> {
  const [{ root }, jar] = await Promise.all([fetchJava(cacheDir), ensureJavaAgent({ cacheDir })]);
  const files = readdirSync(sources).map((name) => join(sources, name));
  const texts = files.map((file) => [basename(file), readFileSync(file, "utf8")]);
  const key = createHash("sha256")
    .update(JSON.stringify([root, jar, compilerOptions, texts]))
    .digest("hex");
  const folder = join(cacheDir, "test-programs/java");
  const kept = join(folder, `${key.slice(0, 32)}.json`);
  if (existsSync(kept))
    return new Map(
      (JSON.parse(readFileSync(kept, "utf8")) as [string, string][]).map(([path, data]) => [path, Buffer.from(data, "base64")]),
    );
  const classes = await compile(files);
  mkdirSync(folder, { recursive: true });
  await putFile(kept, JSON.stringify([...classes].map(([path, data]) => [path, data.toString("base64")])));
  return classes;
}

function compile(files: string[]): Promise<Map<string, Buffer>> {
  return withClasses(files, (folder) => {
    const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = found.map((entry) => join(entry.parentPath, entry.name));
    return new Map(paths.map((path) => [relative(folder, path), readFileSync(path)]));
  });
}

/** Compiles a file that uses the agent's classes, runs its class's main(), and returns what it prints. */
export async function runJava(file: string, name: string, input: Buffer, flags: string[] = []): Promise<string> {
  const [{ command }, jar] = [await fetchJava(cacheDir), await ensureJavaAgent({ cacheDir })];
  const [java, ...args] = command;
  return withClasses([file], (folder) => {
    const all = [...args, ...javaFlags, ...flags, "-cp", `${jar}:${folder}`, name];
    return execFileSync(java, all, { env: {}, input, encoding: "utf8", stdio: ["pipe", "pipe", "inherit"], maxBuffer: 64 << 20 });
  });
}

async function withClasses<T>(files: string[], use: (folder: string) => T): Promise<T> {
  const [javac, ...args] = await javacCommand(await fetchJava(cacheDir));
  const folder = mkdtempSync(join(tmpdir(), "mayfly-javac-"));
  try {
    const given = [...compilerOptions, "-cp", await ensureJavaAgent({ cacheDir }), "-d", folder];
    execFileSync(javac, [...args, ...given, ...files], { env: {}, stdio: ["ignore", "ignore", "inherit"] });
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function jarOf(classes: Map<string, Buffer>): Buffer {
  return makeZip([...classes].map(([name, data]) => ({ name, data })));
}
