/**
 * The variables by which programs of every language find the platform's services from their machines. What the app's own environment says counts more.
 * A service that has a protocol of its own adds its lines to variablesOf().
 */
import { serviceUrl } from "../../base/network/internal.ts";
import { type Binding, type Bindings, boundAs } from "./binding-schema.ts";

interface Serviced {
  bindings?: Bindings | undefined;
  functions?: Record<string, { durable?: object | undefined }>;
}

/** AWS's clients sign each request, and need these for that. The credentials are worth nothing: the host knows the app by its machine. */
const credentials = { AWS_ACCESS_KEY_ID: "MAYFLYINSIDE", AWS_SECRET_ACCESS_KEY: "worth-nothing-outside" };
const s3 = { AWS_ENDPOINT_URL_S3: serviceUrl("s3"), ...credentials };

export function serviceVariables({ bindings = {}, functions = {} }: Serviced): Record<string, string> {
  const isDurable = Object.values(functions).some(({ durable }) => durable !== undefined);
  return {
    ...(isDurable && { AWS_ENDPOINT_URL_LAMBDA: serviceUrl("lambda"), ...forAwsClients }),
    ...Object.fromEntries(Object.entries(bindings).flatMap(([name, binding]) => variablesOf(name, binding))),
  };
}

/** AWS's clients sign each request, and need these for that. The credentials are worth nothing: the host knows the app by its machine. */
const forAwsClients = { AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "MAYFLYINSIDE", AWS_SECRET_ACCESS_KEY: "worth-nothing-outside" };

function variablesOf(name: string, binding: Binding): [variable: string, value: string][] {
  const bound = boundAs(binding);
  if ("sql" in bound) return [[`MAYFLY_SQL_${name}`, `${serviceUrl("sql")}/v1/${bound.sql}`]];
  if ("kv" in bound) return [[`MAYFLY_KV_${name}`, `${serviceUrl("kv")}/v1/${bound.kv}`]];
  return [[`MAYFLY_BUCKET_${name}`, bound.bucket], ...Object.entries({ AWS_REGION: "us-east-1", ...s3 })];
}
