/** Commands that touch no key: about the connection, and about the server as clients ask for it. */
import type { Reply } from "../../services/kv/redis/commands.ts";
import { type Spec, specs } from "../../services/kv/redis/specs.ts";
import { shownName } from "./identify.ts";

export interface Asking {
  /** Of the connection. */
  id: number;
  name: string;
  protocol: number;
  /** Wall clock, ms. */
  now: number;
  setName(name: string): void;
}

type Answer = (args: readonly string[], asking: Asking) => Reply;

/** The version of Redis whose commands those of specs.ts are. */
export const REDIS_VERSION = "7.4.0";

const OK: Reply = { status: "OK" };
const bytes = (text: string): Reply => Buffer.from(text, "latin1");

const clients: Record<string, Answer> = {
  ID: (_args, { id }) => id,
  GETNAME: (_args, { name }) => (name === "" ? null : bytes(name)),
  SETNAME([name = ""], asking) {
    if (!/^[!-~]{0,64}$/.test(name)) return { error: "ERR Client names cannot contain spaces, newlines or special characters." };
    asking.setName(name);
    return OK;
  },
  SETINFO: () => OK,
  "NO-EVICT": () => OK,
  "NO-TOUCH": () => OK,
  INFO: (_args, asking) => bytes(`${clientLine(asking)}\n`),
  LIST: (_args, asking) => bytes(`${clientLine(asking)}\n`),
};

function clientLine({ id, name, protocol }: Asking): string {
  return `id=${id} name=${name} db=0 resp=${protocol}`;
}

const lists: Record<string, Answer> = {
  COUNT: () => Object.keys(specs).length,
  LIST: () => Object.keys(specs).map((name) => bytes(name.toLowerCase())),
  DOCS: () => ({ pairs: [] }),
  INFO: (names) =>
    names.length === 0 ? all() : names.map((name) => described(name.toUpperCase(), new Map(Object.entries(specs)).get(name.toUpperCase()))),
};

function all(): Reply[] {
  return Object.entries(specs).map(([name, spec]) => described(name, spec));
}

function described(name: string, spec: Spec | undefined): Reply {
  if (spec === undefined) return null;
  const { arity, writes, keys } = spec;
  return [bytes(name.toLowerCase()), arity, [{ status: writes ? "write" : "readonly" }], ...keys, [], [], [], []];
}

function info(): string {
  return [
    "# Server",
    `redis_version:${REDIS_VERSION}`,
    "redis_mode:standalone",
    "server_name:mayfly",
    "",
    "# Persistence",
    "loading:0",
    "aof_enabled:1",
    "",
    "# Replication",
    "role:master",
    "connected_slaves:0",
    "",
    "# Cluster",
    "cluster_enabled:0",
    "",
  ].join("\r\n");
}

/** By name, with how many arguments each has besides its name: at least, at most. */
const answers: Record<string, readonly [least: number, most: number, answer: Answer]> = {
  PING: [0, 1, ([text]) => (text === undefined ? { status: "PONG" } : bytes(text))],
  ECHO: [1, 1, ([text = ""]) => bytes(text)],
  TIME: [0, 0, (_args, { now }) => [bytes(String(Math.floor(now / 1_000))), bytes(String((now % 1_000) * 1_000))]],
  INFO: [0, 100, () => bytes(info())],
  CLIENT: [1, 100, sub("CLIENT", clients)],
  COMMAND: [0, 1_000, (args, asking) => (args.length === 0 ? all() : sub("COMMAND", lists)(args, asking))],
  CONFIG: [1, 100, sub("CONFIG", { GET: () => ({ pairs: [] }) })],
};

const byName = new Map(Object.entries(answers));

function sub(command: string, of: Record<string, Answer>): Answer {
  const known = new Map(Object.entries(of));
  return ([name = "", ...rest], asking) => {
    const answer = known.get(name.toUpperCase());
    return answer === undefined ? { error: `ERR unknown subcommand ${shownName(name)}. Try ${command} HELP.` } : answer(rest, asking);
  };
}

export function isLocal(name: string): boolean {
  return byName.has(name);
}

/** Undefined: there is no such command here. */
export function answerLocally(name: string, args: readonly Uint8Array[], asking: Asking): Reply | undefined {
  const found = byName.get(name);
  if (found === undefined) return undefined;
  const [least, most, answer] = found;
  if (args.length < least || args.length > most) return wrongCount(name);
  return answer(
    args.map((arg) => Buffer.from(arg).toString("latin1")),
    asking,
  );
}

export function wrongCount(name: string): Reply {
  return { error: `ERR wrong number of arguments for '${name.toLowerCase()}' command` };
}

const MOST_SHOWN = 128;

/** In Redis' own words. */
export function unknownCommand(name: string, args: readonly Uint8Array[]): Reply {
  let shown = "";
  for (const arg of args) {
    if (shown.length >= MOST_SHOWN) break;
    shown += `'${Buffer.from(arg)
      .toString("latin1", 0, MOST_SHOWN - shown.length)
      .replaceAll(/[^ -~]/g, "?")}' `;
  }
  return { error: `ERR unknown command '${name.slice(0, MOST_SHOWN).replaceAll(/[^ -~]/g, "?")}', with args beginning with: ${shown}` };
}
