import assert from "node:assert/strict";
import { test } from "node:test";
import { inShort, ofServerless } from "../testing/translated.ts";

/** An API as many services have it, with what surrounds it. */
const API = `
service: orders
frameworkVersion: "3"
plugins: [serverless-esbuild, serverless-offline, serverless-prune-plugin]
provider:
  name: aws
  runtime: nodejs18.x
  memorySize: 512
  timeout: 10
  environment: {TABLE: !Ref Orders, STAGE: "\${sls:stage}", LEVEL: info}
  vpc: {securityGroupIds: [sg-1], subnetIds: [subnet-1]}
  iam: {role: {statements: [{Effect: Allow, Action: "dynamodb:*", Resource: "*"}]}}
  httpApi:
    authorizers:
      customers: {issuerUrl: "https://login.example/", audience: [shop]}
functions:
  list:
    handler: src/orders.list
    events: [{httpApi: "GET /orders"}]
  show:
    handler: src/orders.show
    timeout: 3
    description: One order
    environment: {LEVEL: debug, STAGE: null}
    events:
      - httpApi: {method: get, path: "/orders/{id}", authorizer: {name: customers}}
  any:
    handler: src/any.main
    events: [{httpApi: "*"}]
  old:
    handler: src/old.main
    memorySize: 1024
    events:
      - http: {path: "legacy/{proxy+}", method: any, cors: true}
      - http: POST legacy
  nightly:
    handler: jobs/report.main
    runtime: python3.11
    reservedConcurrency: 1
    events:
      - schedule: rate(1 day)
      - sqs: {arn: !GetAtt Queue.Arn}
      - s3: uploads
resources:
  Resources:
    Orders: {Type: "AWS::DynamoDB::Table"}
    Queue: {Type: "AWS::SQS::Queue"}
    Dead: {Type: "AWS::SQS::Queue"}
`;

test("functions have the provider's settings under their own, and HTTP events are routes", () => {
  const { name, functions } = ofServerless(API);
  assert.equal(name, "orders");
  const jwt = { issuer: "https://login.example/", audience: ["shop"] };
  assert.deepEqual(functions.map(inShort), [
    {
      name: "list",
      runtime: "node",
      handler: "src/orders.list",
      routes: ["GET /orders"],
      environment: { STAGE: "dev", LEVEL: "info" },
      access: "public",
    },
    {
      name: "show",
      runtime: "node",
      handler: "src/orders.show",
      routes: ["GET /orders/{id}"],
      environment: { LEVEL: "debug" },
      access: jwt,
    },
    {
      name: "any",
      runtime: "node",
      handler: "src/any.main",
      routes: ["$default"],
      environment: { STAGE: "dev", LEVEL: "info" },
      access: "public",
    },
    {
      name: "old",
      runtime: "node",
      handler: "src/old.main",
      routes: ["ANY /legacy/{proxy+}", "POST /legacy"],
      environment: { STAGE: "dev", LEVEL: "info" },
      access: "public",
    },
    {
      name: "nightly",
      runtime: "python",
      handler: "jobs/report.main",
      routes: [],
      environment: { STAGE: "dev", LEVEL: "info" },
      access: "token",
    },
  ]);
  assert.deepEqual(
    functions.map(({ memoryMb, timeoutMs, description }) => [memoryMb, timeoutMs, description]),
    [
      [512, 10_000, undefined],
      [512, 3_000, "One order"],
      [512, 10_000, undefined],
      [1_024, 10_000, undefined],
      [512, 10_000, undefined],
    ],
  );
  assert.deepEqual(functions[1]!.code, { kind: "folder", path: ".", at: "functions.show", patterns: [] });
});

