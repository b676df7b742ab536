import type { DatabasePart } from "../store/state-folder/state-part.ts";

const LANES = "(SELECT lane FROM lanes WHERE app IN (SELECT id FROM own))";
const LANE = "lanes.lane";
const SEQ = "events.seq";
const TENANT = "tenant IN (SELECT id FROM own)";
const RULE = "rules.rule";

export const eventsPart: DatabasePart = {
  kind: "database",
  path: "events.db",
  tables: [
    { name: "lanes", of: "app IN (SELECT id FROM own)", numbers: { lane: LANE } },
    { name: "events", of: `lane IN ${LANES}`, numbers: { seq: SEQ, lane: LANE } },
    { name: "payloads", of: `seq IN (SELECT seq FROM events WHERE lane IN ${LANES})`, numbers: { seq: SEQ } },
    { name: "keys", of: `lane IN ${LANES}`, numbers: { lane: LANE } },
    { name: "ended", of: `lane IN ${LANES}`, numbers: { seq: SEQ, lane: LANE } },
    { name: "triggers", of: "app IN (SELECT id FROM own)", numbers: { trigger: "triggers.trigger" } },
    { name: "trigger_apps", of: "app IN (SELECT id FROM own)" },
    { name: "dead", of: `lane IN ${LANES}`, numbers: { seq: SEQ, lane: LANE } },
    { name: "buses", of: TENANT },
    { name: "rules", of: TENANT, numbers: { rule: RULE } },
    { name: "targets", of: `rule IN (SELECT rule FROM rules WHERE ${TENANT})`, numbers: { rule: RULE } },
    { name: "schedule_groups", of: TENANT },
    { name: "held", of: "app IN (SELECT id FROM own)" },
    { name: "schedule_counts", of: TENANT },
  ],
};
