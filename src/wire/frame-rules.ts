/**
 * What each side may put into a frame's header, checked before any byte of the payload is kept. There is one table for each direction;
 * docs/guest-protocol.md, Frames, describes them.
 */
import { FrameType, Flag, Limit } from "./protocol.ts";

/**
 * The kinds of stream that a frame type may be sent on, as bits: the connection itself, streams opened by the host, streams opened by the
 * guest.
 */
const zero = 1;
const odd = 2;
const even = 4;

interface Rule {
  /** The kinds of stream, combined by bitwise or. */
  on: number;
  /** Flags that may be set. */
  flags?: number;
  /** The bounds of the payload's size, in bytes. */
  min: number;
  max: number;
}

/** The rules as arrays indexed by the type's byte; every byte has an entry. */
export interface FrameRules {
  /** 0 if this side never sends the type. */
  readonly kinds: Uint8Array;
  readonly flags: Uint8Array;
  readonly min: Uint32Array;
  readonly max: Uint32Array;
}

const json = { min: 2, max: Limit.json };
const data: Rule = { on: odd | even, flags: Flag.End, min: 0, max: Limit.data };
const credit: Rule = { on: odd | even, min: 4, max: 4 };
const reset: Rule = { on: odd | even, min: 2, max: 2 + Limit.resetMessage };
const trailers: Rule = { on: odd, flags: Flag.End, min: 1, max: Limit.head };
const eightBytes: Rule = { on: zero, min: 8, max: 8 };

/** The frames that the host accepts. */
export const fromGuest: FrameRules = table({
  Hello: { on: zero, ...json },
  Ready: { on: zero, ...json },
  Bound: { on: odd, ...json },
  Response: { on: odd, flags: Flag.End | Flag.Pending, min: 4, max: Limit.payload },
  Data: { ...data, flags: Flag.End | Flag.Pending },
  Credit: credit,
  Reset: reset,
  Done: { on: odd, min: 0, max: 0 },
  Trailers: { ...trailers, flags: Flag.End | Flag.Pending },
  Interim: { on: odd, min: 3, max: Limit.head },
  Log: { on: zero | odd, flags: Flag.Partial, min: 1, max: 1 + Limit.logText },
  Stats: { on: zero, ...json },
  Pong: eightBytes,
  Connect: { on: even, ...json },
  Resolve: { on: even, ...json },
});

/** The frames that the host accepts on the channel of mounts. */
export const fromCarrier: FrameRules = table({
  Data: { ...data, on: even },
  Credit: { ...credit, on: even },
  Reset: { ...reset, on: even },
  Connect: { on: even, ...json },
});

/** The frames that the guest accepts. */
export const fromHost: FrameRules = table({
  Resume: { on: zero, ...json },
  Bind: { on: odd, flags: Flag.End, min: 4, max: Limit.payload },
  Request: { on: odd, flags: Flag.End, min: 4, max: Limit.payload },
  Data: data,
  Credit: credit,
  Reset: reset,
  Trailers: trailers,
  Ping: eightBytes,
  Connected: { on: even, ...json },
  Resolved: { on: even, ...json },
});

/** Null if the header is allowed, otherwise what is wrong with it. */
export function headerViolation(rules: FrameRules, length: number, type: number, flags: number, reserved: number, stream: number) {
  const kinds = rules.kinds[type]!;
  if (kinds === 0) return `a frame of type ${type}, which this side may not send`;
  if (length > rules.max[type]!) return `a ${nameOf(type)} of ${length} bytes; the limit is ${rules.max[type]}`;
  if (length < rules.min[type]!) return `a ${nameOf(type)} of ${length} bytes; it has at least ${rules.min[type]}`;
  if ((flags & ~rules.flags[type]!) !== 0) return `flags ${flags} on a ${nameOf(type)}`;
  if (flags === Flag.Pending) return `Pending without End on a ${nameOf(type)}`;
  if (reserved !== 0) return `a reserved field that is not 0 in a ${nameOf(type)}`;
  if ((kinds & kindOf(stream)) === 0) return `a ${nameOf(type)} on stream ${stream}, which is of the wrong kind`;
  return null;
}

function kindOf(stream: number): number {
  if (stream === 0) return zero;
  return stream & 1 ? odd : even;
}

export function nameOf(type: number): string {
  return Object.entries(FrameType).find(([, value]) => value === type)?.[0] ?? `type ${type}`;
}

function table(byName: Partial<Record<keyof typeof FrameType, Rule>>): FrameRules {
  const rules = { kinds: new Uint8Array(256), flags: new Uint8Array(256), min: new Uint32Array(256), max: new Uint32Array(256) };
  for (const [name, rule] of Object.entries(byName)) {
    const type = FrameType[name as keyof typeof FrameType];
    rules.kinds[type] = rule.on;
    rules.flags[type] = rule.flags ?? 0;
    rules.min[type] = rule.min;
    rules.max[type] = rule.max;
  }
  return rules;
}
