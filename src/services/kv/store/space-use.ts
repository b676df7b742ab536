import type { DatabaseSync } from "node:sqlite";
import type { SpaceUse } from "../../../store/group-commit/space-use.ts";
import type { Write } from "../kv.ts";
import type { Command } from "../redis/commands.ts";
import { type CommandName, specs } from "../redis/specs.ts";

/** What is not named needs space, or only reads. A time at which a key expires is an entry of an index. */
const commandUses: Partial<Record<CommandName, SpaceUse>> = {
  DEL: "frees",
  UNLINK: "frees",
  FLUSHDB: "frees",
  FLUSHALL: "frees",
  GETDEL: "frees",
  HDEL: "frees",
  LPOP: "frees",
  RPOP: "frees",
  BLPOP: "frees",
  BRPOP: "frees",
  LREM: "frees",
  LTRIM: "frees",
  SREM: "frees",
  SPOP: "frees",
  EXPIRE: "finishes",
  PEXPIRE: "finishes",
  EXPIREAT: "finishes",
  PEXPIREAT: "finishes",
};

/** A step, or a batch, is to the disk what the most demanding part of it is. */
export function spaceUse(
  operation: string,
  argument: { writes?: readonly Write[]; commands?: readonly Command[] },
  _db: DatabaseSync,
): SpaceUse {
  if (operation === "sweep" || operation === "drop") return "frees";
  const { writes = [], commands = [] } = argument;
  const all = new Set([...writes.map(({ kind }): SpaceUse => (kind === "remove" ? "frees" : "needs")), ...commands.map(useOfCommand)]);
  return all.has("needs") ? "needs" : all.has("finishes") ? "finishes" : "frees";
}

function useOfCommand({ name }: Command): SpaceUse {
  const known = specs[name as CommandName];
  return known.writes ? (commandUses[name as CommandName] ?? "needs") : "frees";
}
