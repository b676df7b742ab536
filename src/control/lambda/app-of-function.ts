/** Makes of a function's zip files what a deploy takes: a manifest, the function's code and the app's files. */
import { MayflyError } from "../../base/errors/error.ts";
import { LAYERS_FOLDER } from "../../base/kind/layers-folder.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import { parseManifest } from "../../store/catalog/parse-manifest.ts";
import type { Bundle, Catalog } from "../../store/catalog/catalog.ts";
import { FILES, FILES_FORMAT } from "../../store/catalog/catalog.ts";
import { filesHead, MOST_FILES } from "../../store/catalog/app-files.ts";
import type { LargeDraft } from "../../store/large-files/large-files.ts";
import type { LambdaStore } from "../../store/lambda/lambda-store.ts";
import { readZip, type ZipEntry } from "../../store/lambda/read-zip.ts";
import type { FunctionRecord } from "../../store/lambda/records.ts";
import { nodeEntry, nodeLoader } from "./node-loader.ts";
import { appOf } from "./place.ts";
import { ourRuntime } from "./runtimes.ts";
import { isWrapped, runtimeFiles, WRAPPED_ENTRY } from "./wrapped/wrapped-node.ts";

/** AWS's limit for code and layers together, unpacked, in bytes. */
export const UNZIPPED_BYTES = 262_144_000;
/** Lambda gives a function as many environments as it has calls, up to the account's limit; here the host's limits are lower. */
const MOST_MACHINES = 100;

export interface AppOfFunction {
  manifest: Manifest;
  bundles: Bundle[];
  /** The caller discards it after the deploy. */
  large: LargeDraft | undefined;
}

/**
 * Rejects with UnreadableZip, "bad-manifest", "code-too-large", "disk-full".
 * @param before the manifest of the app as it is live; undefined: there is none yet
 */
export async function appOfFunction(
  { store, catalog }: { store: Pick<LambdaStore, "zips">; catalog: Pick<Catalog, "receiveFiles"> },
  tenant: string,
  record: FunctionRecord,
  before: Manifest | undefined,
): Promise<AppOfFunction> {
  const files = await filesOf(store, record);
  const received = await sent(catalog, tenant, files);
  const kept = keptOf(record.name, before);
  const { manifest, code } = described(record, files, kept);
  const function_: Bundle = { function: kept.name, ...code };
  if ("draft" in received) return { manifest, bundles: [function_], large: received.draft };
  return { manifest, bundles: [function_, { function: FILES, format: FILES_FORMAT, code: received.bundle }], large: undefined };
}

