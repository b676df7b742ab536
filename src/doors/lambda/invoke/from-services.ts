/** Events that other services send to functions, which they know by their ARNs. A service may call the functions of the tenant whose data it has. */
import { randomUUID } from "node:crypto";
import { AwsError } from "../../../control/lambda/aws-error.ts";
import { type Account, accountOf } from "../../../control/lambda/names.ts";
import type { Invokable } from "../../../control/lambda/invokables.ts";
import type { EventSource } from "../../../events/event.ts";
import { type LambdaEventParts, takeEvent } from "./lambda-events.ts";
import type { GivenTrace } from "./trace-header.ts";

export interface FromServices {
  /** Whether the tenant has a function of that ARN; with an app, whether that one has it. */
  knows(arn: string, of: { tenant: string; app: string | undefined }): boolean;
  /** Resolves when the event is on the disk, and with false if there is no such function any more. Rejects if it cannot be taken now. */
  send(arn: string, tenant: string, event: ServiceEvent): Promise<boolean>;
}

interface ServiceEvent {
  payload: Buffer;
  source: EventSource;
  /** An event that is sent again with the same key is taken once. */
  key: string;
  /** The header X-Amzn-Trace-Id of the trace that it belongs to; undefined: it begins one of its own. */
  trace?: string | undefined;
}

export function fromServices(parts: LambdaEventParts & { traceOf: (functionArn: string, header?: string) => GivenTrace }): FromServices {
  function find(arn: string, tenant: string): { invokable: Invokable; account: Account; qualifier: string | undefined } | undefined {
    const [, , service, region, number, kind, name, qualifier] = arn.split(":");
    const account = { tenant, account: accountOf(tenant), region: region ?? "" };
    if (service !== "lambda" || kind !== "function" || name === undefined || number !== account.account) return undefined;
    try {
      return { invokable: parts.invokables.find(account, { name, qualifier }), account, qualifier };
    } catch (error) {
      if (error instanceof AwsError && error.shape.status < 500) return undefined;
      throw error;
    }
  }

  return {
    knows(arn, { tenant, app }) {
      const found = find(arn, tenant);
      return found !== undefined && (app === undefined || found.invokable.app === app);
    },
    async send(arn, tenant, { payload, source, key, trace: header }) {
      const found = find(arn, tenant);
      if (found === undefined) return false;
      const { invokable, account, qualifier } = found;
      const trace = parts.traceOf(invokable.functionArn, header);
      const order = { invokable, id: randomUUID(), attempt: 1, payload, trace, wantsLog: false };
      await takeEvent(parts, account, qualifier, order, { source, idempotencyKey: key });
      return true;
    },
  };
}
