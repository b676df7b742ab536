/** Puts together what was bundled of each of an app's parts. Every machine of the app has all files, whichever part they were found for. */
import { MayflyError } from "../base/errors/error.ts";
import { LIST_AT, MOST_FILES, readEntries } from "../store/catalog/app-files.ts";
import { FILES, FILES_FORMAT } from "../store/catalog/catalog.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { type UploadBundle, bytesOf, contentsOf, type UnreadFile, UnreadFiles } from "../store/catalog/unread-files.ts";
import { areLarge, MOST_BYTES } from "../store/large-files/large-files.ts";
import type { BundledPart } from "./bundled-app.ts";

/** @param file the manifest, for errors. Throws "bad-manifest" if two parts have different files of one path, or all have too many, and with "code-too-large". */
export function mergeParts(parts: BundledPart[], { functions }: Manifest, file: string): BundledPart {
  if (parts.length === 1) return parts[0]!;
  const all = parts.flatMap(({ bundles }) => bundles);
  const code = new Map(all.filter(({ format }) => format !== FILES_FORMAT).map((bundle) => [bundle.function, bundle]));
  const files = mergedFiles(
    all.filter(({ format }) => format === FILES_FORMAT),
    file,
  );
  const named = new Set(parts.flatMap((part) => part.files.named));
  const bytes = files.values().reduce((sum, { content }) => sum + bytesOf(content), 0);
  if (areLarge(files.size, bytes) && bytes > MOST_BYTES) throw new MayflyError("code-too-large", { bytes, limit: MOST_BYTES });
  return {
    bundles: [...Object.keys(functions).map((name) => code.get(name)!), ...(files.size === 0 ? [] : [bundleOf(files, bytes)])],
    warnings: [...new Set(parts.flatMap(({ warnings }) => warnings))],
    files: { count: files.size, bytes, named: [...named].toSorted() },
    commands: parts.flatMap(({ commands = [] }) => commands),
  };
}

function mergedFiles(bundles: UploadBundle[], file: string): Map<string, UnreadFile> {
  const merged = new Map<string, UnreadFile>();
  for (const own of bundles.flatMap(filesIn)) {
    const other = merged.get(own.path);
    if (other !== undefined && !sameBytes(other, own)) {
      const what = `functions of two runtimes each bring a file ${own.path}, and these files differ`;
      throw new MayflyError("bad-manifest", { file, what });
    }
    // A program is executable in all machines.
    merged.set(own.path, { ...own, executable: own.executable || other?.executable === true });
  }
  if (merged.size <= MOST_FILES) return merged;
  const what = `its functions bring ${merged.size} files; ${MOST_FILES} may travel with an app`;
  throw new MayflyError("bad-manifest", { file, what });
}

function filesIn({ code }: UploadBundle): readonly UnreadFile[] {
  if (code instanceof UnreadFiles) return code.files;
  const length = new DataView(code.buffer, code.byteOffset).getUint32(0, true);
  let at = LIST_AT + length;
  return readEntries(code.subarray(LIST_AT, at)).map(([path, bytes, executable]) => ({
    path,
    content: code.subarray(at, (at += bytes)),
    executable,
  }));
}

function sameBytes(a: UnreadFile, b: UnreadFile): boolean {
  if (bytesOf(a.content) !== bytesOf(b.content)) return false;
  const others = contentsOf([b]);
  try {
    for (const piece of contentsOf([a])) if (Buffer.compare(piece, others.next().value ?? NOTHING) !== 0) return false;
    return true;
  } finally {
    // It has its file open until then.
    others.return();
  }
}

const NOTHING = Buffer.alloc(0);

/** Of large files only the list is in memory. */
function bundleOf(files: Map<string, UnreadFile>, bytes: number): UploadBundle {
  const code = new UnreadFiles([...files.values()]);
  return {
    function: FILES,
    format: FILES_FORMAT,
    code: areLarge(files.size, bytes) ? code : Buffer.concat(Array.from(code.pieces(), (piece) => Buffer.from(piece))),
  };
}
