/** Buckets for machines that mount them as folders: NFS 3, for reading, over the channel that carries the bytes of a machine's mounts. A machine reaches the buckets that the bindings of its revision name. */
import { createHash } from "node:crypto";
import type { Objects } from "../../services/objects/objects.ts";
import { BUCKETS_PORT } from "../../store/catalog/nfs-mounts.ts";
import type { Shares } from "../../control/shares.ts";
import { boundBuckets } from "../s3/bound-buckets.ts";
import { boundObjects } from "../s3/bound-objects.ts";
import type { ServiceCaller, StreamDoor } from "../internal/service-door.ts";
import { bucketTree } from "./bucket-tree.ts";
import { type Export, nfs3 } from "./nfs3.ts";
import { serveRecords } from "./records.ts";
import { answerCall } from "./rpc.ts";

interface NfsDoorParts {
  objects: Objects;
  shares: Pick<Shares, "bucket">;
  /** Called with failures that are not the caller's fault. */
  onError: (error: unknown) => void;
}

export function createNfsDoor(parts: NfsDoorParts): StreamDoor {
  return {
    port: BUCKETS_PORT,
    accept(caller, connection) {
      const programs = nfs3({ ...exportsOf(parts, caller), onError: parts.onError });
      void serveRecords(connection, (message) => answerCall(message, programs), parts.onError);
    },
  };
}

function exportsOf({ objects, shares }: NfsDoorParts, caller: ServiceCaller): Pick<Parameters<typeof nfs3>[0], "exportOf" | "exportAt"> {
  const buckets = boundBuckets(shares, caller);
  const bound = boundObjects(objects, caller.tenant, buckets);
  const all = new Map<string, Export>(buckets.names.map((name) => [name, { tree: bucketTree(bound, name), number: numberOf(name) }]));
  const byNumber = new Map([...all.values()].map((each) => [each.number, each]));
  return {
    exportOf(path) {
      const name = path.replace(/^\//, "");
      return buckets.find(name) === undefined ? undefined : all.get(name);
    },
    // The handles of what is not shared any more are known, and stale.
    exportAt: (number) => byNumber.get(number),
  };
}

/** The same for every connection of every machine, as handles have it. */
function numberOf(name: string): bigint {
  return createHash("sha256").update(name).digest().readBigUInt64BE(0);
}
