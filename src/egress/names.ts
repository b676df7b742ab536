/**
 * The names that all apps of this process want to know, looked up in turns: an app whose name server is silent waits for itself alone.
 *
 * Owns: the look-ups under way, and each app's queue.
 * 1. An app that has fewer than ALWAYS under way starts at once, whatever others do. (Apps with machines are few, so this is bounded.)
 * 2. Beyond that, apps take turns for what is left of IN_ALL, and none has more than PER_APP under way.
 * 3. Nobody waits longer than LONGEST_MS in all, in the queue or for an answer.
 * 4. A name that the app already asks for is not asked for again beside; a look-up that nobody waits for any more ends at once.
 */
import type { LookupAddress } from "node:dns";
import { MayflyError } from "../base/errors/error.ts";
import { lookUpError, openLookUp, shown, type LookUp } from "./look-up.ts";

const ALWAYS = 2;
const PER_APP = 16;
const IN_ALL = 128;
/** Of one app. */
const WAITING = 512;
const LONGEST_MS = 5_000;

export interface Names {
  /**
   * Rejects as getaddrinfo does ("ENOTFOUND", "EAI_AGAIN"), with "egress-denied" where the app asks for too many at once, or with the
   * signal's reason.
   */
  lookUp(app: string, name: string, gone: AbortSignal): Promise<LookupAddress[]>;
}

interface Question {
  name: string;
  /** Who waits for it. */
  askers: number;
  readonly end: AbortController;
  readonly answer: PromiseWithResolvers<LookupAddress[]>;
}

interface Asking {
  /** By name: waiting and under way. */
  readonly questions: Map<string, Question>;
  readonly waiting: Question[];
  underWay: number;
}

/** @param lookUp one look-up; the system's unless given */
export function createNames(lookUp: LookUp = openLookUp()): Names {
  return new FairNames(lookUp);
}

class FairNames implements Names {
  readonly #lookUp: LookUp;
  /** In the order of their turns. */
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

  /** To its end, which is its answer's, its time's, or its last asker's. */
  async #see(app: string, asking: Asking, question: Question): Promise<void> {
    const { end, answer, name } = question;
    const timer = setTimeout(() => end.abort(lookUpError("EAI_AGAIN", name)), LONGEST_MS);
    timer.unref();
    end.signal.addEventListener("abort", () => answer.reject(end.signal.reason), { once: true });
    try {
      await answer.promise;
    } catch {
      // Its askers are told; there may be none left.
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
      // Its next turn comes after everybody else's.
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
