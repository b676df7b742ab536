/**
 * The variables by which programs of every language find the platform's services from their machines. What the app's own environment says counts more.
 * A service that has a protocol of its own adds its lines to variablesOf().
 */
import { serviceUrl } from "../../base/network/internal.ts";
import { type Binding, type Bindings, boundAs } from "./binding-schema.ts";

interface Serviced {
  bindings?: Bindings | undefined;
  functions?: Record<string, { durable?: object | undefined }>;
  publishes?: readonly string[] | undefined;
}

/** AWS's clients sign each request, and need these for that. The credentials are worth nothing: the host knows the app by its machine. */
const credentials = { AWS_ACCESS_KEY_ID: "MAYFLYINSIDE", AWS_SECRET_ACCESS_KEY: "worth-nothing-outside" };
const REGION = "us-east-1";
/** Python's SDK reads the second of the region's variables alone, most others the first. */
const forAwsClients = { AWS_REGION: REGION, AWS_DEFAULT_REGION: REGION, ...credentials };
const s3 = { AWS_ENDPOINT_URL_S3: serviceUrl("s3") };
const sqs = { AWS_ENDPOINT_URL_SQS: serviceUrl("sqs") };

/** @param isLambda whether AWS Lambda's API has made functions of these: their code finds what it finds at AWS */
export function serviceVariables({ bindings = {}, functions = {}, publishes = [] }: Serviced, isLambda: boolean): Record<string, string> {
  const isDurable = Object.values(functions).some(({ durable }) => durable !== undefined);
  return {
    ...(isLambda && { ...sqs, ...credentials }),
    ...(publishes.length > 0 && { AWS_ENDPOINT_URL_EVENTBRIDGE: serviceUrl("events"), ...forAwsClients }),
    ...(isDurable && { AWS_ENDPOINT_URL_LAMBDA: serviceUrl("lambda"), ...forAwsClients }),
    ...Object.fromEntries(Object.entries(bindings).flatMap(([name, binding]) => variablesOf(name, binding))),
  };
}

function variablesOf(name: string, binding: Binding): [variable: string, value: string][] {
  const bound = boundAs(binding);
  if ("sql" in bound) return [[`MAYFLY_SQL_${name}`, `${serviceUrl("sql")}/v1/${bound.sql}`]];
  if ("kv" in bound) return [[`MAYFLY_KV_${name}`, `${serviceUrl("kv")}/v1/${bound.kv}`]];
  if ("queue" in bound) return [[`MAYFLY_QUEUE_${name}`, bound.queue], ...Object.entries({ ...sqs, ...forAwsClients })];
  return [[`MAYFLY_BUCKET_${name}`, bound.bucket], ...Object.entries({ ...s3, ...forAwsClients })];
}
