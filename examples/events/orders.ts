/**
 * Takes the shop's webhook, and publishes what it says: whoever wants to know of orders need not be known here.
 *
 *   mayfly deploy examples/events
 *   mayfly secret set events HOOK              the secret with which the shop signs, as Standard Webhooks says
 *   mayfly trigger list events                 prints the path that the shop is told, below the gateway's address
 *   mayfly trigger fire events orders --data '{"id":"1","body":{"type":"order.paid","data":{"order":"o-1","amount":250}}}'
 *   mayfly events list events                  the webhook's event, and the one that the pattern has chosen
 */
const bus = process.env["AWS_ENDPOINT_URL_EVENTBRIDGE"]!;

interface Delivery {
  id: string;
  body: { type: string; data: object };
}

export async function handler({ id, body }: Delivery): Promise<void> {
  const Entries = [{ Source: "shop", DetailType: body.type, Detail: JSON.stringify({ ...body.data, delivery: id }) }];
  const headers = { "x-amz-target": "AWSEvents.PutEvents", "content-type": "application/x-amz-json-1.1" };
  const response = await fetch(bus, { method: "POST", headers, body: JSON.stringify({ Entries }) });
  const { FailedEntryCount } = (await response.json()) as { FailedEntryCount?: number };
  // What throws is run again.
  if (FailedEntryCount !== 0) throw new Error(`the event of ${id} was not published`);
}
