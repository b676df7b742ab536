import { createHash, randomUUID } from "node:crypto";
import { MayflyError } from "../base/errors/error.ts";
import type { GroupCommit } from "../store/group-commit/group-commit.ts";
import type { Ends } from "./ends.ts";
import type { Checkpoint, Executions } from "./executions.ts";
import type { ExecutionLimits } from "./limits.ts";
import type { Runner } from "./runner.ts";
import { invokedBy, type TracedExecutions, withSpan } from "./traced-executions.ts";
import type { ExecutionOperations } from "./store/engine.ts";
import type { ExecutionFacts } from "./store/look.ts";

export interface ExecutionsParts {
  commit: GroupCommit<ExecutionOperations>;
  runner: Runner;
  ends: Ends;
  limits: ExecutionLimits;
  /** Of a page of operations. */
  pageBytes: number;
  newToken: () => string;
  /** Whether an execution was ever started: before, nothing is asked of the file, which then is not made. */
  isThere: () => boolean;
  /** Wall clock, ms. */
  now: () => number;
  /** Left out: traces are not recorded. */
  traced?: TracedExecutions | undefined;
}

/** Executions whose facts are in memory, because each checkpoint asks for them. */
const MOST_KNOWN = 10_000;

export function executionsOver({ commit, runner, ends, limits, pageBytes, newToken, isThere, now, traced }: ExecutionsParts): Executions {
  const known = new Map<string, ExecutionFacts>();
  const facts = async (id: string) => {
    if (!isThere()) return null;
    const found = known.get(id) ?? (await commit.run("facts", { id }));
    if (found !== null && !known.has(id)) {
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(id, found);
    }
    return found;
  };
  /** What an execution invokes belongs to its trace. */
  const inTrace = async (id: string, callees: Checkpoint["callees"]): Promise<Checkpoint["callees"]> => {
    const entries = Object.entries(callees);
    const found = entries.length === 0 ? null : await facts(id);
    if (found === null) return callees;
    return Object.fromEntries(entries.map(([key, callee]) => [key, "error" in callee ? callee : invokedBy(found.about, callee, traced)]));
  };
  return {
    async start({ trace, ...wished }, given) {
      const digest =
        given ??
        createHash("sha256")
          .update(wished.input ?? "")
          .digest("hex");
      const execution = withSpan({ ...wished, id: randomUUID(), digest }, trace, traced);
      const answer = await commit.run("start", { execution, mostOpen: limits.open, now: now() }, wished.input?.length);
      if (answer.kind === "other") throw new MayflyError("execution-exists", { name: wished.name });
      if (answer.kind === "too-many") throw new MayflyError("too-many-executions", { limit: limits.open });
      runner.take(answer.effects);
      return { id: answer.id, isNew: answer.isNew };
    },
    async ended(id, signal) {
      const wait = ends.of(id, signal);
      const outcome = await commit.run("outcome", { id });
      if (outcome === null || outcome.status !== "RUNNING") {
        wait.forget();
        return outcome;
      }
      await wait.promise;
      return commit.run("outcome", { id });
    },
    facts,
    get: async (id) => (isThere() ? commit.run("get", { id }) : null),
    history: async (id, page) => (isThere() ? commit.run("history", { id, ...page }) : null),
    list: async (query) => (isThere() ? commit.run("list", query) : { executions: [], next: null }),
    async stop(id, error) {
      if (!isThere()) return null;
      const answer = await commit.run("stop", { id, error, now: now() });
      if (answer === null) return null;
      runner.take(answer.effects);
      return answer.stoppedAt;
    },
    async checkpoint(call) {
      const bytes = call.updates.reduce((sum, { Payload = "" }) => sum + Payload.length, 0);
      const callees = await inTrace(call.id, call.callees);
      const answer = await commit.run("checkpoint", { ...call, callees, nextToken: newToken(), limits, now: now() }, bytes);
      if (answer.kind !== "done") return answer;
      const { effects, ...done } = answer;
      runner.take(effects);
      return done;
    },
    state: (id, token, page) => commit.run("state", { id, token, ...page, bytes: pageBytes }),
    async callBack(id, message) {
      const answer = await commit.run("callBack", { id, message, now: now() });
      if (typeof answer === "string") return answer;
      runner.take(answer.effects);
      return "done";
    },
    callbackOf: async (id) => (isThere() ? commit.run("callbackOf", { id }) : undefined),
  };
}
