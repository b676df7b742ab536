/**
 * Types of requests and replies, taken from the route table, so that code that calls a changed route no longer compiles. Only types are imported.
 * Schemas are matched by the fields that hold their types, not by `z.ZodType`: that comparison costs the compiler minutes and gigabytes.
 */
import type { Readable } from "node:stream";
import type * as table from "./routes.ts";

type Table = typeof table;

/** The name of a route in the table. */
export type RouteName = keyof Table;

/** What each endpoint takes and gives, by method and path, such as "GET /v1/apps/{app}". */
type Endpoints = {
  [Name in RouteName as `${Uppercase<Table[Name]["method"]>} ${Table[Name]["path"]}`]: {
    sent: ParamsOf<Table[Name]> & QueryOf<Table[Name]> & BodyOf<Table[Name]>;
    reply: ReplyOf<Table[Name]["responses"]>;
  };
};

export type Endpoint = keyof Endpoints;

/** What a caller sends to an endpoint: the parts that its route has. */
export type Sent<At extends Endpoint> = Endpoints[At]["sent"];

/** The JSON of a reply without an error; void if the route answers without a body. */
export type Reply<At extends Endpoint> = Endpoints[At]["reply"];

interface Taking<Input> {
  _zod: { input: Input };
}

interface Giving<Output> {
  content: { "application/json": { schema: { _zod: { output: Output } } } };
}

type ParamsOf<Route> = Route extends { request: { params: Taking<infer Params> } } ? { params: Params } : unknown;
type QueryOf<Route> = Route extends { request: { query: Taking<infer Query> } } ? { query: Query } : unknown;
type BodyOf<Route> = Route extends { request: { body: { content: infer Content } } } ? BodyIn<Content> : unknown;
type BodyIn<Content> = Content extends { "application/json": { schema: Taking<infer Body> } } ? { body: Body } : BytesIn<Content>;
type BytesIn<Content> = Content extends { "application/octet-stream": unknown } ? { content: Readable } : { form: FormData };
type ReplyOf<Responses> = Responses extends { 200: Giving<infer Output> } | { 201: Giving<infer Output> } ? Output : void;
