/** Makes the Bind message, which gives a machine to an app. */
import type { StoredCode, Version } from "../store/catalog/catalog.ts";
import { mountMessages } from "../store/catalog/nfs-mounts.ts";
import type { BindFunction, BindMessage, FolderFiles } from "../wire/protocol.ts";

/** A version's code, as the catalog gives it. */
export interface BoundCode extends Pick<StoredCode, "functions" | "files"> {
  parts: (withoutFiles?: boolean) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/**
 * @param code its functions are in the order in which their code follows, after the app's files
 * @param attached says where the files are in the machine, if it reads them where they lie on the host
 * @param authority a certificate that the app's TLS is to trust
 */
export function bindMessage(
  version: Version,
  code: Omit<BoundCode, "parts">,
  secrets: Record<string, string>,
  attached?: FolderFiles,
  authority?: string,
): BindMessage {
  const { manifest } = version;
  const { functions, files } = code;
  return {
    app: manifest.name,
    revision: version.id,
    functions: functions.map((each) => bindFunction(version, each)),
    ...(files === undefined ? {} : { files: attached ?? { type: "frames", list: files.list, bytes: files.bytes } }),
    ...(manifest.mounts !== undefined && { mounts: mountMessages(manifest.mounts) }),
    env: { ...manifest.env, ...secrets },
    memoryMb: manifest.memoryMb,
    concurrency: manifest.concurrency,
    egress: manifest.network !== "none",
    ...(authority !== undefined && { authority }),
  };
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
