/** Who can be told of changes of a bucket. */
export interface NotificationTargets {
  /** Undefined: it can be told. Otherwise the error's ArgumentName and ArgumentValue. @param tenant the bucket's */
  problemOf: (arn: string, tenant: string) => Promise<readonly [name: string, value: string] | undefined>;
}
