import type { DatabasePart } from "../../store/state-folder/state-part.ts";

const TENANT = "tenant IN (SELECT id FROM own)";
const QUEUES = `(SELECT queue FROM queues WHERE ${TENANT})`;
const QUEUE = "queues.queue";
const SEQ = "messages.seq";

export const queuesPart: DatabasePart = {
  kind: "database",
  path: "queues.db",
  tables: [
    { name: "queues", of: TENANT, numbers: { queue: QUEUE } },
    { name: "groups", of: `queue IN ${QUEUES}`, numbers: { grp: "groups.grp", queue: QUEUE } },
    {
      name: "messages",
      of: `queue IN ${QUEUES}`,
      numbers: { seq: SEQ, queue: QUEUE, grp: "groups.grp", body: "bodies.body", origin: QUEUE },
    },
    // A message with its text in its own row has none of them, whatever number it got when it was put beside those of others.
    {
      name: "bodies",
      of: `body IN (SELECT body FROM messages WHERE queue IN ${QUEUES} AND about IS NULL)`,
      numbers: { body: "bodies.body" },
    },
    { name: "dedups", of: `queue IN ${QUEUES}`, numbers: { queue: QUEUE, seq: SEQ } },
    { name: "moves", of: TENANT, numbers: { move: "moves.move", queue: QUEUE, last_seq: SEQ } },
  ],
};
