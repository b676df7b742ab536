/**
 * The keys `access`, `rate`, `cors` and `ips` of mayfly.json: who may call a function, from where, and how often. docs/access.md describes them for
 * users; src/doors/access/ carries them out.
 */
import { createPublicKey } from "node:crypto";
import { z } from "zod";
import { isRange } from "../../base/network/addresses.ts";
import { recordOf } from "./record-of.ts";

/** The most alternatives of `access`, each a way to show who calls. */
const MOST_WAYS = 8;
/** In characters: longer than any issuer, audience or claim that is compared. */
const MOST_OF_TEXT = 1_024;
const MOST_LISTED = 100;
const MOST_RANGES = 1_000;
const MOST_KEYS = 20;
/** In bits; shorter keys of RSA can be broken, and the library that checks signatures refuses them. */
const SHORTEST_RSA = 2_048;

const text = z.string().min(1).max(MOST_OF_TEXT);
const scalar = z.union([z.string().max(MOST_OF_TEXT), z.number(), z.boolean()]);
const headerName = z
  .string()
  .max(256)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be the name of a header or a method, without spaces");

/** A public key of RFC 7517. What else it has, such as `kid`, is kept. */
const jwkSchema = z.looseObject({ kty: z.enum(["RSA", "EC", "OKP"]) }).superRefine((jwk, context) => {
  const problem = problemOfKey(jwk);
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
});

const keySetSchema = z.strictObject({ keys: z.array(jwkSchema).min(1).max(MOST_KEYS) });

const jwtSchema = z.strictObject({
  /** The exact value of the claim `iss`. */
  issuer: text,
  /** The claim `aud` must have one of these. */
  audience: z.union([text, z.array(text).min(1).max(MOST_LISTED)]),
  /** The URL of a set of public keys, the set itself, or its file relative to mayfly.json, which `mayfly deploy` reads. */
  keys: z.union([z.string().min(1).max(2_048), keySetSchema]),
  /** Claims that the token must have: each with the value, or one of the values. */
  claims: recordOf(z.string().min(1).max(200), z.union([scalar, z.array(scalar).min(1).max(MOST_LISTED)])).optional(),
});

const plainWays = z.enum(["public", "token", "aws", "signed-url"]);
const jwtWay = z.strictObject({ jwt: jwtSchema });
const waysSchema = z
  .union([
    plainWays,
    jwtWay,
    z
      .array(z.union([plainWays, jwtWay]))
      .min(1)
      .max(MOST_WAYS),
  ])
  .superRefine((ways, context) => {
    const all = Array.isArray(ways) ? ways : [ways];
    const refuse = (message: string) => context.addIssue({ code: "custom", message });
    if (all.length > 1 && all.includes("public"))
      refuse('must have "public" alone or not at all: with it, the other ways would keep nobody out');
    for (const way of all) {
      const problem = typeof way === "object" && typeof way.jwt.keys === "string" ? problemOfUrl(way.jwt.keys) : undefined;
      if (problem !== undefined) refuse(problem);
    }
  });

const limitSchema = z.strictObject({ calls: z.int().min(1).max(1_000_000), seconds: z.int().min(1).max(3_600) });
const rateSchema = z
  .strictObject({
    /** For each caller of the function: by its identity, or else by its address. */
    perCaller: limitSchema.optional(),
    /** For all callers of the function together. */
    perFunction: limitSchema.optional(),
  })
  .refine(({ perCaller, perFunction }) => perCaller !== undefined || perFunction !== undefined, "must have perCaller, perFunction or both");

const originSchema = z
  .string()
  .max(300)
  .regex(/^[a-z][a-z0-9+.-]*:\/\/[^/\s?#@A-Z]+$/, "must be an origin such as https://shop.example, in lower case and without a path");

const corsSchema = z
  .strictObject({
    origins: z.union([z.literal("*"), z.array(originSchema).min(1).max(MOST_LISTED)]),
    methods: z.array(headerName).min(1).max(50).optional(),
    /** Request headers that a page may set. Without the key, all that it asks for. */
    headers: z.array(headerName).max(MOST_LISTED).optional(),
    exposeHeaders: z.array(headerName).max(MOST_LISTED).optional(),
    credentials: z.boolean().optional(),
    maxAgeS: z.int().min(0).max(86_400).optional(),
  })
  .refine(
    ({ origins, credentials }) => origins !== "*" || credentials !== true,
    'must list the origins instead of "*" with credentials: otherwise every page could call in the name of whoever looks at it',
  );

const ranges = z.array(z.string().refine(isRange, "must be an address or a range such as 10.0.0.0/8")).max(MOST_RANGES);
const ipsSchema = z
  .strictObject({
    /** If it is there, all other addresses are refused. */
    allow: ranges.optional(),
    /** Refused even if `allow` has them. */
    deny: ranges.optional(),
  })
  .refine(({ allow, deny }) => allow !== undefined || deny !== undefined, "must have allow, deny or both");

/** The keys are those of an app, which hold for all of its functions, and of a function, which replace the app's. */
export const accessKeys = {
  access: waysSchema.optional(),
  rate: rateSchema.optional(),
  cors: corsSchema.optional(),
  ips: ipsSchema.optional(),
};

export type JwtRule = z.infer<typeof jwtSchema>;
export type KeySet = z.infer<typeof keySetSchema>;
export type CorsRule = z.infer<typeof corsSchema>;
export type RateRule = z.infer<typeof rateSchema>;
export type RateLimit = z.infer<typeof limitSchema>;
export type IpRule = z.infer<typeof ipsSchema>;
export type Way = z.infer<typeof plainWays> | z.infer<typeof jwtWay>;

/** Whether the `keys` of a JWT rule are fetched; otherwise they are a file's path or the keys themselves. */
export function isKeysUrl(keys: JwtRule["keys"]): keys is string {
  return typeof keys === "string" && /^https?:\/\//i.test(keys);
}

export function waysOf(ways: Way | Way[] | undefined): Way[] {
  return ways === undefined ? [] : [ways].flat();
}

function problemOfUrl(keys: string): string | undefined {
  if (!isKeysUrl(keys)) return undefined;
  const url = URL.parse(keys);
  if (url === null) return "must have keys whose URL is valid";
  return url.username === "" && url.password === "" && url.hash === ""
    ? undefined
    : "must have keys whose URL has neither a user, a password nor a fragment";
}

/** The members that only private keys have. */
const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

function problemOfKey(jwk: { kty: string } & Record<string, unknown>): string | undefined {
  const own = PRIVATE.find((name) => jwk[name] !== undefined);
  if (own !== undefined) return `must be a public key, but has ${own}, a part of a private one: whoever signs tokens must keep that`;
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: jwk, format: "jwk" });
    const bits = asymmetricKeyDetails?.modulusLength;
    return bits === undefined || bits >= SHORTEST_RSA ? undefined : `must be a key of at least ${SHORTEST_RSA} bits, but has ${bits}`;
  } catch {
    return "must be a whole public key of RFC 7517";
  }
}
