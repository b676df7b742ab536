/** The program of the thread in hashing.ts. Messages of one content come in their order. */
import { createHash, type Hash } from "node:crypto";
import { parentPort } from "node:worker_threads";

export type ToHashing =
  | { content: number; what: "start"; algorithms: readonly string[] }
  | { content: number; what: "update"; bytes: Uint8Array<SharedArrayBuffer> }
  | { content: number; what: "finish" | "drop" };

/** There is one for each update and each finish, in their order. Digests: of a finish. */
export interface FromHashing {
  digests?: Uint8Array[];
}

const port = parentPort!;
const running = new Map<number, Hash[]>();

// oxlint-disable-next-line mayfly/guarded-listeners -- what it throws ends this thread alone, which its owner replaces
port.on("message", (message: ToHashing) => {
  const { content, what } = message;
  const hashes = running.get(content) ?? [];
  if (what === "start") {
    running.set(
      content,
      message.algorithms.map((algorithm) => createHash(algorithm)),
    );
  } else if (what === "update") {
    for (const hash of hashes) hash.update(message.bytes);
    tell({});
  } else {
    running.delete(content);
    if (what === "finish") tell({ digests: hashes.map((hash) => hash.digest()) });
  }
});

function tell(message: FromHashing): void {
  port.postMessage(message);
}
