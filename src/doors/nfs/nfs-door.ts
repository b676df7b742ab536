/** Buckets for machines that mount them as folders: NFS 3, for reading, over the channel that carries the bytes of a machine's mounts. A machine reaches the buckets that the bindings of its revision name. */
import { createHash } from "node:crypto";
import type { Objects } from "../../services/objects/objects.ts";
import { BUCKETS_PORT } from "../../store/catalog/nfs-mounts.ts";
import { boundObjects } from "../s3/bound-objects.ts";
import type { ServiceCaller, StreamDoor } from "../internal/service-door.ts";
import { bucketTree } from "./bucket-tree.ts";
import { type Export, nfs3 } from "./nfs3.ts";
import { serveRecords } from "./records.ts";
import { answerCall } from "./rpc.ts";

interface NfsDoorParts {
  objects: Objects;
  /** Called with failures that are not the caller's fault. */
  onError: (error: unknown) => void;
}

export function createNfsDoor(parts: NfsDoorParts): StreamDoor {
  return {
    port: BUCKETS_PORT,
    accept(caller, connection) {
      const programs = nfs3({ ...exportsOf(parts.objects, caller), onError: parts.onError });
      void serveRecords(connection, (message) => answerCall(message, programs), parts.onError);
    },
  };
}

function exportsOf(objects: Objects, { tenant, app, bindings }: ServiceCaller): Pick<Parameters<typeof nfs3>[0], "exportOf" | "exportAt"> {
  const names = Object.values(bindings).flatMap((binding) => ("bucket" in binding ? [binding.bucket] : []));
  const bound = boundObjects(objects, { tenant, app, names });
  const all = new Map<string, Export>(names.map((name) => [name, { tree: bucketTree(bound, name), number: numberOf(name) }]));
  const byNumber = new Map([...all.values()].map((each) => [each.number, each]));
  return { exportOf: (path) => all.get(path.replace(/^\//, "")), exportAt: (number) => byNumber.get(number) };
}

/** The same for every connection of every machine, as handles have it. */
function numberOf(name: string): bigint {
  return createHash("sha256").update(name).digest().readBigUInt64BE(0);
}
