/**
 * What a connection has said so far, and what its commands come to: who it is, its transaction, the keys that it watches.
 *
 * 1. Commands are carried out in their order. Those that only touch keys, and come together, are one step, so that they share one wait for the disk.
 * 2. Who it is, and what that may do, is asked for anew at each step.
 * 3. Nothing is thrown at the connection: what goes wrong is a reply.
 */
import type { Clock } from "../../base/clock/clock.ts";
import { asMayflyError, MayflyError } from "../../base/errors/error.ts";
import {
  type Command,
  MOST_ARGUMENTS,
  MOST_COMMANDS,
  MOST_REPLY,
  type Ran,
  type RedisCommands,
  type Reply,
  type Step,
} from "../../services/kv/redis/commands.ts";
import { fits, specOf } from "../../services/kv/redis/specs.ts";
import type { Store } from "../../services/kv/kv.ts";
import type { Protocol } from "./encode-reply.ts";
import { type Identity, NO_STORE, type Refused } from "./identify.ts";
import { answerLocally, isLocal, REDIS_VERSION, unknownCommand, wrongCount } from "./local-commands.ts";
import { Transaction } from "./transaction.ts";
import type { Waiters } from "./waiters.ts";

export interface SessionParts {
  id: number;
  commands: RedisCommands;
  waiters: Waiters;
  clock: Clock;
  /** Null: nobody has these credentials. */
  identify: (user: string | undefined, password: string) => Identity | Refused | null;
  /** Takes room for large replies; returns whether there is. It is given back when the replies have been sent. */
  takeRoom: (bytes: number) => boolean;
  /** Called when it is known, or not known any more, who it is. Returns whether there is a place for it. */
  known: (identity: Identity | null) => boolean;
  /** Given when the client has left. */
  left: AbortSignal;
}

export interface Said {
  replies: Reply[];
  /** How many of the commands have been answered. */
  taken: number;
  /** Whether the connection ends with it. */
  isOver: boolean;
}

