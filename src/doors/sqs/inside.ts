/**
 * SQS's API for functions, at http://sqs.services.mayfly.internal. The host knows the app by the machine, so that signatures are not looked at.
 *
 * 1. A function reaches the queues of its own app, and uses those that are shared with it.
 * 2. A queue that the bindings of its revision name is there: it is made at its first use.
 * 3. Bodies are read within a limit of their own, of which no app gets all. Nothing that a function sends is able to throw past answer().
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { MayflyError } from "../../base/errors/error.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { Shares } from "../../clients/shares.ts";
import { accountOf } from "../../control/lambda/names.ts";
import { ownQueue } from "../../control/own-queues.ts";
import type { Queues } from "../../services/queues/queues.ts";
import type { ServiceCaller, ServiceDoor } from "../internal/service-door.ts";
import { busy, readBody } from "../lambda/read-body.ts";
import { holderOf } from "../lambda/take-place.ts";
import { type Order, ordered } from "./order.ts";
import { type Asked, isJson, originOf, readAsked, traceOf } from "./read-asked.ts";
import { sendAnswer, sendError } from "./reply.ts";
import { asSqsError, noSuchQueue } from "./sqs-error.ts";

interface InsideOptions {
  queues: Queues;
  clock: Clock;
  /** Called with failures that are not the function's fault. */
  onError: (error: unknown) => void;
}

/** Of all requests together. */
const ALL_BODIES = 100_000_000;
/** Ten messages of one batch, or one of the largest, with all that is escaped in it. */
const MOST_BYTES = 8_000_000;
const REGION = /Credential=[^/]*\/\d{8}\/([a-z\d-]{1,40})\//;

export function createInsideSqs({ queues, clock, onError }: InsideOptions): ServiceDoor {
  const room = new Shares(ALL_BODIES);

  async function askedBy(caller: ServiceCaller, request: IncomingMessage, isQuery: boolean): Promise<Asked> {
    const body = await readBody(request, { holder: holderOf(caller.app), operation: "SQS", most: MOST_BYTES, noRoom: busy }, clock, room);
    try {
      return readAsked(request, body.bytes, isQuery);
    } finally {
      body.release();
    }
  }

  async function run(caller: ServiceCaller, request: IncomingMessage, order: Order, left: AbortSignal, isQuery: boolean) {
    const { tenant, app, appName, bindings } = caller;
    const account = { tenant, account: accountOf(tenant), region: REGION.exec(request.headers.authorization ?? "")?.[1] ?? "us-east-1" };
    const { named, target } = order;
    if (named?.account !== undefined && named.account !== account.account) throw noSuchQueue(isQuery);
    if (Object.values(bindings).some((binding) => "queue" in binding && binding.queue === target))
      await ownQueue(queues, caller, target).catch((error: unknown) => {
        // One of another app is told of no otherwise than one that nobody has.
        if (error instanceof MayflyError && error.code === "queue-exists") throw noSuchQueue(isQuery);
        throw error;
      });
    return order.run({
      isQuery,
      account,
      principal: { id: app, name: appName, role: "deployer", tenant, apps: [app] },
      origin: originOf(request, false),
      trace: traceOf(request.headers),
      left: () => left,
      queues,
    });
  }

  return {
    async answer(caller, request, response, left) {
      const id = randomUUID();
      const isQuery = !isJson(request.headers);
      try {
        const asked = await askedBy(caller, request, isQuery);
        sendAnswer(response, id, asked.operation, await run(caller, request, ordered(asked), left, isQuery), isQuery);
      } catch (error) {
        const refused = asSqsError(error, isQuery);
        if (refused.status >= 500) onError(error);
        if (response.headersSent || response.destroyed) response.destroy();
        else sendError(response, id, refused, isQuery);
      }
    },
  };
}
