/**
 * The server's end of a machine's relay (relay/main.ts): it starts the process, starts it again when it dies, and answers its requests.
 *
 * Owns: the process, its control group, its user id, and the connections that were made for it.
 * 1. If the relay dies, only the connections that it carried are lost; the machine and the server run on.
 * 2. The relay's messages are checked; a relay that sends an invalid one is killed.
 * 3. After close() nothing of the relay is left.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Clock } from "../base/clock/clock.ts";
import type { SocketEgress } from "../egress/egress.ts";
import { asMayflyError } from "../base/errors/error.ts";
import { guarded } from "../base/errors/guarded.ts";
import { createCgroup } from "../machines/host/cgroup/create-cgroup.ts";
import type { Cgroup } from "../machines/host/cgroup/cgroup.ts";
import { type ConsoleTail, keepTail } from "../machines/host/console-tail.ts";
import { spawned } from "../machines/host/spawned.ts";
import { createBackOff } from "./back-off.ts";
import type { PublishedSocket } from "./publish.ts";
import { fromRelaySchema } from "./from-relay.ts";
import { type FromRelay, firstPortFd, RelayFd, type RelayJob, type ToRelay } from "./relay/messages.ts";

export interface RelayPlan {
  /** The machine's id. */
  id: string;
  /** The appliance's name. */
  app: string;
  /** The machine's folder, which is removed with it. */
  folder: string;
  /** The user that the relay becomes, and the namespace that it enters. Undefined if Mayfly does not run as root. */
  confined: { uid: number; namespace: number } | undefined;
  /** The reading end of the guest's console, which the caller must close. */
  console: number;
  ports: { socket: PublishedSocket; qemu: number }[];
  /** Makes the machine's connections to the outside; undefined if it may have none. */
  egress: SocketEgress | undefined;
  clock: Clock;
  onLines: (lines: string[]) => void;
  /** Called with a clause on what happens to the relay, for the appliance's log. */
  note: (text: string) => void;
}

export interface Relay {
  /** Resolves when the console is closed and all of its lines were reported, or when the relay is gone that would have reported them. */
  consoleEnded(): Promise<void>;
  /** CPU time that all processes of the relay have used so far, in microseconds. */
  cpuUs(): number;
  close(): Promise<void>;
}

const program = fileURLToPath(new URL("relay/main.ts", import.meta.url));
/** Enough for a process of Node with a small heap, and for the kernel's buffers of its connections. */
const LIMITS = { memoryMb: 256, vcpus: 1 };
const HEAP_MB = 96;
const DESCRIPTORS = 2_400;
const READY_MS = 60_000;
const CONSOLE_MS = 5_000;

