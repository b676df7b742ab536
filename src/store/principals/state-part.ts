import type { DatabasePart } from "../state-folder/state-part.ts";

const PRINCIPALS = "(SELECT id FROM principals WHERE tenant IN (SELECT id FROM own))";

export const principalsPart: DatabasePart = {
  kind: "database",
  path: "principals.db",
  tables: [
    { name: "principals", of: "tenant IN (SELECT id FROM own)" },
    { name: "tokens", of: `principal IN ${PRINCIPALS}` },
    { name: "keys", of: `principal IN ${PRINCIPALS}` },
  ],
};
