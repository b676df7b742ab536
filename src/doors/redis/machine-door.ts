/** Redis' protocol for machines: who it is, is known by the machine, and the stores are those that its bindings name. A user's name, or SELECT, chooses one of several. */
import { asMayflyError } from "../../base/errors/error.ts";
import type { Shares } from "../../control/shares.ts";
import type { Store } from "../../services/kv/kv.ts";
import { boundAs } from "../../store/catalog/binding-schema.ts";
import type { ServiceCaller, StreamDoor } from "../internal/service-door.ts";
import { storeOf } from "../kv/store-of.ts";
import type { Identity, Refused } from "./identify.ts";
import type { OpenedRedis } from "./open-redis.ts";

const PORT = 6379;

export function createMachineDoor(redis: Pick<OpenedRedis, "accept">, shares: Pick<Shares, "kv">): StreamDoor {
  return { port: PORT, accept: (caller, connection) => redis.accept(connection, identityOf(shares, caller, onlyOne(caller))) };
}

/** The name of the store of an app that has one alone. */
function onlyOne({ bindings }: ServiceCaller): string | undefined {
  const names = new Set(Object.values(bindings).flatMap((binding) => ("kv" in binding ? [(boundAs(binding) as { kv: string }).kv] : [])));
  return names.size === 1 ? [...names][0] : undefined;
}

function identityOf(shares: Pick<Shares, "kv">, caller: ServiceCaller, name: string | undefined): Identity {
  return {
    holder: caller.tenant,
    storeOf: (writes) => (name === undefined ? CHOOSE : found(shares, caller, name, writes)),
    select(chosen) {
      const store = found(shares, caller, chosen, false);
      return "error" in store ? store : identityOf(shares, caller, chosen);
    },
  };
}

const CHOOSE: Refused = { error: "ERR the app has no key-value store, or several: choose one by SELECT <store>, or as the user's name" };

function found(shares: Pick<Shares, "kv">, caller: ServiceCaller, name: string, writes: boolean): Store | Refused {
  try {
    return storeOf(shares, caller, name, writes);
  } catch (error) {
    return { error: `${writes ? "NOPERM" : "ERR"} ${asMayflyError(error).message}` };
  }
}
