/** Puts together what was bundled of each of an app's parts. Every machine of the app has all files, whichever part they were found for. */
import { MayflyError } from "../base/errors/error.ts";
import { filesHead, LIST_AT, MOST_FILES, readEntries } from "../store/catalog/app-files.ts";
import { FILES, FILES_FORMAT, type UploadBundle } from "../store/catalog/catalog.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { areLarge, MOST_BYTES } from "../store/large-files/large-files.ts";
import type { BundledPart } from "./bundled-app.ts";

/** Its bytes may be on the disk. */
interface File {
  content: Blob;
  executable: boolean;
}

/** Bytes of two files that are compared at a time. */
const PIECE = 1_048_576;

/** @param file the manifest, for errors. Rejects with "bad-manifest" if two parts have different files of one path, or all have too many, and with "code-too-large". */
export async function mergeParts(parts: BundledPart[], { functions }: Manifest, file: string): Promise<BundledPart> {
  if (parts.length === 1) return parts[0]!;
  const all = parts.flatMap(({ bundles }) => bundles);
  const code = new Map(all.filter(({ format }) => format !== FILES_FORMAT).map((bundle) => [bundle.function, bundle]));
  const files = await mergedFiles(
    all.filter(({ format }) => format === FILES_FORMAT),
    file,
  );
  const named = new Set(parts.flatMap((part) => part.files.named));
  const bytes = files.values().reduce((sum, { content }) => sum + content.size, 0);
  if (areLarge(files.size, bytes) && bytes > MOST_BYTES) throw new MayflyError("code-too-large", { bytes, limit: MOST_BYTES });
  return {
    bundles: [...Object.keys(functions).map((name) => code.get(name)!), ...(files.size === 0 ? [] : [await bundleOf(files, bytes)])],
    warnings: [...new Set(parts.flatMap(({ warnings }) => warnings))],
    files: { count: files.size, bytes, named: [...named].toSorted() },
    commands: parts.flatMap(({ commands = [] }) => commands),
  };
}

async function mergedFiles(bundles: UploadBundle[], file: string): Promise<Map<string, File>> {
  const merged = new Map<string, File>();
  for (const bundle of bundles)
    for (const [path, own] of await filesIn(bundle)) {
      const other = merged.get(path);
      if (other !== undefined && !(await sameBytes(other.content, own.content))) {
        const what = `functions of two runtimes each bring a file ${path}, and these files differ`;
        throw new MayflyError("bad-manifest", { file, what });
      }
      // A program is executable in all machines.
      merged.set(path, { ...own, executable: own.executable || other?.executable === true });
    }
  if (merged.size <= MOST_FILES) return merged;
  const what = `its functions bring ${merged.size} files; ${MOST_FILES} may travel with an app`;
  throw new MayflyError("bad-manifest", { file, what });
}

/** By their paths. */
async function filesIn({ code }: UploadBundle): Promise<[string, File][]> {
  const all = code instanceof Blob ? code : new Blob([Buffer.from(code)]);
  const length = new DataView(await all.slice(0, LIST_AT).arrayBuffer()).getUint32(0, true);
  const entries = readEntries(await all.slice(LIST_AT, LIST_AT + length).bytes());
  let at = LIST_AT + length;
  return entries.map(([path, bytes, executable]) => [path, { content: all.slice(at, (at += bytes)), executable }]);
}

async function sameBytes(a: Blob, b: Blob): Promise<boolean> {
  if (a.size !== b.size) return false;
  for (let at = 0; at < a.size; at += PIECE) {
    const [one, other] = await Promise.all([a.slice(at, at + PIECE).bytes(), b.slice(at, at + PIECE).bytes()]);
    if (Buffer.compare(one, other) !== 0) return false;
  }
  return true;
}

/** Of large files only the list is in memory. */
async function bundleOf(files: Map<string, File>, bytes: number): Promise<UploadBundle> {
  const sorted = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const head = filesHead(sorted.map(([path, { content, executable }]) => [path, content.size, executable]));
  const code = new Blob([head, ...sorted.map(([, { content }]) => content)]);
  return { function: FILES, format: FILES_FORMAT, code: areLarge(files.size, bytes) ? code : await code.bytes() };
}
