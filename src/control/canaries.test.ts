/** The watch over canaries, on a catalog in real files and a clock that the test moves. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { FakeClock } from "../dispatch/testing/fake-clock.ts";
import { mainTenant } from "../base/ids/new-id.ts";
import type { Placement, Revision } from "../store/catalog/catalog.ts";
import { CatalogInFolder, codeOf, manifestOf } from "../store/catalog/testing/open-catalog.ts";
import { EventStream } from "../telemetry/event-stream.ts";
import type { CanaryEnded, InvocationEnded } from "../telemetry/platform-event.ts";
import { usualPlan } from "../traffic/limits.ts";
import { watchCanaries } from "./canaries.ts";
import { deploy, type DeployParts } from "./deploy.ts";
import { point, type PointParts } from "./point.ts";
import { promote, type PromoteParts, rollBack } from "./promote.ts";

let files: CatalogInFolder;
let clock: FakeClock;
let events: EventStream;
let said: string[];
let ended: CanaryEnded[];
let refuses: Error | undefined;
let endWatch: () => void;

const canary = (share = 0.1): Placement => ({ kind: "canary", share, plan: usualPlan });

beforeEach(() => {
  files = new CatalogInFolder();
  clock = new FakeClock();
  files.reopen({ clock });
  said = [];
  ended = [];
  refuses = undefined;
  listen();
});
afterEach(() => {
  endWatch();
  files.close();
});

/** Begins to watch, as a server does at its start. */
function listen(): void {
  events = new EventStream(clock, (error) => assert.fail(String(error)));
  events.listen({ "canary-ended": (event) => ended.push(event) });
  endWatch = watchCanaries({ ...parts(), say: (_app, text) => said.push(text), failed: (_app, error) => said.push(String(error)) });
}

function parts() {
  const serving = {
    check: () => {
      if (refuses !== undefined) throw refuses;
    },
    prove: async () => {},
    prepare: async () => {},
    pointed: () => {},
    restored: () => {},
    branched: () => {},
    problemOf: () => null,
  };
  return { catalog: files.catalog, serving, events, clock } satisfies DeployParts & PointParts & PromoteParts;
}

async function deployed(code: string, placement?: Placement): Promise<Revision> {
  const { revision } = await deploy(parts(), mainTenant, manifestOf("shop"), codeOf(code), undefined, placement);
  return revision;
}

/** The numbers of the revisions that calls go to, with their weights. */
function live(): [number, number][] {
  return files.catalog.live(files.id("shop")).map(({ revision, weight }) => [revision.number, weight]);
}

function called(revision: Revision, calls: number, outcome: InvocationEnded["outcome"] = "replied", run = 10): void {
  const event = {
    type: "invocation-ended",
    app: revision.app,
    function: "main",
    revision: revision.id,
    branch: null,
    outcome,
    status: outcome === "replied" ? 200 : 0,
    spans: { queue: 0, start: 0, bind: 0, run },
  } as unknown as InvocationEnded;
  for (let i = 0; i < calls; i++) events.tell({ ...event });
}

test("a canary gets its share, and all calls after its time, with a line that says what was seen", async () => {
  const old = await deployed("one");
  const fresh = await deployed("two", canary());
  assert.deepEqual(live(), [
    [1, 0.9],
    [2, 0.1],
  ]);
  assert.deepEqual(said, ["Revision 2 is a canary: it gets 10 % of the calls, and revision 1 the others."]);
  called(old, 900);
  called(fresh, 100);
  await clock.advance(599_000);
  assert.equal(live().length, 2);
  await clock.advance(2_000);
  assert.deepEqual(live(), [[2, 1]]);
  assert.deepEqual(
    ended.map(({ number, outcome, reason }) => [number, outcome, reason.kind]),
    [[2, "promoted", "passed"]],
  );
  assert.match(said.at(-1)!, /^The canary of revision 2 is promoted: all calls go to it now\. 0 of its 100 calls failed/);
  const [row] = files.catalog.app(mainTenant, "shop")!.revisions;
  assert.deepEqual([row?.canary?.state, row?.canary?.tallies.fresh.calls, row?.canary?.tallies.old.calls], ["promoted", 100, 900]);
});

test("a canary whose calls fail is rolled back within a second, and its revision stays with the reason", async () => {
  const old = await deployed("one");
  const fresh = await deployed("two", canary());
  called(old, 300);
  called(fresh, 15, "function-threw");
  called(fresh, 15, "machine-start-failed");
  called(fresh, 100, "aborted");
  await clock.advance(1_000);
  assert.deepEqual(live(), [[1, 1]]);
  assert.match(said.at(-1)!, /^The canary of revision 2 is rolled back: all calls go to revision 1 again\. 30 of its 30 calls failed/);
  const [row] = files.catalog.app(mainTenant, "shop")!.revisions;
  assert.deepEqual([row?.number, row?.canary?.state, row?.canary?.reason?.kind], [2, "rolled-back", "errors"]);
});

