/** Fetches a set of public keys. Its URL stands in a manifest, so whoever deploys chooses where this host connects: see hostRequest(). */
import { type HostConnections, hostRequest } from "../../egress/host-request.ts";
import type { FetchKeys } from "./key-sets.ts";

/** Sets of the large providers have below 20 KB. */
const MOST_BYTES = 131_072;

/** @param open `isPlain`: without TLS, which only connections to what the operator lists may be */
export function createFetchKeys(open: (app: string, isPlain: boolean) => HostConnections): FetchKeys {
  return async (app, url, signal) => {
    const headers = { accept: "application/json, application/jwk-set+json" };
    const asked = { method: "GET" as const, url, headers, mostBytes: MOST_BYTES, signal };
    const { status, body } = await hostRequest((isPlain) => open(app, isPlain), asked);
    if (status !== 200) throw new Error(`it answers with the status ${status}, and must with 200`);
    return body.toString("utf8");
  };
}