/** Resolves when the relay listens. If it does not start, rejects with the reason and leaves nothing behind. */
export async function startRelay(plan: RelayPlan): Promise<Relay> {
  const { clock } = plan;
  // The relay works for the appliance as the machine does, so it has the appliance's share of CPU time.
  const cgroup = createCgroup({ id: `${plan.id}-relay`, ...LIMITS, share: { app: plan.app } });
  const backOff = createBackOff();
  const connections = new Map<number, Socket>();
  const consoleEnd = Promise.withResolvers<void>();
  const firstReady = Promise.withResolvers<void>();
  let child: ChildProcess | undefined;
  let gone = Promise.resolve();
  let closing = false;
  let isReady = false;
  let cancelWait = (): void => undefined;

  function launch(): void {
    const since = clock.now();
    const now = spawnRelay(plan, cgroup);
    child = now;
    const stderr = keepTail(now.stderr as Readable);
    now.on(
      "message",
      guarded(heard, (error) => dismiss(now, error)),
    );
    gone = new Promise((resolve) => {
      const ended = (code: number | null, signal: NodeJS.Signals | null) => {
        dropConnections();
        after(`${signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`}${said(stderr)}`, clock.now() - since);
        resolve();
      };
      now.once(
        "close",
        guarded(ended, (error) => {
          after(asMayflyError(error).message, 0);
          resolve();
        }),
      );
    });
  }

  /** Ends a relay that sent a message that no sound relay would send. */
  function dismiss(now: ChildProcess, error: unknown): void {
    plan.note(`the process that carries its ports sent an invalid message, and is ended: ${asMayflyError(error).message}`);
    now.kill("SIGKILL");
  }

  function after(reason: string, livedMs: number): void {
    if (closing) return consoleEnd.resolve();
    if (!isReady) return firstReady.reject(new Error(`the process that carries its ports did not start: ${reason}`));
    const ms = backOff.next(livedMs);
    plan.note(
      `the process that carries its ports, its way out and its console is gone (${reason}); its connections are cut, and another starts in ${ms / 1_000} s`,
    );
    cancelWait = clock.after(ms, () => {
      try {
        launch();
      } catch (error) {
        after((error as Error).message, 0);
      }
    });
  }

  function heard(raw: unknown): void {
    const message = fromRelaySchema.parse(raw);
    switch (message.type) {
      case "ready":
        isReady = true;
        return firstReady.resolve();
      case "lines":
        return plan.onLines(message.lines);
      case "console-end":
        return consoleEnd.resolve();
      case "note":
        return plan.note(message.text);
      case "connect":
        return connectFor(child!, message);
      case "closed":
        connections.get(message.id)?.destroy();
        return void connections.delete(message.id);
    }
  }

  /** The socket is kept until the relay has closed it, because the egress counts it until then. */
  function connectFor(asking: ChildProcess, { id, host, port }: Extract<FromRelay, { type: "connect" }>): void {
    const { egress } = plan;
    if (egress === undefined || connections.has(id)) throw new Error("the relay asked for a connection that it may not have");
    const refuse = (error: unknown) => {
      const { code, message } = asMayflyError(error);
      const denied = code === "egress-denied";
      answer(asking, { type: "refused", id, denied, text: denied || !(error instanceof Error) ? message : error.message });
    };
    const pass = (socket: Socket) => {
      socket.on("error", () => socket.destroy());
      if (asking === child && asking.connected) {
        connections.set(id, socket);
        answer(asking, { type: "connected", id }, socket);
      } else socket.destroy();
    };
    egress.connect(host, port).then(guarded(pass, refuse), refuse);
  }

  function dropConnections(): void {
    for (const socket of connections.values()) socket.destroy();
    connections.clear();
  }

  try {
    launch();
    const cancel = clock.after(READY_MS, () =>
      firstReady.reject(new Error(`the process that carries its ports did not start within ${READY_MS} ms`)),
    );
    await firstReady.promise.finally(cancel);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async consoleEnded() {
      const cancel = clock.after(CONSOLE_MS, consoleEnd.resolve);
      await consoleEnd.promise.finally(cancel);
    },
    cpuUs: () => cgroup.usage().cpuUs,
    close,
  };

  async function close(): Promise<void> {
    closing = true;
    firstReady.promise.catch(() => undefined);
    cancelWait();
    child?.kill("SIGKILL");
    await gone;
    plan.egress?.close();
    dropConnections();
    await cgroup.remove();
  }
}

/** Sends the answer, ignoring errors: if the relay is dying at this moment, its end is noticed elsewhere. */
function answer(relay: ChildProcess, message: ToRelay, socket?: Socket): void {
  relay.send(message, socket, () => undefined);
}

function said(stderr: ConsoleTail): string {
  const lines = stderr.lastLines(8);
  return lines.length === 0 ? "" : `: ${lines.join(" | ")}`;
}

function spawnRelay(plan: RelayPlan, cgroup: Cgroup): ChildProcess {
  const { confined, ports, folder } = plan;
  const descriptors = Math.min(DESCRIPTORS, hardLimitOfDescriptors());
  const root = join(folder, "relay-root");
  mkdirSync(root, { recursive: true, mode: 0o755 });
  const job: RelayJob = {
    ...(confined && { confine: { uid: confined.uid, root } }),
    ports: ports.map(({ socket, qemu }) => ({ name: socket.name, qemu })),
    proxy: plan.egress !== undefined,
    descriptors,
  };
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", `--max-old-space-size=${HEAP_MB}`, "--max-semi-space-size=2"];
  const command = [...around(confined !== undefined, descriptors), ...node, program, JSON.stringify(job)];
  const stdio: ("ignore" | "pipe" | "ipc" | number)[] = ["ignore", "ignore", "pipe"];
  stdio[RelayFd.Channel] = "ipc";
  stdio[RelayFd.Console] = plan.console;
  stdio[RelayFd.Namespace] = confined?.namespace ?? "ignore";
  for (const [index, { socket }] of ports.entries()) stdio[firstPortFd + index] = socket.fd;
  const child = spawned(spawn(command[0]!, command.slice(1), { cwd: "/", env: {}, stdio, detached: true }));
  cgroup.add(child.pid!);
  return child;
}

/**
 * Programs that start the relay. As root they enter the namespace, and leave the relay only the capabilities that it needs before it gives
 * all of them up.
 */
function around(asRoot: boolean, descriptors: number): string[] {
  const limits = ["/usr/bin/prlimit", "--core=0", `--nofile=${descriptors}`, "--"];
  if (!asRoot) return [...limits, "/usr/bin/setpriv", "--no-new-privs", "--pdeathsig=KILL"];
  const capabilities = ["setuid", "setgid", "sys_chroot", "net_admin"].map((name) => `+${name}`).join(",");
  const setpriv = ["/usr/bin/setpriv", "--no-new-privs", "--pdeathsig=KILL", "--inh-caps=-all", `--bounding-set=-all,${capabilities}`];
  return ["/usr/bin/nsenter", `--net=/proc/self/fd/${RelayFd.Namespace}`, ...limits, ...setpriv];
}

function hardLimitOfDescriptors(): number {
  const [, hard] = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return hard === undefined ? DESCRIPTORS : Number(hard);
}
