/**
 * What OTLP's JSON has in common for traces, metrics and logs (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): numbers of 64 bits are
 * texts, and ids are hexadecimal.
 */
export type AttributeValue = string | number | boolean;

export interface KeyValue {
  key: string;
  value: { stringValue: string } | { doubleValue: number } | { intValue: string } | { boolValue: boolean };
}

/** Those that are undefined are left out. */
export function attributesOf(values: Readonly<Record<string, AttributeValue | undefined>>): KeyValue[] {
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: valueOf(value) }]));
}

function valueOf(value: AttributeValue): KeyValue["value"] {
  if (typeof value === "string") return { stringValue: value.toWellFormed() };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** Nanoseconds since the epoch. @param ms the same in milliseconds, with a fraction */
export function nanoseconds(ms: number): string {
  const whole = Math.trunc(ms);
  return `${BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6))}`;
}

/** Who tells all this, as the resource of what it tells. */
export interface Teller {
  version: string;
  /** The name of this host. */
  host: string;
  /** Of this run of the server. */
  instance: string;
}

/** The body of a request to a collector, and how many spans or lines are in it. */
export interface Counted {
  body: object;
  count: number;
}

export const SCOPE = "mayfly";

/** @param app whose it is; undefined: the server's */
export function resourceOf({ version, host, instance }: Teller, app?: { tenant: string; app: string }): { attributes: KeyValue[] } {
  return {
    attributes: attributesOf({
      "service.name": app?.app ?? "mayfly",
      "service.namespace": app?.tenant,
      "service.version": app === undefined ? version : undefined,
      "service.instance.id": instance,
      "host.name": host,
      "telemetry.sdk.name": SCOPE,
      "telemetry.sdk.language": "nodejs",
      "telemetry.sdk.version": version,
    }),
  };
}
