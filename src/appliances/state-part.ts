import type { DatabasePart } from "../store/state-folder/state-part.ts";

/** Their volumes are not in a backup: a program writes them while it runs, so that a copy would be of no one moment. */
export const appliancesPart: DatabasePart = {
  kind: "database",
  path: "appliances.db",
  tables: [{ name: "appliances", of: "tenant IN (SELECT id FROM own)" }],
};
