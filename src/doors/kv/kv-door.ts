/**
 * Key-value stores for machines, over HTTP:
 *
 *     GET | PUT | DELETE  /v1/<store>/values/<key>
 *     GET                 /v1/<store>/keys?prefix=&limit=&cursor=
 *     POST                /v1/<store>/counters/<key>?by=
 *     POST                /v1/<store>/batch
 *     GET                 /v1/<store>/changes?prefix=&since=
 *
 * 1. A machine reaches the stores that its revision's bindings name: of its own app, and as `<app>:<store>` those that an app of its tenant shares with it now.
 * 2. The bytes of values that are on their way are bounded, for all apps together and so that no app has all of them.
 */
import { MayflyError } from "../../base/errors/error.ts";
import { Shares } from "../../clients/shares.ts";
import type { Shares as AppShares } from "../../control/shares.ts";
import type { KeyValues } from "../../services/kv/kv.ts";
import { traceInHeaders } from "../../telemetry/traces/trace-header.ts";
import type { ServiceDoor } from "../internal/service-door.ts";
import { type Exchange, storePath } from "./exchange.ts";
import { writeBatch } from "./batch.ts";
import { changesOf } from "./changes.ts";
import { listKeys } from "./keys.ts";
import { storeOf } from "./store-of.ts";
import { addTo, getValue, putValue, removeValue } from "./values.ts";

/** Of values that are being read or written, of all apps. */
const MOST_BYTES = 256 * 2 ** 20;

export interface KvDoorParts {
  kv: KeyValues;
  shares: Pick<AppShares, "kv">;
  /** Wall clock, ms. */
  now: () => number;
}

export function createKvDoor({ kv, shares, now }: KvDoorParts): ServiceDoor {
  const room = new Shares(MOST_BYTES);
  return {
    async answer(caller, request, response, left) {
      const { name, what, key, query } = storePath(request.url ?? "/");
      const { method = "GET" } = request;
      const store = storeOf(shares, caller, name, method !== "GET" && method !== "HEAD");
      const trace = traceInHeaders(request.headers);
      await answer({ kv, store, key, query, request, response, left, room, now, trace }, what, method);
    },
  };
}

function answer(exchange: Exchange, what: string, method: string): Promise<void> {
  switch (`${method} ${what}`) {
    case "GET values":
    case "HEAD values":
      return getValue(exchange);
    case "PUT values":
      return putValue(exchange);
    case "DELETE values":
      return removeValue(exchange);
    case "POST counters":
      return addTo(exchange);
    case "GET keys":
      return listKeys(exchange);
    case "POST batch":
      return writeBatch(exchange);
    case "GET changes":
      return changesOf(exchange);
    default:
      throw new MayflyError("bad-request", { what: `key-value stores have no ${method.slice(0, 20)} /v1/<store>/${what.slice(0, 100)}` });
  }
}
