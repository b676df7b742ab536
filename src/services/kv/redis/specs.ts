/** The commands on keys, as data: how many arguments each has, whether it writes, and where its keys are. */

export interface Spec {
  /** Arguments with the name: as many, or if it is negative at least as many, as Redis counts them. */
  arity: number;
  writes: boolean;
  /** Where its keys are among the arguments, the name being 0: the first, the last (negative: from the end), and the step between them. */
  keys: readonly [first: number, last: number, step: number];
}

const read = (arity: number, ...keys: number[]): Spec => ({ arity, writes: false, keys: placesOf(keys) });
const write = (arity: number, ...keys: number[]): Spec => ({ arity, writes: true, keys: placesOf(keys) });

/** Most commands have one key, which is their first argument. */
function placesOf([first = 1, last = first, step = 1]: number[]): Spec["keys"] {
  return [first, last, step];
}

export const specs = {
  GET: read(2),
  MGET: read(-2, 1, -1),
  STRLEN: read(2),
  GETRANGE: read(4),
  SUBSTR: read(4),
  SET: write(-3),
  SETEX: write(4),
  PSETEX: write(4),
  SETNX: write(3),
  MSET: write(-3, 1, -1, 2),
  MSETNX: write(-3, 1, -1, 2),
  GETSET: write(3),
  GETDEL: write(2),
  GETEX: write(-2),
  APPEND: write(3),
  SETRANGE: write(4),
  INCR: write(2),
  DECR: write(2),
  INCRBY: write(3),
  DECRBY: write(3),
  INCRBYFLOAT: write(3),

  DEL: write(-2, 1, -1),
  UNLINK: write(-2, 1, -1),
  EXISTS: read(-2, 1, -1),
  TOUCH: read(-2, 1, -1),
  TYPE: read(2),
  RENAME: write(3, 1, 2),
  RENAMENX: write(3, 1, 2),
  KEYS: read(2, 0, 0, 0),
  SCAN: read(-2, 0, 0, 0),
  RANDOMKEY: read(1, 0, 0, 0),
  DBSIZE: read(1, 0, 0, 0),
  FLUSHDB: write(-1, 0, 0, 0),
  FLUSHALL: write(-1, 0, 0, 0),
  EXPIRE: write(-3),
  PEXPIRE: write(-3),
  EXPIREAT: write(-3),
  PEXPIREAT: write(-3),
  PERSIST: write(2),
  TTL: read(2),
  PTTL: read(2),
  EXPIRETIME: read(2),
  PEXPIRETIME: read(2),

  HSET: write(-4),
  HMSET: write(-4),
  HSETNX: write(4),
  HDEL: write(-3),
  HINCRBY: write(4),
  HINCRBYFLOAT: write(4),
  HGET: read(3),
  HMGET: read(-3),
  HGETALL: read(2),
  HKEYS: read(2),
  HVALS: read(2),
  HLEN: read(2),
  HEXISTS: read(3),
  HSTRLEN: read(3),
  HSCAN: read(-3),
  HRANDFIELD: read(-2),

  LPUSH: write(-3),
  RPUSH: write(-3),
  LPUSHX: write(-3),
  RPUSHX: write(-3),
  LPOP: write(-2),
  RPOP: write(-2),
  LSET: write(4),
  LTRIM: write(4),
  LINSERT: write(5),
  LREM: write(4),
  LMOVE: write(5, 1, 2),
  RPOPLPUSH: write(3, 1, 2),
  // Who waits is kept by the door: here, they say at once that there is nothing.
  BLPOP: write(-3, 1, -2),
  BRPOP: write(-3, 1, -2),
  BLMOVE: write(6, 1, 2),
  BRPOPLPUSH: write(4, 1, 2),
  LLEN: read(2),
  LINDEX: read(3),
  LRANGE: read(4),
  LPOS: read(-3),

  SADD: write(-3),
  SREM: write(-3),
  SPOP: write(-2),
  SMOVE: write(4, 1, 2),
  SINTERSTORE: write(-3, 1, -1),
  SUNIONSTORE: write(-3, 1, -1),
  SDIFFSTORE: write(-3, 1, -1),
  SMEMBERS: read(2),
  SISMEMBER: read(3),
  SMISMEMBER: read(-3),
  SCARD: read(2),
  SRANDMEMBER: read(-2),
  SINTER: read(-2, 1, -1),
  SUNION: read(-2, 1, -1),
  SDIFF: read(-2, 1, -1),
  SINTERCARD: read(-3, 2, 2),
  SSCAN: read(-3),
} as const satisfies Record<string, Spec>;

export type CommandName = keyof typeof specs;

const known = new Map<string, Spec>(Object.entries(specs));

export function specOf(name: string): Spec | undefined {
  return known.get(name);
}

/** @param count of arguments, without the name */
export function fits({ arity }: Pick<Spec, "arity">, count: number): boolean {
  return arity >= 0 ? count + 1 === arity : count + 1 >= -arity;
}
