import { test } from "node:test";
import assert from "node:assert/strict";
import type { Invocation } from "./invocation-run.ts";
import { MachineRecord } from "./machine-record.ts";

const onStream = (streamNumber: number) => ({ streamNumber, id: `call-${streamNumber}`, function: "main" }) as Invocation;

test("a log line finds its invocation, however long that runs, and for a while after its end", () => {
  const record = new MachineRecord(1, 0);
  const long = onStream(1);
  record.remember(long);
  for (let stream = 3; stream < 9_000; stream += 2) {
    const short = onStream(stream);
    record.remember(short);
    record.forget(short);
  }
  assert.equal(record.invocationOn(1), long);
  const { id, function: name } = record.invocationOn(8_999)!;
  assert.deepEqual([id, name], ["call-8999", "main"]);
  assert.equal(record.invocationOn(3), undefined);
  assert.equal(record.invocationOn(77_777), undefined);
  record.forget(long);
  assert.equal(record.invocationOn(1)?.id, "call-1");
});

test("a stream number that is used again belongs to the newer invocation, and the end of the older one does not change that", () => {
  const record = new MachineRecord(1, 0);
  const [older, newer] = [onStream(5), onStream(5)];
  record.remember(older);
  record.remember(newer);
  record.forget(older);
  assert.equal(record.invocationOn(5), newer);
});

test("finding the invocation of a stream that has none takes the same time, however many are under way", () => {
  const record = new MachineRecord(1, 0);
  let looked = 0;
  for (let stream = 1; stream < 20_000; stream += 2)
    record.remember({
      get streamNumber() {
        looked++;
        return stream;
      },
    } as Invocation);
  looked = 0;
  for (let n = 0; n < 1_000; n++) record.invocationOn(1_000_001 + 2 * n);
  assert.ok(looked <= 1_000, `${looked} invocations were looked at for 1,000 lines`);
});
