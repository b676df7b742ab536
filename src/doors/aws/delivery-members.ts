/** What targets of rules and of schedules say alike of how they get what they are to get. */
import type { Input } from "./input.ts";
import { invalid } from "./service-error.ts";

type Readers = Readonly<Record<string, () => unknown>>;

/** For Input.only(). */
export function deliveryMembers(target: Input): Readers {
  const policy = target.object("RetryPolicy");
  const letters = target.object("DeadLetterConfig");
  const parameters = target.object("SqsParameters");
  const number = (name: string) => policy?.number(name);
  return {
    RetryPolicy: () => policy?.only({ MaximumRetryAttempts: number, MaximumEventAgeInSeconds: number }),
    DeadLetterConfig: () => letters?.only({ Arn: () => letters.text("Arn") }),
    SqsParameters: () => parameters?.only({ MessageGroupId: () => groupOf(parameters) }),
  };
}

/** Throws a ValidationException. */
function groupOf(parameters: Input): string | undefined {
  const group = parameters.text("MessageGroupId");
  if (group === undefined || /^[\x21-\x7e]{1,128}$/.test(group)) return group;
  throw invalid(
    "Parameter MessageGroupId is not valid. Reason: it can only include alphanumeric and punctuation characters, 1 to 128 of them.",
  );
}
