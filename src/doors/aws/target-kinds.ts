/** What rules and schedules can start, by ARNs: each kind of target makes an event of what is to go there. */
import type { Account } from "../../control/lambda/names.ts";
import type { EventSource, NewEvent, RetryRule } from "../../events/event.ts";
import { invalid } from "./service-error.ts";

/** What goes to a target. */
export interface ForTarget {
  payload: Buffer;
  source: EventSource;
  /** In place of the target's own rule. */
  retry?: Partial<RetryRule> | undefined;
  /** The ARN of the queue to which it goes if it is given up. */
  deadLetters?: string | undefined;
  /** Members of the target that only its kind knows. */
  more?: Readonly<Record<string, unknown>>;
}

export interface TargetKind {
  /** The account that the ARN names; undefined: it is none of this kind. */
  accountIn(arn: string): string | undefined;
  /** Throws if there is nothing of this name now. */
  event(account: Account, arn: string, what: ForTarget): NewEvent;
  /** Where what is given up goes, if this kind can be that. */
  deadLetters?(account: Account, arn: string): NonNullable<NewEvent["onFailure"]>;
}

export class TargetKinds {
  readonly #kinds: readonly TargetKind[];

  constructor(kinds: readonly TargetKind[]) {
    this.#kinds = kinds;
  }

  /** Throws a ServiceError if the ARN is none that can be a target. @param named for example "target 1" */
  check(account: Account, arn: string, named: string): void {
    this.#assertKind(account, arn, `Parameter Arn is not valid for ${named}.`, () => true);
  }

  /** Throws a ServiceError. */
  checkDeadLetters(account: Account, arn: string, named: string): void {
    this.#assertKind(account, arn, `Parameter DeadLetterConfig is not valid for ${named}.`, (kind) => "deadLetters" in kind);
  }

  /** Throws if there is nobody to whom it could go. If the target is gone, it goes to where its dead letters do. */
  event(account: Account, arn: string, what: ForTarget): NewEvent {
    const { deadLetters } = what;
    try {
      const made = this.#kindOf(account, arn).event(account, arn, what);
      const retry = { ...made.retry, ...what.retry };
      const onFailure = deadLetters === undefined ? made.onFailure : this.#kindOf(account, deadLetters).deadLetters?.(account, deadLetters);
      return { ...made, retry, ...(onFailure && { onFailure }) };
    } catch (error) {
      if (deadLetters === undefined) throw error;
      return this.#kindOf(account, deadLetters).event(account, deadLetters, { payload: what.payload, source: what.source });
    }
  }

  #kindOf({ account }: Account, arn: string): TargetKind {
    const kind = this.#kinds.find((each) => each.accountIn(arn) === account);
    if (kind === undefined) throw invalid(`There is no target ${arn.slice(0, 300)}.`);
    return kind;
  }

  #assertKind({ account }: Account, arn: string, what: string, isGood: (kind: TargetKind) => boolean): void {
    if (!/^arn:[\w-]+:[\w-]+:/.test(arn)) throw invalid(`${what} Reason: Provided Arn is not in correct format.`);
    const kind = this.#kinds.find((each) => each.accountIn(arn) !== undefined);
    if (kind === undefined || !isGood(kind)) throw invalid(`${what} Reason: nothing of this kind is here.`);
    if (kind.accountIn(arn) !== account) throw invalid(`${what} Reason: it is of another account.`);
  }
}