test("what is passed over is named by its place in the file, with what becomes of it", () => {
  const { passedOver } = ofServerless(API, { only: new Set(["old", "nightly"]) });
  const said = passedOver.map(({ at, why }) => `${at}: ${why}`).join("\n");
  for (const expected of [
    /^provider\.environment\.TABLE: The variable TABLE is left out: the value Orders cannot be known.*--env TABLE=/m,
    /^functions\.nightly: No event of HTTP leads to it, so only holders of a token/m,
    /^functions\.nightly\.events\[0\]\.schedule: Nothing here starts functions by schedule yet\./m,
    /^functions\.nightly\.events\[1\]\.sqs: /m,
    /^functions\.nightly\.events\[2\]\.s3: /m,
    /^functions\.nightly\.reservedConcurrency: .*maxMachines/m,
    /^provider\.vpc: Machines have no network of Amazon's/m,
    /^provider\.iam: There are no roles/m,
    /^plugins\[0\]: Mayfly bundles by itself/m,
    /^plugins\[2\]: The plug-in serverless-prune-plugin is not run/m,
    /^resources\.Resources\.Orders: AWS::DynamoDB::Table is not made/m,
    /^resources\.Resources\.Queue: AWS::SQS::Queue \(2 of them\) is not made/m,
  ])
    assert.match(said, expected);
  assert.doesNotMatch(said, /functions\.list/);
});

test("a value of the command line goes before one that cannot be known", () => {
  const { passedOver, functions } = ofServerless(API, { environment: new Map([["TABLE", "here"]]), only: new Set(["list"]) });
  assert.ok(!passedOver.some(({ at }) => at.endsWith("TABLE")));
  assert.equal(functions[0]!.environment.has("TABLE"), false);
});

test("functions may be brought by files, and packages name their files", () => {
  const text = `
service: {name: split}
provider: {name: aws, runtime: provided.al2023}
package: {patterns: ["!**", "views/**"]}
functions:
  - \${file(one.yml)}
  - two: {handler: two, package: {patterns: [./data/two.csv], artifact: build/two.zip}}
`;
  const { name, functions } = ofServerless(
    text,
    {},
    { files: { "one.yml": "one: {handler: bootstrap, package: {include: [x.txt], exclude: [y.txt]}}" } },
  );
  assert.equal(name, "split");
  assert.deepEqual(
    functions.map(({ code }) => code),
    [
      { kind: "folder", path: ".", at: "functions[0].one", patterns: ["!**", "views/**", "!y.txt", "x.txt"] },
      { kind: "archive", path: "build/two.zip", at: "functions[1].two.package.artifact" },
    ],
  );
});

test("what a function cannot run without stops the deploy, by its place", () => {
  const of =
    (functions: string, provider = "{name: aws, runtime: nodejs20.x}") =>
    () =>
      ofServerless(`service: x\nprovider: ${provider}\nfunctions: ${functions}`);
  assert.throws(of("{f: {events: []}}"), /functions\.f\.handler: it is missing/);
  assert.throws(
    of("{f: {handler: '${ssm:/x}'}}"),
    /functions\.f\.handler: it is required here, and its value \$\{ssm:\/x\} cannot be known/,
  );
  assert.throws(of("{f: {image: 'x:1'}}"), /functions\.f\.image: it is a container image.*--except f/);
  assert.throws(of("{f: {handler: a.b, runtime: go1.x}}"), /functions\.f\.runtime: the runtime is "go1\.x".*bootstrap/);
  assert.throws(of("{f: {handler: a.b, runtime: ruby3.2}}"), /there is no Ruby here/);
  assert.throws(of("{f: {handler: a.b, timeout: 901}}"), /functions\.f\.timeout: it is "901", and must be a whole number of 1 to 900/);
  assert.throws(
    of("{f: {handler: a.b, events: [{http: {path: 'a b', method: get}}]}}"),
    /functions\.f\.events\[0\]\.http: its route is "GET \/a b"/,
  );
  assert.throws(of("{f: {handler: a.b, events: [{httpApi: 'GET'}]}}"), /must be a method and a path/);
  assert.throws(of("{f: {handler: a.b, environment: '${cf:x.y}'}}"), /the variables are \$\{cf:x\.y\}, which cannot be known/);
  assert.throws(of("{f: {handler: a.b}}", "{name: google}"), /provider\.name: it is "google"/);
  assert.throws(() => ofServerless("- a\n- b"), /no keys at all/);
});

