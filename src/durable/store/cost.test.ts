/** What a checkpoint costs, counted in statements and in rows that they give, not in time: it must not grow with the history. */
import assert from "node:assert/strict";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { test } from "node:test";
import { migrate } from "../../store/sqlite/migrate.ts";
import type { OperationUpdate } from "../operation.ts";
import { execution } from "../testing/world.ts";
import { engine } from "./engine.ts";

interface Cost {
  statements: number;
  rows: number;
  /** In the answer. */
  operations: number;
}

/** The engine over a database that counts what is asked of it. */
function countingEngine() {
  const db = new DatabaseSync(":memory:");
  migrate(db, ":memory:", engine.migrations);
  const count = { statements: 0, rows: 0 };
  const used = new Set<string>();
  const counted = (statement: StatementSync, text: string) =>
    new Proxy(statement, {
      get(target, key) {
        const value = Reflect.get(target, key, target) as unknown;
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          count.statements += 1;
          used.add(text);
          const answer = (value as (...all: unknown[]) => unknown).apply(target, args);
          if (key === "iterate") return [...(answer as Iterable<unknown>)].map((row) => ((count.rows += 1), row))[Symbol.iterator]();
          count.rows += key === "all" ? (answer as unknown[]).length : 1;
          return answer;
        };
      },
    });
  const counting = new Proxy(db, {
    get(target, key) {
      if (key === "prepare") return (text: string) => counted(target.prepare(text), text);
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === "function" ? (value as (...all: unknown[]) => unknown).bind(target) : value;
    },
  });
  return { db, operations: engine.operations(counting), count, used };
}

const STEPS = 1_000;

test(`step ${STEPS} of an execution costs no more than 1.5 times what step 10 does, and no statement of it reads a whole table`, () => {
  const { db, operations, count, used } = countingEngine();
  const now = 1_000_000;
  const started = operations.start({ execution: { ...execution("long"), id: "run", digest: "d" }, mostOpen: 10, now });
  assert.equal(started.kind, "started");
  operations.begin({ seq: 1, token: "t0", bytes: 1_000_000, most: 1_000, now });
  used.clear();
  const costs = Array.from({ length: STEPS + 1 }, (_, at): Cost => {
    const before = { ...count };
    const updates: OperationUpdate[] = [
      { Id: `s${at}`, Type: "STEP", Action: "START" },
      { Id: `s${at}`, Type: "STEP", Action: "SUCCEED", Payload: `"${at}"` },
    ];
    const limits = { operations: 10_000, bytes: 1e9, open: 10 };
    const answer = operations.checkpoint({
      id: "run",
      token: `t${at}`,
      clientToken: `c${at}`,
      updates,
      callees: {},
      nextToken: `t${at + 1}`,
      limits,
      now: now + at,
    });
    assert.equal(answer.kind, "done");
    const changed = answer.kind === "done" ? answer.operations.length : 0;
    return { statements: count.statements - before.statements, rows: count.rows - before.rows, operations: changed };
  });
  const [early, late] = [costs[10]!, costs[STEPS]!];
  for (const key of ["statements", "rows", "operations"] as const)
    assert.ok(late[key] <= 1.5 * early[key], `${key}: ${late[key]} at step ${STEPS}, ${early[key]} at step 10`);
  const plans = [...used].flatMap((text) =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .all()
      .map(({ detail }) => `${String(detail)}: ${text}`),
  );
  assert.deepEqual(
    plans.filter((plan) => plan.startsWith("SCAN")),
    [],
  );
});