/** Of replies of one step: what is larger waits for room in memory. */
const REPLIES = [65_536, 1_048_576, MOST_REPLY];
/** Commands of a step that is no transaction. */
const MOST_AT_ONCE = 200;
const NOAUTH: Reply = { error: "NOAUTH Authentication required." };
const WRONGPASS: Reply = { error: "WRONGPASS invalid username-password pair or user is disabled." };
const OK: Reply = { status: "OK" };
const CHANNELS = new Set(["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "PUBLISH", "SPUBLISH", "PUBSUB"]);
const WAITING = new Set(["BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH"]);

export class Session {
  readonly #parts: SessionParts;
  #identity: Identity | null;
  #transaction = new Transaction();
  /** Of the transaction that is being carried out. */
  #carriedOutBytes = 0;
  #name = "";
  protocol: Protocol = 2;

  /** @param identity of a machine, which needs no credentials */
  constructor(parts: SessionParts, identity: Identity | null = null) {
    this.#parts = parts;
    this.#identity = identity;
  }

  get isKnown(): boolean {
    return this.#identity !== null;
  }

  /** What its transaction and the keys that it watches hold of memory, about. */
  get bytes(): number {
    return this.#transaction.bytes + this.#carriedOutBytes;
  }

  /** Carries out the first of the commands, and of those after it what can be done with it. */
  async answer(commands: readonly Command[]): Promise<Said> {
    const [first] = commands as [Command];
    try {
      if (!this.#transaction.isOpen && this.#isPlain(first)) return await this.#several(commands);
      const reply = await this.#one(first);
      return { replies: [reply], taken: 1, isOver: first.name === "QUIT" || isOver(reply) };
    } catch (error) {
      return { replies: [failure(error)], taken: 1, isOver: false };
    }
  }

  /** Whether it only touches keys, and at once. */
  #isPlain({ name, args }: Command): boolean {
    const spec = specOf(name);
    return spec !== undefined && fits(spec, args.length) && args.length <= MOST_ARGUMENTS && !WAITING.has(name);
  }

  async #several(commands: readonly Command[]): Promise<Said> {
    const end = commands.findIndex((command, at) => !this.#isPlain(command) || at >= MOST_AT_ONCE);
    const step = commands.slice(0, end === -1 ? undefined : end);
    const writes = step.some(({ name }) => specOf(name)?.writes === true);
    const store = this.#store(writes && specOf(step[0]!.name)!.writes);
    if ("error" in store) return { replies: [store], taken: 1, isOver: isOver(store) };
    // A principal that may only read has its reads carried out, up to the first write.
    const mayAll = writes && !("error" in this.#store(true));
    const allowed =
      writes && !mayAll
        ? step.slice(
            0,
            Math.max(
              1,
              step.findIndex(({ name }) => specOf(name)!.writes),
            ),
          )
        : step;
    try {
      const { replies } = await this.#run(store, { commands: allowed });
      return { replies, taken: replies.length, isOver: false };
    } catch (error) {
      // A step that failed as a whole has done nothing.
      return { replies: allowed.map(() => failure(error)), taken: allowed.length, isOver: false };
    }
  }

  async #run(store: Store, step: Omit<Step, "mostReply">): Promise<Ran> {
    for (const mostReply of REPLIES) {
      if (mostReply > REPLIES[0]! && !this.#parts.takeRoom(mostReply)) throw new MayflyError("kv-busy");
      const ran = await this.#parts.commands.run(store, { ...step, mostReply });
      if (ran.isLarge) continue;
      if (ran.pushed.length > 0) this.#parts.waiters.pushed(store, ran.pushed);
      return ran;
    }
    throw new MayflyError("kv-busy");
  }

  #store(writes: boolean): Store | Refused {
    return this.#identity === null ? (NOAUTH as Refused) : this.#identity.storeOf(writes);
  }

  async #one(command: Command): Promise<Reply> {
    const { name, args } = command;
    const early = this.#early(command);
    if (early !== undefined) return early;
    if (this.#identity === null) return NOAUTH;
    if (this.#transaction.isOpen && !["EXEC", "DISCARD", "MULTI", "WATCH"].includes(name)) return this.#queue(command);
    switch (name) {
      case "SELECT":
        return args.length === 1 ? this.#select(textOf(args[0]!)) : wrongCount(name);
      case "MULTI":
        return args.length === 0 ? this.#transaction.open() : wrongCount(name);
      case "DISCARD":
        return args.length === 0 ? this.#transaction.discard() : wrongCount(name);
      case "UNWATCH":
        this.#transaction.unwatch();
        return OK;
      case "WATCH":
        return args.length > 0 ? this.#watch(args) : wrongCount(name);
      case "EXEC":
        return args.length === 0 ? this.#exec() : wrongCount(name);
      default:
        return answerLocally(name, args, this.#asking()) ?? this.#data(command);
    }
  }

  /** What is answered to strangers, too, and in a transaction as outside of it. */
  #early({ name, args }: Command): Reply | undefined {
    if (name === "QUIT") return OK;
    if (name === "AUTH") return args.length === 1 || args.length === 2 ? this.#auth(args) : wrongCount(name);
    if (name === "HELLO") return this.#hello(args);
    if (name !== "RESET") return undefined;
    this.#transaction = new Transaction();
    this.protocol = 2;
    this.#name = "";
    this.#become(null);
    return { status: "RESET" };
  }

  #auth(args: readonly Uint8Array[]): Reply {
    const [user, password] = args.length === 1 ? [undefined, textOf(args[0]!)] : [textOf(args[0]!), textOf(args[1]!)];
    const identity = this.#parts.identify(user, password);
    if (identity === null) return WRONGPASS;
    if ("error" in identity) return { ...identity };
    return this.#become(identity) ? OK : TOO_MANY;
  }

  #become(identity: Identity | null): boolean {
    const isPlaced = this.#parts.known(identity);
    if (isPlaced) this.#identity = identity;
    return isPlaced;
  }

  #hello([version, ...rest]: readonly Uint8Array[]): Reply {
    const protocol = version === undefined ? this.protocol : Number(textOf(version));
    if (protocol !== 2 && protocol !== 3) return { error: "NOPROTO unsupported protocol version" };
    for (let at = 0; at < rest.length; at++) {
      const option = textOf(rest[at]!).toUpperCase();
      const said = option === "AUTH" ? this.#auth(rest.slice(at + 1, at + 3)) : this.#setName(textOf(rest[at + 1] ?? new Uint8Array()));
      if ((option !== "AUTH" || rest.length < at + 3) && (option !== "SETNAME" || rest.length < at + 2))
        return { error: `ERR Syntax error in HELLO option '${option.slice(0, 50)}'` };
      if (isRefused(said)) return said;
      at += option === "AUTH" ? 2 : 1;
    }
    if (this.#identity === null)
      return {
        error:
          "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
      };
    this.protocol = protocol;
    const about = {
      server: "redis",
      version: REDIS_VERSION,
      proto: protocol,
      id: this.#parts.id,
      mode: "standalone",
      role: "master",
      modules: [],
    };
    return {
      pairs: Object.entries(about).flatMap(([key, value]) => [Buffer.from(key), typeof value === "string" ? Buffer.from(value) : value]),
    };
  }

  #setName(name: string): Reply {
    return answerLocally("CLIENT", [Buffer.from("SETNAME"), Buffer.from(name)], this.#asking())!;
  }

  /** Numbers are for clients that always select one: a store has no further databases. */
  #select(name: string): Reply {
    if (name === "0") return OK;
    if (/^-?\d+$/.test(name)) return { error: "ERR DB index is out of range" };
    const chosen = this.#identity!.select(name);
    if ("error" in chosen) return { ...chosen };
    this.#identity = chosen;
    this.#transaction.unwatch();
    return OK;
  }

  #asking() {
    const { id, clock } = this.#parts;
    return { id, name: this.#name, protocol: this.protocol, now: clock.wall(), setName: (name: string) => void (this.#name = name) };
  }

  #queue(command: Command): Reply {
    const { name, args } = command;
    const refused = this.#refusal(command);
    if (refused !== undefined) return this.#transaction.refuse(refused);
    if (specOf(name) === undefined && !isLocal(name))
      return this.#transaction.refuse({ error: `ERR Command '${name.toLowerCase()}' is not allowed inside a transaction` });
    const isTooMuch = this.#transaction.arguments + args.length > MOST_ARGUMENTS || this.#transaction.length >= MOST_COMMANDS;
    if (isTooMuch)
      return this.#transaction.refuse({
        error: `ERR a transaction may have at most ${MOST_COMMANDS} commands and ${MOST_ARGUMENTS} arguments`,
      });
    return this.#transaction.add(command);
  }

  /** Why a command cannot be carried out, as far as is known before. */
  #refusal({ name, args }: Command): Reply | undefined {
    const spec = specOf(name);
    if (CHANNELS.has(name)) return { error: "ERR publishing and subscribing is not offered here: watch a store over HTTP, or use a queue" };
    if (spec === undefined) return isLocal(name) || OWN.has(name) ? undefined : unknownCommand(name, args);
    if (!fits(spec, args.length)) return wrongCount(name);
    if (args.length > MOST_ARGUMENTS) return { error: `ERR a command may have at most ${MOST_ARGUMENTS} arguments` };
    const store = this.#store(spec.writes);
    return "error" in store ? store : undefined;
  }

  async #watch(args: readonly Uint8Array[]): Promise<Reply> {
    if (this.#transaction.isOpen) return { error: "ERR WATCH inside MULTI is not allowed" };
    const store = this.#store(false);
    if ("error" in store) return store;
    const versions = await this.#parts.commands.versions(store, args);
    return this.#transaction.watch(args.map((key, at) => ({ key, version: versions[at]! })));
  }

  async #exec(): Promise<Reply> {
    if (!this.#transaction.isOpen) return { error: "ERR EXEC without MULTI" };
    this.#carriedOutBytes = this.#transaction.bytes;
    try {
      return await this.#carryOut();
    } finally {
      this.#carriedOutBytes = 0;
    }
  }

  async #carryOut(): Promise<Reply> {
    const { queued, watched, isRefused: isLost } = this.#transaction.take();
    if (isLost) return { error: "EXECABORT Transaction discarded because of previous errors." };
    const commands = queued.filter(({ name }) => specOf(name) !== undefined);
    const store = this.#store(commands.some(({ name }) => specOf(name)!.writes));
    if ("error" in store) return commands.length === 0 && store === NO_STORE ? queued.map((each) => this.#local(each)) : store;
    const { replies, isStale } = await this.#run(store, { commands, isWhole: true, ...(watched.length > 0 && { watched }) });
    if (isStale) return { noList: true };
    return queued.map((each) => (specOf(each.name) === undefined ? this.#local(each) : replies.shift()!));
  }

  #local({ name, args }: Command): Reply {
    return answerLocally(name, args, this.#asking()) ?? unknownCommand(name, args);
  }

  /** One that is refused, or that waits. */
  async #data(command: Command): Promise<Reply> {
    const refused = this.#refusal(command);
    if (refused !== undefined) return refused;
    const store = this.#store(true);
    if ("error" in store) return store;
    const take = async (): Promise<Reply | undefined> => {
      // Rights may be gone by now.
      const now = this.#store(true);
      if ("error" in now) return now;
      const [reply] = await this.#run(now, { commands: [command] }).then(
        ({ replies }) => replies,
        (error: unknown) => [failure(error)],
      );
      return reply === null || isNothing(reply!) ? undefined : reply;
    };
    const { name, args } = command;
    const isMove = name === "BLMOVE" || name === "BRPOPLPUSH";
    const nothing: Reply = isMove ? null : { noList: true };
    const first = await take();
    if (first !== undefined || this.#parts.left.aborted) return first ?? nothing;
    const ms = Math.ceil(Number(textOf(args.at(-1)!)) * 1_000);
    return (await this.#parts.waiters.wait(store, isMove ? args.slice(0, 1) : args.slice(0, -1), ms, this.#parts.left, take)) ?? nothing;
  }
}

const TOO_MANY: Reply = { error: "ERR max number of clients reached", isOver: true } as Reply;
const OWN = new Set(["SELECT", "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH"]);

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

function isRefused(reply: Reply): boolean {
  return typeof reply === "object" && reply !== null && "error" in reply;
}

function isOver(reply: Reply): boolean {
  return typeof reply === "object" && reply !== null && "isOver" in reply && reply.isOver === true;
}

function isNothing(reply: Reply): boolean {
  return typeof reply === "object" && reply !== null && "noList" in reply;
}

/** Words that Redis has, where it has some. */
const WORDS: Record<string, string> = { "disk-full": "MISCONF", "store-busy": "BUSY", "kv-busy": "BUSY", "kv-full": "OOM" };

function failure(error: unknown): Reply {
  const { code, message } = asMayflyError(error);
  return { error: `${WORDS[code] ?? "ERR"} ${message}` };
}
