/**
 * The public keys by which JWTs are checked: of a manifest, or fetched from the URL that it names.
 *
 * Owns: the sets that were fetched, for each app and URL one, so that no app can use up another's fetches.
 * 1. A set is fetched when it is first needed, and again after FRESH_MS, and when a token names a key that it has not, but then at most every
 *    UNKNOWN_KEY_MS. Calls that wait for a set wait for the same fetch.
 * 2. After a failure the URL is left alone for RETRY_MS. Until STALE_MS after the last success, the keys that it gave are used instead.
 * 3. At most MOST_SETS sets are kept; the one that was used least lately goes first. fetch-keys.ts bounds the size and the time of a fetch.
 */
import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from "jose";
import type { Clock } from "../../base/clock/clock.ts";
import { isKeysUrl } from "../../store/catalog/access-schema.ts";
import type { CheckedJwt } from "./rules.ts";

const FRESH_MS = 600_000;
const UNKNOWN_KEY_MS = 30_000;
const RETRY_MS = 5_000;
const STALE_MS = 3_600_000;
const FETCH_MS = 5_000;
const MOST_SETS = 500;

/** Fetches a set for the app: resolves with its text, and rejects with an error whose message says why as a clause. */
export type FetchKeys = (app: string, url: URL, signal: AbortSignal) => Promise<string>;

export interface KeySetsOptions {
  fetchKeys: FetchKeys;
  clock: Pick<Clock, "now">;
  /** Called when an app's keys cannot be had: at most once every RETRY_MS for each URL. */
  onFailure?: ((app: string, url: string, reason: string) => void) | undefined;
}

/** The keys cannot be fetched now. */
export class NoKeys extends Error {}

export class KeySets {
  readonly #options: KeySetsOptions;
  readonly #fetched = new Map<string, JWTVerifyGetKey>();
  readonly #given = new WeakMap<CheckedJwt, JWTVerifyGetKey>();

  constructor(options: KeySetsOptions) {
    this.#options = options;
  }

  /** What finds a token's key; rejects with NoKeys or an error of the library. @param app its id */
  of(app: string, rule: CheckedJwt): JWTVerifyGetKey {
    const { keys } = rule;
    if (isKeysUrl(keys)) return this.#ofUrl(app, keys);
    const known = this.#given.get(rule);
    if (known !== undefined) return known;
    // Deploys put a file's keys into the manifest; a name that is left has no keys.
    const set = createLocalJWKSet(typeof keys === "string" ? { keys: [] } : keys);
    this.#given.set(rule, set);
    return set;
  }

  #ofUrl(app: string, url: string): JWTVerifyGetKey {
    const key = `${app}\n${url}`;
    const set = this.#fetched.get(key) ?? this.#open(app, url);
    // Moves the set to the end of the order.
    this.#fetched.delete(key);
    this.#fetched.set(key, set);
    if (this.#fetched.size > MOST_SETS) this.#fetched.delete(this.#fetched.keys().next().value!);
    return set;
  }

  #open(app: string, url: string): JWTVerifyGetKey {
    const source = new Source(this.#options, app, url);
    return createRemoteJWKSet(new URL(url), {
      cacheMaxAge: FRESH_MS,
      cooldownDuration: UNKNOWN_KEY_MS,
      timeoutDuration: FETCH_MS,
      [customFetch]: async (_url, { signal }) => new Response(await source.fetch(signal)),
    });
  }
}

/** One URL, with what it last gave. */
class Source {
  readonly #options: KeySetsOptions;
  readonly #app: string;
  readonly #url: string;
  #last: { text: string; at: number } | undefined;
  #failedAt = -Infinity;

  constructor(options: KeySetsOptions, app: string, url: string) {
    this.#options = options;
    this.#app = app;
    this.#url = url;
  }

  async fetch(signal: AbortSignal): Promise<string> {
    const { clock } = this.#options;
    if (clock.now() - this.#failedAt < RETRY_MS) return this.#stale();
    try {
      const text = await this.#options.fetchKeys(this.#app, new URL(this.#url), signal);
      refuseNoSet(text);
      this.#last = { text, at: clock.now() };
      return text;
    } catch (error) {
      this.#failedAt = clock.now();
      this.#options.onFailure?.(this.#app, this.#url, error instanceof Error ? error.message : String(error));
      return this.#stale();
    }
  }

  #stale(): string {
    if (this.#last !== undefined && this.#options.clock.now() - this.#last.at < STALE_MS) return this.#last.text;
    throw new NoKeys();
  }
}

/** What is no set at all must not take the place of the keys that the URL gave before. */
function refuseNoSet(text: string): void {
  const set: unknown = parsed(text);
  const keys = typeof set === "object" && set !== null && "keys" in set ? set.keys : undefined;
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === "object" && key !== null)) throw new Error("it gives no set of keys");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