/** The files of the function and, in a folder of their own, those of its layers. Of two layers' files of one path, that of the later layer counts. */
async function filesOf({ zips }: Pick<LambdaStore, "zips">, { code, layers, settings }: FunctionRecord): Promise<ZipEntry[]> {
  if (code === null) throw new MayflyError("bad-request", { what: "the function has no zip file" });
  const limits = { files: MOST_FILES, bytes: UNZIPPED_BYTES };
  const files = new Map((await readZip(await zips.read(code), limits)).map((entry) => [entry.path, entry]));
  for (const layer of layers)
    for (const entry of await readZip(await zips.read(layer), limits)) {
      const path = `${LAYERS_FOLDER}/${entry.path}`;
      files.set(path, { ...entry, path });
    }
  if (isWrapped(settings)) for (const file of runtimeFiles()) files.set(file.path, file);
  return [...files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Hands the files over as an upload brings them: the list first, then the contents, of which one chunk is in memory at a time. */
async function sent(
  catalog: Pick<Catalog, "receiveFiles">,
  tenant: string,
  files: ZipEntry[],
): Promise<{ bundle: Uint8Array } | { draft: LargeDraft }> {
  const incoming = catalog.receiveFiles(tenant);
  try {
    await incoming.push(filesHead(files.map(({ path, bytes, executable }) => [path, bytes, executable])));
    for (const file of files) for await (const chunk of file.read()) await incoming.push(chunk);
    return await incoming.end();
  } catch (error) {
    await incoming.discard();
    throw error;
  }
}

/** What was said of an app in its mayfly.json and this API has no words for. Without it, another zip file would open an app to everybody, or to the internet. */
const KEPT =
  "access rate cors ips isolation hosts routes previews network mounts secrets inject bodyLimitBytes webSockets compress queue minMachines maxMachines waitWorth vcpus kernel";
const KEPT_OF_FUNCTION = "access rate cors ips isolation payload";

interface Kept {
  /** The function's name in its app. */
  name: string;
  ofApp: Partial<Manifest>;
  ofFunction: Partial<Manifest["functions"][string]>;
}

function keptOf(app: string, before: Manifest | undefined): Kept {
  // As at AWS: who may call a function is who may sign for it. Its URL may be for everybody.
  if (before === undefined)
    return { name: app, ofApp: { access: ["aws", "token"], network: "egress", maxMachines: MOST_MACHINES }, ofFunction: {} };
  const [name = app, ...others] = Object.keys(before.functions);
  if (others.length > 0) throw new MayflyError("bad-request", { what: `the app ${app} has several functions` });
  // The folder of static files is not in the zip file.
  const hosts = Object.fromEntries(Object.entries(before.hosts).filter(([, to]) => to !== before.static));
  return { name, ofApp: { ...picked(before, KEPT), hosts }, ofFunction: picked(before.functions[name] ?? {}, KEPT_OF_FUNCTION) };
}

function picked<T extends object>(from: T, keys: string): Partial<T> {
  const wanted = new Set(keys.split(" "));
  return Object.fromEntries(Object.entries(from).filter(([key]) => wanted.has(key))) as Partial<T>;
}

function described(
  record: FunctionRecord,
  files: ZipEntry[],
  { name: inner, ofApp, ofFunction }: Kept,
): { manifest: Manifest; code: Pick<Bundle, "format" | "code"> } {
  const { settings } = record;
  const own = ourRuntime(settings.Runtime);
  if (own === undefined) throw new MayflyError("bad-request", { what: `there is no runtime ${settings.Runtime} here` });
  const isOfWrapper = isWrapped(settings);
  const runtime = isOfWrapper ? "provided" : own;
  const paths = new Set(files.map(({ path }) => path));
  const { entry: usual, handler, code } = placed[runtime](settings.Handler, paths, files);
  const entry = isOfWrapper ? WRAPPED_ENTRY : usual;
  const manifest = {
    ...ofApp,
    name: appOf(record),
    functions: { [inner]: { ...ofFunction, entry, handler, ...durableKey(settings) } },
    runtime,
    memoryMb: settings.MemorySize,
    timeoutMs: settings.Timeout * 1_000,
    // Code that was written for Lambda may rely on being called once at a time.
    concurrency: 1,
    ...(settings.TenancyConfig !== undefined && { isolation: "tenant-key" }),
    ...(settings.SnapStart.ApplyOn === "PublishedVersions" && { snapshot: true }),
    env: settings.Environment?.Variables ?? {},
  };
  return { manifest: parseManifest(JSON.stringify(manifest), `The function ${record.name}`), code };
}

function durableKey({ DurableConfig }: FunctionRecord["settings"]): object {
  if (DurableConfig === undefined) return {};
  return { durable: { timeoutS: DurableConfig.ExecutionTimeout, retentionDays: DurableConfig.RetentionPeriodInDays } };
}

interface Placed {
  entry: string;
  handler: string;
  code: Pick<Bundle, "format" | "code">;
}

/** Where the handler's code is, by AWS's rules for each language. Whether it is there shows at the first call, as in Lambda. */
const placed: Record<"node" | "python" | "java" | "provided", (handler: string, paths: ReadonlySet<string>, files: ZipEntry[]) => Placed> =
  {
    node(handler, paths) {
      const { path, names } = handlerParts(handler);
      const entry = nodeEntry(path, paths);
      return { entry, handler: names, code: nodeLoader(entry, path, names) };
    },
    python(handler) {
      const at = handler.lastIndexOf(".");
      const [module, name] = at < 0 ? [handler, "handler"] : [handler.slice(0, at), handler.slice(at + 1)];
      return { entry: `${module.replaceAll(".", "/")}.py`, handler: name, code: amongFiles("python") };
    },
    java: (handler) => ({ entry: ".", handler, code: amongFiles("java") }),
    provided(handler, paths) {
      const own = paths.has("bootstrap") || !paths.has(`${LAYERS_FOLDER}/bootstrap`);
      return {
        entry: own ? "bootstrap" : `${LAYERS_FOLDER}/bootstrap`,
        handler: handler === "" ? "handler" : handler,
        code: amongFiles("provided"),
      };
    },
  };

/** "src/app.api.get" is the export api.get of the file src/app. */
function handlerParts(handler: string): { path: string; names: string } {
  const folderEnd = handler.lastIndexOf("/") + 1;
  const dot = handler.indexOf(".", folderEnd);
  return dot < 0 ? { path: handler, names: "handler" } : { path: handler.slice(0, dot), names: handler.slice(dot + 1) };
}

function amongFiles(format: Bundle["format"]): Pick<Bundle, "format" | "code"> {
  return { format, code: new Uint8Array() };
}
