/**
 * Has the Node programs of a machine that becomes a template seed their random generators anew in each clone: threads and processes of theirs as well, each of which
 * holds a connection to the agent. Programs in other languages never notice.
 *
 * Owns the socket on which they connect.
 */
import { rmSync, writeFileSync } from "node:fs";
import { type Server, type Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preloadSource } from "./clone-preload.ts";

/** Milliseconds. A thread that computes or waits without an end never answers, and is no reason to end the machine. */
const SEED_MS = 5_000;

export class NodeClones {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #preload: string;

  /** Resolves when programs can be started. @param name no other function's of this machine */
  static open(name: string): Promise<NodeClones> {
    const base = join(tmpdir(), `mayfly-${process.pid}-${name}`);
    const clones = new NodeClones(`${base}.cjs`);
    writeFileSync(clones.#preload, preloadSource(`${base}.sock`), { mode: 0o444 });
    rmSync(`${base}.sock`, { force: true });
    return new Promise((resolve, reject) => {
      clones.#server.once("error", reject);
      clones.#server.listen(`${base}.sock`, () => resolve(clones));
    });
  }

  private constructor(preload: string) {
    this.#preload = preload;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.resume();
    }).unref();
  }

  /** The variables with which a Node program finds this. @param given its own value of NODE_OPTIONS */
  environment(given: string | undefined): Record<string, string> {
    return { NODE_OPTIONS: [`--require=${this.#preload}`, ...(given === undefined ? [] : [given])].join(" ") };
  }

  /** Resolves when all have seeded their generators, or with false when one has not in time. */
  async seed(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), SEED_MS)));
    const all = Promise.all([...this.#sockets].map(seeded)).then(() => true);
    return Promise.race([all, late]).finally(() => clearTimeout(timer));
  }
}

function seeded(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("data", () => resolve());
    socket.once("close", () => resolve());
    socket.write("restored\n");
  });
}
