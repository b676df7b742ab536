/**
 * Which parts of revisions serve one tenant id each, of apps that keep tenants apart. Callers choose the ids, so that there is no end to them.
 *
 * Owns: for each such app and each of its recent ids, the ids of the parts that serve it.
 * 1. There are at most MOST of them, and of an app at most as many as it may have. For a new one, one that is idle has to leave: of the same app, if that has as many as it
 *    may, or else of the app that has most. An app's callers therefore make no other app forget its ids as long as their app has most.
 * 2. In an app, those that were called least recently come first. LOOKS of them are examined, and those that are in use go to the end, so that a few looks find an idle one
 *    where many are idle.
 */
import { createHash } from "node:crypto";

const MOST = 20_000;
const LOOKS = 16;

/** By the part that they are made from and the tenant id. */
type OfApp = Map<string, string>;

export class ApartParts {
  readonly #apps = new Map<string, OfApp>();
  readonly #most: number;
  #size = 0;

  constructor(most = MOST) {
    this.#most = most;
  }

  /** The part that serves the tenant id in the place of a part that serves all; undefined if there is none yet. */
  find(app: string, base: string, key: string): string | undefined {
    const ofApp = this.#apps.get(app);
    const name = nameOf(base, key);
    const id = ofApp?.get(name);
    if (id === undefined) return undefined;
    // Moves it to the end of the order.
    ofApp!.delete(name);
    ofApp!.set(name, id);
    return id;
  }

  /** There must be room for it. Returns the id of the part. */
  add(app: string, base: string, key: string): string {
    const ofApp = this.#apps.get(app) ?? new Map<string, string>();
    this.#apps.set(app, ofApp);
    const id = `${base}/~${createHash("sha256").update(key).digest("base64url").slice(0, 32)}`;
    ofApp.set(nameOf(base, key), id);
    this.#size += 1;
    return id;
  }

  /** Null if there is room for one more of the app; else the part that has to leave first, or undefined if all that were examined are in use. */
  leaving(app: string, mostOfApp: number, isIdle: (part: string) => boolean): string | null | undefined {
    const own = this.#apps.get(app);
    if (own !== undefined && own.size >= mostOfApp) return idleOf(own, isIdle);
    return this.#size < this.#most ? null : idleOf(this.#largest(), isIdle);
  }

  of(app: string): string[] {
    return [...(this.#apps.get(app)?.values() ?? [])];
  }

  remove(part: string, app: string): void {
    const ofApp = this.#apps.get(app);
    for (const [name, id] of ofApp ?? [])
      if (id === part && ofApp!.delete(name)) {
        this.#size -= 1;
        break;
      }
    if (ofApp?.size === 0) this.#apps.delete(app);
  }

  removeApp(app: string): void {
    this.#size -= this.#apps.get(app)?.size ?? 0;
    this.#apps.delete(app);
  }

  #largest(): OfApp {
    let largest: OfApp = new Map();
    for (const ofApp of this.#apps.values()) if (ofApp.size > largest.size) largest = ofApp;
    return largest;
  }
}

/** No part's id has a space. */
function nameOf(base: string, key: string): string {
  return `${base} ${key}`;
}

function idleOf(ofApp: OfApp, isIdle: (part: string) => boolean): string | undefined {
  for (const [name, id] of ofApp.entries().take(LOOKS)) {
    if (isIdle(id)) return id;
    ofApp.delete(name);
    ofApp.set(name, id);
  }
  return undefined;
}
