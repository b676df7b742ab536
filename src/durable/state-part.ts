import type { DatabasePart } from "../store/state-folder/state-part.ts";

const APPS = "app IN (SELECT id FROM own)";
const EXECUTIONS = `(SELECT seq FROM executions WHERE ${APPS})`;
const SEQ = "executions.seq";

export const durablePart: DatabasePart = {
  kind: "database",
  path: "durable.db",
  tables: [
    { name: "executions", of: APPS, numbers: { seq: SEQ, parent: SEQ } },
    { name: "open", of: APPS },
    { name: "contents", of: `seq IN ${EXECUTIONS}`, numbers: { seq: SEQ } },
    { name: "operations", of: `seq IN ${EXECUTIONS}`, numbers: { number: "operations.number", seq: SEQ } },
    { name: "history", of: `seq IN ${EXECUTIONS}`, numbers: { seq: SEQ } },
  ],
};