test("names that every object has are functions and variables like any other", () => {
  const { functions } = ofServerless(
    "service: x\nprovider: {name: aws, runtime: nodejs20.x}\nfunctions: {constructor: {handler: a.b, environment: {toString: 1, __proto__: 2}}, __proto__: {handler: c.d}}",
  );
  assert.deepEqual(
    functions.map(({ name, environment }) => [name, [...environment]]),
    [
      ["constructor", [["toString", "1"]]],
      ["__proto__", []],
    ],
  );
});

test("authorizers and CORS become the app's own rules, and the strictest of a function's events counts for it", () => {
  const text = `
service: x
provider:
  name: aws
  runtime: nodejs20.x
  httpApi:
    cors: {allowedOrigins: ["https://a.example"], allowedMethods: [GET], allowCredentials: true, maxAge: 60}
    authorizers: {known: {issuerUrl: "https://id.example/", audience: [a, b]}, unknown: {issuerUrl: !Ref Pool, audience: [a]}}
functions:
  open: {handler: a.b, events: [{httpApi: GET /open}]}
  jwt: {handler: a.b, events: [{httpApi: {method: get, path: /jwt, authorizer: {name: known}}}]}
  odd: {handler: a.b, events: [{httpApi: {method: get, path: /odd, authorizer: {name: unknown}}}]}
  mixed: {handler: a.b, events: [{httpApi: GET /m}, {httpApi: {method: post, path: /m, authorizer: {name: known}}}]}
  rest: {handler: a.b, events: [{http: {path: r, method: get, private: true, cors: {origins: ["https://b.example"], headers: [X-A]}}}]}
  wild: {handler: a.b, events: [{http: {path: w, method: get, cors: {origin: "*", allowCredentials: true}}}]}
  url: {handler: a.b, url: {authorizer: aws_iam, cors: true}}
  signed: {handler: a.b, events: [{httpApi: {method: get, path: /s, authorizer: {type: aws_iam}}}, {http: {path: s2, method: get, authorizer: AWS_IAM}}]}
  custom: {handler: a.b, events: [{http: {path: c, method: get, authorizer: {name: aws_iam_like}}}]}
`;
  const { functions, passedOver } = ofServerless(text);
  const api = { origins: ["https://a.example"], methods: ["GET"], credentials: true, maxAgeS: 60 };
  const jwt = { issuer: "https://id.example/", audience: ["a", "b"] };
  assert.deepEqual(
    functions.map(({ name, access, cors }) => [name, access, cors]),
    [
      ["open", "public", api],
      ["jwt", jwt, api],
      ["odd", "token", api],
      ["mixed", jwt, api],
      ["rest", "token", { origins: ["https://b.example"], headers: ["X-A"] }],
      ["wild", "public", undefined],
      ["url", "aws", { origins: "*" }],
      ["signed", "aws", api],
      ["custom", "token", undefined],
    ],
  );
  const said = passedOver.map(({ at, why }) => `${at}: ${why}`).join("\n");
  for (const expected of [
    /^functions\.jwt: The keys of the issuer of its JWTs are looked for at https:\/\/id\.example\/\.well-known\/jwks\.json/m,
    /^functions\.url: Its callers sign their requests as for Amazon's IAM, with key pairs of this server/m,
    /^functions\.odd: An authorizer of Amazon's guards it, in place of which callers need a token/m,
    /^functions\.mixed: Some of its routes are guarded, and here all of them are/m,
    /^functions\.wild\.events\[0\]\.http\.cors: CORS is not taken over, because must list the origins/m,
  ])
    assert.match(said, expected);
});
