/** Who can be told of changes of a bucket. */
export interface NotificationTargets {
  /** Undefined: it can be told. Otherwise the error's ArgumentName and ArgumentValue. */
  problemOf: (arn: string, asker: NotificationAsker) => Promise<readonly [name: string, value: string] | undefined>;
  /** Tells a queue that it will be told of changes, as AWS does. Resolves when that is on the disk. */
  greet: (arn: string, asker: NotificationAsker, text: string) => Promise<void>;
}

export interface NotificationAsker {
  /** The bucket's. */
  tenant: string;
  /** The app, if one of its functions asks from its machine: it may name what the app may use, and nothing else of the tenant's. */
  app: string | undefined;
}

/** The target of rules for the event bus. */
export const EVENT_BUS = "event-bus";
