import type { Bundle } from "../../store/catalog/catalog.ts";
import { type UploadBundle, UnreadFiles } from "../../store/catalog/unread-files.ts";

/** Bundles of which none is of large files. */
export function inMemory(bundles: UploadBundle[]): Bundle[] {
  return bundles.map(({ code, ...rest }) => {
    if (code instanceof UnreadFiles) throw new Error(`the files are large: ${code.size} bytes`);
    return { ...rest, code };
  });
}
