/**
 * Looks up names for all apps of this process in turns, so that an app whose name server is silent delays only itself.
 *
 * Owns: the look-ups in progress, and each app's queue.
 * 1. An app with fewer than ALWAYS look-ups in progress starts another at once, whatever other apps do. (Whoever asks has taken one of the connections of the
 *    process, see shares.ts, so the total stays bounded.)
 * 2. Beyond ALWAYS, apps take turns for the rest of IN_ALL, and none has more than PER_APP in progress.
 * 3. No look-up takes longer than LONGEST_MS, including its time in the queue.
 * 4. An app asks for a name only once at a time; further requests share the answer. A look-up that is no longer awaited ends at once.
 */
import type { LookupAddress } from "node:dns";
import { MayflyError } from "../base/errors/error.ts";
import { lookUpError, openLookUp, shown, type LookUp } from "./look-up.ts";

const ALWAYS = 2;
const PER_APP = 16;
const IN_ALL = 128;
/** The maximum of names that one app may have waiting. */
const WAITING = 512;
const LONGEST_MS = 5_000;

export interface Names {
  /**
   * Rejects with getaddrinfo's errors ("ENOTFOUND", "EAI_AGAIN"), with "egress-denied" if the app asks for too many names at once, or with
   * the signal's reason.
   */
  lookUp(app: string, name: string, gone: AbortSignal): Promise<LookupAddress[]>;
}

interface Question {
  name: string;
  /** How many requests wait for the answer. */
  askers: number;
  readonly end: AbortController;
  readonly answer: PromiseWithResolvers<LookupAddress[]>;
}

interface Asking {
  /** The questions that wait and those in progress, by name. */
  readonly questions: Map<string, Question>;
  readonly waiting: Question[];
  underWay: number;
}

/** @param lookUp performs one look-up; the default asks the system's name servers */
export function createNames(lookUp: LookUp = openLookUp()): Names {
  return new FairNames(lookUp);
}

class FairNames implements Names {
  readonly #lookUp: LookUp;
  /** The questions of each app; the apps are in the order of their turns. */
  readonly #apps = new Map<string, Asking>();
  #underWay = 0;

  constructor(lookUp: LookUp) {
    this.#lookUp = lookUp;
  }

  async lookUp(app: string, name: string, gone: AbortSignal): Promise<LookupAddress[]> {
    gone.throwIfAborted();
    const question = this.#ask(app, name);
    question.askers += 1;
    const leaving = Promise.withResolvers<never>();
    const leave = () => leaving.reject(gone.reason);
    gone.addEventListener("abort", leave, { once: true });
    try {
      return await Promise.race([question.answer.promise, leaving.promise]);
    } finally {
      gone.removeEventListener("abort", leave);
      question.askers -= 1;
      if (question.askers === 0) question.end.abort();
    }
  }

  #ask(app: string, name: string): Question {
    const asking = this.#of(app);
    const same = asking.questions.get(name);
    if (same !== undefined && !same.end.signal.aborted) return same;
    if (asking.waiting.length >= WAITING)
      throw new MayflyError("egress-denied", { address: shown(name), reason: "too many names at once" });
    const question: Question = { name, askers: 0, end: new AbortController(), answer: Promise.withResolvers() };
    asking.questions.set(name, question);
    asking.waiting.push(question);
    void this.#see(app, asking, question);
    this.#startSome();
    return question;
  }

  #of(app: string): Asking {
    const known = this.#apps.get(app) ?? { questions: new Map<string, Question>(), waiting: [], underWay: 0 };
    this.#apps.set(app, known);
    return known;
  }

  /** Follows a look-up until it is answered, its time is over, or nobody awaits it any more. */
  async #see(app: string, asking: Asking, question: Question): Promise<void> {
    const { end, answer, name } = question;
    const late = lookUpError("EAI_AGAIN", name);
    const timer = setTimeout(() => end.abort(late), LONGEST_MS);
    timer.unref();
    end.signal.addEventListener("abort", () => answer.reject(end.signal.reason), { once: true });
    try {
      await answer.promise;
    } catch {
      // The error has already been passed to the askers, if any are left.
    }
    clearTimeout(timer);
    if (asking.questions.get(name) === question) asking.questions.delete(name);
    const at = asking.waiting.indexOf(question);
    if (at >= 0) asking.waiting.splice(at, 1);
    if (asking.questions.size === 0 && asking.underWay === 0 && this.#apps.get(app) === asking) this.#apps.delete(app);
  }

  #startSome(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const [app, asking] = next;
      // The app moves to the end: its next turn comes after all others.
      this.#apps.delete(app);
      this.#apps.set(app, asking);
      void this.#start(app, asking, asking.waiting.shift() as Question);
    }
  }

  #next(): [string, Asking] | undefined {
    for (const entry of this.#apps) {
      const { waiting, underWay } = entry[1];
      if (waiting.length === 0 || underWay >= PER_APP) continue;
      if (underWay < ALWAYS || this.#underWay < IN_ALL) return entry;
    }
    return undefined;
  }

  async #start(app: string, asking: Asking, { name, end, answer }: Question): Promise<void> {
    asking.underWay += 1;
    this.#underWay += 1;
    try {
      answer.resolve(await this.#lookUp(name, end.signal));
    } catch (error) {
      answer.reject(error);
    }
    asking.underWay -= 1;
    this.#underWay -= 1;
    if (asking.questions.size === 0 && asking.underWay === 0 && this.#apps.get(app) === asking) this.#apps.delete(app);
    this.#startSome();
  }
}
