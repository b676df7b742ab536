/**
 * An order, from its arrival to its delivery. What costs 100 or more waits for somebody's approval, for up to a week, and holds no machine meanwhile.
 *
 * mayfly deploy examples/approval
 * curl -d '{"id":"o-1","item":"desk","price":250}' http://localhost:8080/approval/desk
 * mayfly runs show approval o-1
 * curl http://localhost:8080/approval/desk/o-1
 * curl -X POST http://localhost:8080/approval/desk/o-1/approve     or: mayfly runs answer approval o-1 approve
 */
import { CallbackTimeoutError, type DurableContext, withDurableExecution } from "@aws/durable-execution-sdk-js";

export interface Order {
  id: string;
  item: string;
  price: number;
}

const LARGE = 100;

export const handler = withDurableExecution(async (order: Order, context: DurableContext) => {
  const { place } = await context.step("reserve", async () => reserve(order));
  if (order.price >= LARGE && !(await isApproved(context))) {
    await context.step("release", async () => console.log(`${order.item} at ${place} is free again`));
    return { state: "refused" };
  }
  const receipt = await context.step("charge", async () => charge(order));
  await context.step("ship", async () => console.log(`${order.item} is sent from ${place}, paid by ${receipt}`));
  return { state: "shipped", receipt };
});

/** Whoever approves finds the callback at the desk. Here a mail could be sent to them. */
async function isApproved(context: DurableContext): Promise<boolean> {
  try {
    const answer = await context.waitForCallback("approval", async () => console.log("somebody has to approve this"), {
      timeout: { days: 7 },
    });
    return answer === "approve";
  } catch (error) {
    if (error instanceof CallbackTimeoutError) return false;
    throw error;
  }
}

/** Steps are on the disk before the next one begins: neither of these is done again when the function goes on after the wait. */
async function reserve({ item }: Order): Promise<{ place: string }> {
  console.log(`${item} is reserved`);
  return { place: "shelf 7" };
}

async function charge({ id, price }: Order): Promise<string> {
  console.log(`${price} are charged`);
  return `receipt-${id}`;
}
