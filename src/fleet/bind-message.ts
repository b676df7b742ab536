/** Makes the Bind message, which gives a machine to an app. */
import { randomBytes } from "node:crypto";
import { type Bindings, boundAs } from "../store/catalog/binding-schema.ts";
import type { StoredCode, Version } from "../store/catalog/catalog.ts";
import { mountMessages } from "../store/catalog/nfs-mounts.ts";
import { serviceVariables } from "../store/catalog/service-variables.ts";
import type { BindFunction, BindMessage, FolderFiles, LambdaMessage } from "../wire/protocol.ts";

/** A version's code, as the catalog gives it. */
export interface BoundCode extends Pick<StoredCode, "functions" | "files"> {
  parts: (withoutFiles?: boolean) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** What is told to the code of a function that AWS Lambda's API has made. The handler is as AWS names it. */
export type LambdaFunction = Omit<LambdaMessage, "logStream"> & Pick<BindFunction, "handler">;

interface BindExtras {
  /** Says where the files are in the machine, if it reads them where they lie on the host. */
  attached?: FolderFiles | undefined;
  /** A certificate that the app's TLS is to trust. */
  authority?: string | undefined;
  /** Of the functions that AWS Lambda's API has made, by name. */
  lambda?: Record<string, LambdaFunction> | undefined;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * @param code its functions are in the order in which their code follows, after the app's files
 */
export function bindMessage(
  version: Version,
  code: Omit<BoundCode, "parts">,
  secrets: Record<string, string>,
  { attached, authority, lambda = {}, now }: BindExtras,
): BindMessage {
  const { manifest } = version;
  const { functions, files } = code;
  // A function may be called `constructor`, as every object's prototype has it.
  const lambdaOf = (name: string) => (Object.hasOwn(lambda, name) ? lambda[name] : undefined);
  return {
    app: manifest.name,
    revision: version.id,
    functions: functions.map((each) => ({ ...bindFunction(version, each), ...lambdaPart(lambdaOf(each.function), now) })),
    ...(files === undefined ? {} : { files: attached ?? { type: "frames", list: files.list, bytes: files.bytes } }),
    ...(manifest.mounts !== undefined && { mounts: mountMessages(manifest.mounts) }),
    ...(manifest.bindings !== undefined && { bindings: boundIn(manifest.bindings) }),
    env: { ...serviceVariables(manifest, Object.keys(lambda).length > 0), ...manifest.env, ...secrets },
    memoryMb: manifest.memoryMb,
    concurrency: manifest.concurrency,
    egress: manifest.network !== "none",
    // As in AWS Lambda, the code is loaded before the first call, and not in its time.
    ...(functions.length === 1 && lambdaOf(functions[0]!.function) && { preload: functions[0]!.function }),
    ...(authority !== undefined && { authority }),
  };
}

function boundIn(bindings: Bindings): NonNullable<BindMessage["bindings"]> {
  return Object.fromEntries(Object.entries(bindings).map(([name, binding]) => [name, boundAs(binding)]));
}

function bindFunction({ manifest }: Version, { function: name, format, bytes }: BoundCode["functions"][number]): BindFunction {
  const { entry, command, handler = "handler" } = manifest.functions[name] ?? {};
  // Code without a byte of its own is among the app's files. A server's is what its command names there.
  // Java's is where the agent's class path leads, unless a function names a jar.
  const onClassPath = format === "java" && entry?.endsWith(".jar") !== true;
  const path = bytes > 0 || format === "cjs" || format === "esm" || onClassPath ? undefined : (entry ?? (command && "."));
  const source: BindFunction["source"] = path === undefined ? { type: "frames", bytes } : { type: "file", path };
  return { name, format, source, handler, ...(command && { command }) };
}

function lambdaPart(facts: LambdaFunction | undefined, now: number): Partial<BindFunction> {
  if (facts === undefined) return {};
  const { handler, ...lambda } = facts;
  return { handler, lambda: { ...lambda, logStream: logStreamOf(lambda.version, now) } };
}

/** As AWS names the streams of its machines: 2026/11/30/[$LATEST]0123…, with 32 hexadecimal digits. */
function logStreamOf(version: string, now: number): string {
  return `${new Date(now).toISOString().slice(0, 10).replaceAll("-", "/")}/[${version}]${randomBytes(16).toString("hex")}`;
}