test("another server goes on with the counts and the time of a canary, also after kill -9", async () => {
  const old = await deployed("one");
  const fresh = await deployed("two", canary());
  called(old, 300);
  called(fresh, 60);
  await clock.advance(400_000);
  // Nothing is closed in order: the watch of the killed server just hears nothing any more.
  const killed = endWatch;
  files.reopen({ clock });
  listen();
  killed();
  assert.equal(files.catalog.runningCanary(old.app)?.tallies.fresh.calls, 60);
  called(fresh, 39);
  await clock.advance(201_000);
  assert.equal(live().length, 2, "one call is missing");
  called(fresh, 1);
  await clock.advance(1_000);
  assert.deepEqual(live(), [[2, 1]]);
});

test("a canary that somebody promotes, rolls back or replaces is over at once, and is told of once", async () => {
  await deployed("one");
  const reasonsOf = () => ended.map(({ number, outcome, reason }) => [number, outcome, reason.kind]);
  await deployed("two", canary());
  rollBack(parts(), mainTenant, "shop");
  assert.deepEqual([live(), reasonsOf()], [[[1, 1]], [[2, "rolled-back", "by-hand"]]]);
  await deployed("two", canary(0.5));
  promote(parts(), mainTenant, "shop");
  assert.deepEqual([live(), reasonsOf().at(-1)], [[[2, 1]], [2, "promoted", "by-hand"]]);
  await deployed("three", canary());
  await deployed("four", canary(0.2));
  assert.deepEqual(reasonsOf().at(-1), [3, "replaced", "deploy"]);
  assert.deepEqual(live(), [
    [2, 0.8],
    [4, 0.2],
  ]);
  await deployed("four", canary(0.3));
  assert.deepEqual(reasonsOf().at(-1), [4, "replaced", "deploy"]);
  point(parts(), mainTenant, "shop", "live", [
    { revision: 2, weight: 1 },
    { revision: 4, weight: 1 },
  ]);
  assert.deepEqual(reasonsOf().at(-1), [4, "replaced", "by-hand"]);
  assert.equal(reasonsOf().length, 5);
  await clock.advance(2_000_000);
  assert.equal(live().length, 2, "nobody decides on it any more");
});

test("a rollback goes to the revision that had all calls before, again and again, and skips what never had them", async () => {
  assert.throws(() => rollBack(parts(), mainTenant, "shop"), { code: "no-such-app" });
  await deployed("one");
  assert.throws(() => rollBack(parts(), mainTenant, "shop"), { code: "no-revision-before" });
  await deployed("two");
  await deployed("three", canary());
  await deployed("four", { kind: "alias", alias: "next" });
  assert.deepEqual(
    live().map(([number]) => number),
    [2, 3],
    "an alias of another name moves no call",
  );
  rollBack(parts(), mainTenant, "shop");
  assert.deepEqual(live(), [[2, 1]]);
  await deployed("five");
  const moved = rollBack(parts(), mainTenant, "shop");
  assert.deepEqual(
    moved.before.map(({ number }) => number),
    [5],
  );
  assert.deepEqual(live(), [[2, 1]]);
  rollBack(parts(), mainTenant, "shop");
  assert.deepEqual(live(), [[1, 1]]);
  assert.throws(() => rollBack(parts(), mainTenant, "shop"), { code: "no-revision-before" });
  promote(parts(), mainTenant, "shop", "next");
  assert.deepEqual(live(), [[4, 1]]);
  rollBack(parts(), mainTenant, "shop");
  assert.deepEqual(live(), [[1, 1]]);
  assert.throws(() => promote(parts(), mainTenant, "shop"), { code: "bad-request", message: /all calls go to revision 1; name the/ });
});

test("the revision that a rollback goes back to outlives ten canaries that failed", async () => {
  files.reopen({ clock, revisionsKept: 3 });
  endWatch();
  listen();
  await deployed("one");
  await deployed("two");
  for (let i = 0; i < 10; i++) {
    await deployed(`canary ${i}`, canary());
    rollBack(parts(), mainTenant, "shop");
  }
  assert.deepEqual(files.numbers("shop"), [12, 11, 10, 2, 1]);
  rollBack(parts(), mainTenant, "shop");
  assert.deepEqual(live(), [[1, 1]]);
});

test("a verdict that cannot be carried out is told, and tried again", async () => {
  const old = await deployed("one");
  const fresh = await deployed("two", canary());
  called(old, 300);
  called(fresh, 30, "function-threw");
  said.length = 0;
  refuses = new Error("another app has its host");
  await clock.advance(5_000);
  assert.deepEqual([live().length, said], [2, ["Error: another app has its host"]]);
  refuses = undefined;
  await clock.advance(1_000);
  assert.deepEqual(live(), [[1, 1]]);
});

test("an app's first deploy as a canary gets all calls; the revision that has most of them cannot be one", async () => {
  await deployed("one", canary());
  assert.deepEqual(live(), [[1, 1]]);
  await deployed("two", canary());
  await assert.rejects(deployed("one", canary()), { code: "bad-request", message: /revision 1 of shop cannot be a canary/ });
  assert.equal(live().length, 2);
});
