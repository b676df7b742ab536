import type { FolderPart } from "../../store/state-folder/state-part.ts";

/** A folder for each tenant, in which its apps have theirs. */
export const sqlPart: FolderPart = {
  kind: "folder",
  path: "sql",
  hasDatabases: true,
  of: (path, { own }) => own.has(path.split("/", 1)[0]!),
};
