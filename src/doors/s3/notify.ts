/** Tells functions of changes of buckets. */
import type { Notice } from "../../services/objects/object.ts";
import type { FromServices } from "../lambda/invoke/from-services.ts";
import { notificationEvent } from "./notification-record.ts";
import type { NotificationTargets } from "./notification-targets.ts";

export interface Notifying {
  targets: NotificationTargets;
  /** Resolves once the receiver has the notice durably, or is gone. */
  deliver: (notice: Notice) => Promise<void>;
}

export function notifying(functions: FromServices): Notifying {
  return {
    targets: {
      async problemOf(arn, tenant) {
        const service = arn.split(":", 3)[2];
        if (service !== "lambda") return [arn, `The destination ${service === "sqs" ? "queue" : "topic"} does not exist`];
        return functions.knows(arn, tenant) ? undefined : [`${arn}, null`, `Not authorized to invoke function [${arn}]`];
      },
    },
    async deliver(notice) {
      const { target, tenant, bucket, seq } = notice;
      const payload = Buffer.from(JSON.stringify(notificationEvent(notice)));
      await functions.send(target, tenant, { payload, source: { kind: "object", name: bucket }, key: `object ${seq} ${target}` });
    },
  };
}
