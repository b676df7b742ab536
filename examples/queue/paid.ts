/**
 * From a webhook to a queue to a function: Stripe tells of a payment, which is answered at once, and booked by another function in batches, at its own pace.
 *
 *   mayfly deploy examples/queue
 *   mayfly secret set queue STRIPE_HOOK        the secret that Stripe shows
 *   mayfly trigger list queue                  prints the path to enter there, below the gateway's address
 *   mayfly trigger fire queue stripe
 *   mayfly kv list queue sums
 */
import type { Queue } from "mayfly/types";

interface Delivery {
  body: { data?: { object?: { id: string; amount: number; currency: string } } };
}

export interface Payment {
  id: string;
  amount: number;
  currency: string;
}

export async function handler({ body }: Delivery, { env }: { env: { ORDERS: Queue<Payment> } }): Promise<void> {
  const paid = body.data?.object;
  if (paid === undefined) return;
  await env.ORDERS.send({ id: paid.id, amount: paid.amount, currency: paid.currency });
}
