/** Reads a revision's code out of the tables, a part at a time, and checks that it is what was deployed. */
import type { FilesForm } from "../../base/kind/files-form.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { filesLengths, LIST_AT } from "./app-files.ts";
import { FILES_FORMAT, type StoredCode } from "./catalog.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Manifest } from "./manifest.ts";
import type { StoredRevision } from "./queries/revisions.ts";
import { addLarge, beginDigest, nextTurn } from "./revision-digest.ts";

type Parts = Pick<CatalogParts, "queries" | "file" | "code" | "large" | "reclaimer">;

/** How many bytes are read and hashed in one turn of the event loop. */
const TURN_BYTES = 1_048_576;

/** Throws "no-such-version". */
export function codeOf(parts: Parts, id: string): StoredCode {
  const row = revisionRow(parts, id);
  const bundles = parts.queries.revisions.functions(id);
  const functions = bundles.flatMap(({ name, format, bytes }) => (format === FILES_FORMAT ? [] : [{ function: name, format, bytes }]));
  return {
    functions,
    files: filesOf(parts, row, bundles),
    parts: (withoutFiles = false) => partsOf(parts, row, withoutFiles),
  };
}

type StoredBundles = ReturnType<Parts["queries"]["revisions"]["functions"]>;

/** The lengths stand at the beginning of the files' bundle. */
function filesOf({ code, file, large, reclaimer }: Parts, { name, number }: StoredRevision, bundles: StoredBundles): StoredCode["files"] {
  const bundle = bundles.find(({ format }) => format === FILES_FORMAT);
  if (bundle === undefined) return undefined;
  if (bundle.stored > 0) {
    const list = large.listBytes(bundle.code);
    const own = { path: (form: FilesForm) => large.path(bundle.code, form), keep: () => keptUntil(code.keep([bundle.code]), reclaimer) };
    return { list, bytes: bundle.bytes - LIST_AT - list, large: own };
  }
  const begin = code.read(bundle.code).next().value;
  const lengths = begin === undefined ? undefined : filesLengths(begin, bundle.bytes);
  if (lengths !== undefined) return lengths;
  throw new MayflyError("state-damaged", { file, what: `the files of app ${name}, revision ${number}, are not what was deployed` });
}

/** What was removed meanwhile is removed from the disk afterwards. */
function keptUntil(release: () => void, reclaimer: Parts["reclaimer"]): () => void {
  return () => {
    release();
    reclaimer.start();
  };
}

async function* partsOf(
  parts: Parts,
  { id, manifest, digest, name, number }: StoredRevision,
  withoutFiles: boolean,
): AsyncGenerator<Uint8Array, void> {
  const { queries, code, file, large } = parts;
  // The revision may have been removed since its functions were listed.
  revisionRow(parts, id);
  const functions = queries.revisions.functions(id);
  const what = `the code of app ${name}, revision ${number}, is not what was deployed`;
  const damaged = (cause?: unknown) => new MayflyError("state-damaged", { file, what }, cause);
  const release = code.keep(functions.map((each) => each.code));
  try {
    // The stored manifest is hashed as it is, because parsing adds the keys that a newer Mayfly knows.
    const hash = beginDigest(parsed(manifest, damaged));
    let sinceTurn = 0;
    for (const each of functions) {
      if (each.stored > 0) {
        addLarge(hash, each.code, each.bytes);
        if (!withoutFiles) yield* large.read(each.code);
        continue;
      }
      hash.bundle(each.name, each.format, each.bytes);
      // A machine is told the length of the files' list beforehand.
      let skipped = each.format === FILES_FORMAT ? LIST_AT : 0;
      for (const part of code.read(each.code)) {
        sinceTurn += part.byteLength;
        if (sinceTurn > TURN_BYTES) {
          await nextTurn();
          sinceTurn = part.byteLength;
        }
        hash.code(part);
        yield part.subarray(skipped);
        skipped = 0;
      }
    }
    if (hash.hex() !== digest) throw damaged();
  } finally {
    release();
  }
}

function parsed(manifest: string, damaged: (cause: unknown) => MayflyError): Manifest {
  try {
    return JSON.parse(manifest) as Manifest;
  } catch (error) {
    throw damaged(error);
  }
}

function revisionRow({ queries }: Parts, id: string): StoredRevision {
  const row = queries.revisions.byId(id);
  if (row === undefined) throw new MayflyError("no-such-version", { app: "", version: id });
  return row;
}
