import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "../../services/kv/redis/commands.ts";
import { FakeClock } from "../../dispatch/testing/fake-clock.ts";
import { Waiters } from "./waiters.ts";

const store = { tenant: "t", app: "a", name: "main" };
const key = (name: string) => Buffer.from(name);
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Lists of which waiters take items a turn later, as from a thread. */
function world() {
  const clock = new FakeClock();
  const waiters = new Waiters(clock);
  const lists = new Map<string, string[]>();
  const wait = (names: string[], ms = 0, signal = new AbortController().signal) => {
    const take = async (): Promise<Reply | undefined> => {
      await settled();
      for (const name of names) {
        const item = lists.get(name)?.shift();
        if (item !== undefined) return { status: item };
      }
      return undefined;
    };
    return waiters.wait(store, names.map(key), ms, signal, take).then((reply) => (reply as { status: string } | undefined)?.status);
  };
  const push = (name: string, ...items: string[]) => {
    lists.set(name, [...(lists.get(name) ?? []), ...items]);
    waiters.pushed(store, [key(name)]);
  };
  return { clock, wait, push, lists };
}

test("items are for who waits for longest, and each is for one", async () => {
  const { wait, push, lists } = world();
  const got = Promise.all([wait(["l"]), wait(["other", "l"]), wait(["l"])]);
  push("l", "1");
  push("l", "2", "3", "4");
  assert.deepEqual(await got, ["1", "2", "3"]);
  assert.deepEqual(lists.get("l"), ["4"]);
});

test("who waits for several lists takes from one of them, whichever are pushed to at once", async () => {
  const { wait, push, lists } = world();
  const got = wait(["a", "b"]);
  push("a", "1");
  push("b", "2");
  assert.equal(await got, "1");
  await settled();
  assert.deepEqual([lists.get("a"), lists.get("b")], [[], ["2"]]);
});

test("what was pushed before it waited is found, too", async () => {
  const { wait, lists } = world();
  lists.set("l", ["early"]);
  assert.equal(await wait(["l"]), "early");
});

test("when the time is over, or the client has left, it waits no longer, and the next one gets the item", async () => {
  const { clock, wait, push } = world();
  const left = new AbortController();
  const [timed, gone, stays] = [wait(["l"], 1_000), wait(["l"], 0, left.signal), wait(["l"])];
  await clock.advance(1_000);
  assert.equal(await timed, undefined);
  left.abort();
  assert.equal(await gone, undefined);
  push("l", "1");
  assert.equal(await stays, "1");
});
