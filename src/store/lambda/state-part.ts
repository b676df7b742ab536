import type { DatabasePart, FolderPart } from "../state-folder/state-part.ts";

const OF = "tenant IN (SELECT id FROM own)";

export const lambdaPart: DatabasePart = {
  kind: "database",
  path: "lambda.db",
  tables: ["records", "zips", "layer_numbers", "totals", "unsettled"].map((name) => ({ name, of: OF })),
  content: "SELECT digest FROM zips",
};

export const zipsPart: FolderPart = {
  kind: "folder",
  path: "lambda-zips",
  isContent: true,
  of: (path, { content }) => content.has(path),
};
