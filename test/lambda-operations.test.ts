/** AWS Lambda's API by AWS's SDK, operation by operation: what AWS documents of names, limits, pages and errors, beside what the recordings of the real service show. The file is long because all operations share one server. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateCapacityProviderCommand,
  CreateCodeSigningConfigCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  CreateFunctionUrlConfigCommand,
  DeleteCodeSigningConfigCommand,
  DeleteFunctionCodeSigningConfigCommand,
  DeleteFunctionCommand,
  DeleteResourcePolicyCommand,
  GetAccountSettingsCommand,
  GetAliasCommand,
  GetCapacityProviderCommand,
  GetCodeSigningConfigCommand,
  GetDurableExecutionCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetFunctionScalingConfigCommand,
  GetPolicyCommand,
  GetResourcePolicyCommand,
  GetRuntimeManagementConfigCommand,
  InvokeCommand,
  LambdaClient,
  ListAliasesCommand,
  ListCapacityProvidersCommand,
  ListCodeSigningConfigsCommand,
  ListDurableExecutionsByFunctionCommand,
  ListFunctionsByCodeSigningConfigCommand,
  ListFunctionsCommand,
  ListLayersCommand,
  ListLayerVersionsCommand,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionCodeSigningConfigCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  PutResourcePolicyCommand,
  PutRuntimeManagementConfigCommand,
  TagResourceCommand,
  UpdateCodeSigningConfigCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { until } from "../src/base/clock/until.ts";
import { mayfly, serve, type Server } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { nodeEcho } from "./lambda/replay.ts";
import { zip } from "./lambda/zip.ts";
import { type Scope, temporaryFolder } from "./platform.ts";

const account = "0".repeat(12);
const region = "us-east-1";
const role = `arn:aws:iam::${account}:role/any`;
const profile = `arn:aws:signer:${region}:${account}:/signing-profiles/ours/version`;
const invalid = "InvalidParameterValueException";
const notFound = "ResourceNotFoundException";
const validation = "ValidationException";

describe("the operations of AWS Lambda's API", () => {
  const closing: (() => void | Promise<void>)[] = [];
  const scope: Scope = { after: (cleanUp) => void closing.unshift(cleanUp) };
  let server: Server;
  let stateDir: string;
  let lambda: LambdaClient;
  let made = 0;

  before(async () => {
    stateDir = temporaryFolder(scope);
    server = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0"]);
    lambda = clientOf(await createKey(server.apiUrl, stateDir));
  });

  after(async () => {
    for (const close of closing) await close();
  });

  const clientOf = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
    new LambdaClient({ endpoint: server.apiUrl, region, credentials, maxAttempts: 1 });

  function creation(FunctionName: string, more: Partial<CreateFunctionCommandInput> = {}) {
    const Code = { ZipFile: nodeEcho(FunctionName) };
    return new CreateFunctionCommand({ FunctionName, Role: role, Runtime: "nodejs24.x", Handler: "index.handler", Code, ...more });
  }

  /** Returns the name of a new function that can be called. */
  async function create(more: Partial<CreateFunctionCommandInput> = {}, by = lambda): Promise<string> {
    const name = more.FunctionName ?? `made-${++made}`;
    await by.send(creation(name, more));
    await settled(name, by);
    return name;
  }

  const settled = (FunctionName: string, by = lambda) =>
    until(async () => {
      const { State, LastUpdateStatus } = await by.send(new GetFunctionConfigurationCommand({ FunctionName }));
      return State !== "Pending" && LastUpdateStatus !== "InProgress";
    });

  const arnOf = (name: string) => `arn:aws:lambda:${region}:${account}:function:${name}`;

  async function refused(call: Promise<unknown>, name: string, text: RegExp | string, status?: number): Promise<void> {
    await assert.rejects(call, (error: Error & { $metadata: { httpStatusCode: number } }) => {
      assert.equal(error.name, name, error.message);
      if (typeof text === "string") assert.equal(error.message, text);
      else assert.match(error.message, text);
      if (status !== undefined) assert.equal(error.$metadata.httpStatusCode, status);
      return true;
    });
  }

  test("a function is found by its name and by its ARN, in part and in full, with a qualifier in either place", async () => {
    const name = await create();
    await lambda.send(new PublishVersionCommand({ FunctionName: name }));
    await lambda.send(new CreateAliasCommand({ FunctionName: name, Name: "stable", FunctionVersion: "1" }));
    const get = async (FunctionName: string, Qualifier?: string) =>
      (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName, Qualifier }))).FunctionArn;
    for (const way of [name, `function:${name}`, `${account}:function:${name}`, `${region}:${account}:function:${name}`, arnOf(name)]) {
      assert.equal(await get(way), arnOf(name), way);
      assert.equal(await get(`${way}:1`), `${arnOf(name)}:1`, way);
      assert.equal(await get(way, "stable"), `${arnOf(name)}:stable`, way);
      assert.equal(await get(`${way}:$LATEST`, "$LATEST"), `${arnOf(name)}:$LATEST`, way);
      await refused(get(`${way}:1`, "2"), invalid, "The derived qualifier from the function name does not match the specified qualifier.");
      await refused(get(way, "9"), notFound, `Function not found: ${arnOf(name)}:9`, 404);
    }
    await refused(get(arnOf(name).replace("us-east-1", "eu-west-1")), notFound, /not reachable in this region \('us-east-1'\)/);
    await refused(get(arnOf(name).replace(account, "123456789012")), "AccessDeniedException", /.*/, 403);
  });

  test("names are checked by the form that AWS documents for the operation", async () => {
    const dotted = new GetFunctionCommand({ FunctionName: "a.name" });
    await refused(lambda.send(dotted), notFound, `Function not found: ${arnOf("a.name")}`);
    const short =
      /1 validation error detected: Value 'a\.name' at 'functionName' .*\(\[a-zA-Z0-9-_\]\+\)\(:\(\\\$LATEST\|\[a-zA-Z0-9-_\]\+\)\)\?$/;
    await refused(lambda.send(new PublishVersionCommand({ FunctionName: "a.name" })), validation, short, 400);
    await refused(lambda.send(new ListAliasesCommand({ FunctionName: "x".repeat(141) })), validation, /length less than or equal to 140/);
    await refused(lambda.send(new GetFunctionCommand({ FunctionName: "x".repeat(257) })), validation, /length less than or equal to 256/);
    await refused(
      lambda.send(new PutProvisionedConcurrencyConfigCommand({ FunctionName: "x", Qualifier: "a.b", ProvisionedConcurrentExecutions: 1 })),
      validation,
      /'qualifier' .* pattern: \(\|\[a-zA-Z0-9\$_-\]\+\)$/,
    );
    await refused(
      lambda.send(new CreateAliasCommand({ FunctionName: "x", Name: "12", FunctionVersion: "1" })),
      validation,
      "1 validation error detected: Value '12' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
    );
  });

  test("every setting of a function has the limits that AWS documents, and all that are not met are told", async () => {
    const wrong: [Partial<CreateFunctionCommandInput>, RegExp][] = [
      [
        { Timeout: 901 },
        /^1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900$/,
      ],
      [
        { Timeout: 0, MemorySize: 127 },
        /^2 validation errors detected: .*'timeout'.*greater than or equal to 1; .*'memorySize'.*greater than or equal to 128$/,
      ],
      [{ MemorySize: 32_769 }, /'memorySize' .*less than or equal to 32768/],
      [{ Handler: "with blank" }, /'handler' .*pattern: \[\^\\s\]\+/],
      [{ Description: "d".repeat(257) }, /'description' .*less than or equal to 256/],
      [{ KMSKeyArn: "no-arn" }, /'kMSKeyArn' .*pattern: \(arn:/],
      [{ DeadLetterConfig: { TargetArn: "no-arn" } }, /'deadLetterConfig.targetArn'/],
      [{ VpcConfig: { SubnetIds: Array.from({ length: 17 }, String) } }, /'vpcConfig.subnetIds' .*less than or equal to 16/],
      [{ EphemeralStorage: { Size: 511 } }, /'ephemeralStorage.size' .*greater than or equal to 512/],
      [{ EphemeralStorage: { Size: undefined } }, /Value null at 'ephemeralStorage.size' .*must not be null/],
      [{ Architectures: ["x86_64", "arm64"] }, /'architectures' .*less than or equal to 1/],
      [{ TracingConfig: { Mode: "Other" as "Active" } }, /'tracingConfig.mode' .*enum value set: \[Active, PassThrough\]/],
      [{ LoggingConfig: { LogFormat: "XML" as "JSON" } }, /'loggingConfig.logFormat' .*\[JSON, Text\]/],
      [{ LoggingConfig: { LogGroup: "with blank" } }, /'loggingConfig.logGroup' .*pattern/],
      [
        { LoggingConfig: { LogFormat: "JSON", ApplicationLogLevel: "LOUD" as "INFO" } },
        /'loggingConfig.applicationLogLevel' .*enum value set/,
      ],
      [
        { FileSystemConfigs: [{ Arn: "arn", LocalMountPath: "/elsewhere" }] },
        /^2 validation errors .*'fileSystemConfigs.1.member.arn'.*'fileSystemConfigs.1.member.localMountPath'/,
      ],
      [{ TenancyConfig: { TenantIsolationMode: "SHARED" as "PER_TENANT" } }, /'tenancyConfig.tenantIsolationMode' .*\[PER_TENANT\]/],
      [{ DurableConfig: { ExecutionTimeout: 31_622_401 } }, /'durableConfig.executionTimeout' .*less than or equal to 31622400/],
      [{ Code: { S3Bucket: "b" } }, /'code.s3Bucket' .*greater than or equal to 3/],
      [{ CodeSigningConfigArn: "csc-1" }, /'codeSigningConfigArn' .*pattern/],
      [{ Tags: { ["k".repeat(129)]: "" } }, /'tags' .*Map keys must satisfy constraint/],
    ];
    for (const [more, text] of wrong) await refused(lambda.send(creation("wrong", more)), validation, text, 400);
    const alsoWrong: [Partial<CreateFunctionCommandInput>, RegExp][] = [
      [{ MemorySize: 10_240 }, /'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 8192/],
      [
        { Runtime: "nodejs14.x" },
        /^The runtime parameter of nodejs14\.x is no longer supported for creating or updating AWS Lambda functions\./,
      ],
      [{ Runtime: "ruby3.4" }, /ruby3\.4 is not supported .*on this server/],
      [{ Runtime: "cobol" as "java21" }, /^Value cobol at 'runtime' failed to satisfy constraint: .* or be a valid ARN$/],
      [{ Handler: undefined }, /^Runtime and Handler are mandatory parameters/],
      [{ PackageType: "Image", Code: { ImageUri: "x" } }, /container images are not supported/],
      [{ Code: { S3Bucket: "bucket", S3Key: "key" } }, /S3 Error Code: NoSuchBucket/],
      [{ Code: {} }, /^Please provide a source for function code\.$/],
      [
        { Environment: { Variables: { AWS_REGION: "x", LAMBDA_TASK_ROOT: "y" } } },
        /Reserved keys used in this request: AWS_REGION, LAMBDA_TASK_ROOT$/,
      ],
      [
        { Tags: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`k${at}`, ""])) },
        /^Number of tags exceeds resource tag limit\.$/,
      ],
      [{ LoggingConfig: { LogFormat: "Text", SystemLogLevel: "INFO" } }, /can only be set when LogFormat is JSON/],
    ];
    for (const [more, text] of alsoWrong) await refused(lambda.send(creation("wrong", more)), invalid, text, 400);
    await refused(lambda.send(new GetFunctionCommand({ FunctionName: "wrong" })), notFound, /Function not found/);
  });

  test("a change names only what changes, and an empty ARN takes away what was there", async () => {
    const given = {
      Description: "first",
      Timeout: 7,
      Environment: { Variables: { COLOUR: "blue" } },
      KMSKeyArn: `arn:aws:kms:${region}:${account}:key/1`,
      DeadLetterConfig: { TargetArn: `arn:aws:sqs:${region}:${account}:letters` },
      VpcConfig: { SubnetIds: ["subnet-1"], SecurityGroupIds: ["sg-1"] },
    };
    const name = await create(given);
    const change = async (more: object) => {
      await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, ...more }));
      await settled(name);
      return lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    };
    const first = await change({ MemorySize: 256 });
    assert.deepEqual(
      [first.Description, first.Timeout, first.MemorySize, first.Environment],
      ["first", 7, 256, { Variables: { COLOUR: "blue" } }],
    );
    assert.deepEqual([first.KMSKeyArn, first.DeadLetterConfig], [given.KMSKeyArn, given.DeadLetterConfig]);
    assert.deepEqual(first.VpcConfig?.SubnetIds, ["subnet-1"]);
    const second = await change({ Description: "", KMSKeyArn: "", DeadLetterConfig: { TargetArn: "" }, Environment: {} });
    assert.deepEqual([second.Description, second.Timeout, second.MemorySize], ["", 7, 256]);
    assert.deepEqual([second.KMSKeyArn, second.DeadLetterConfig, second.Environment], [undefined, undefined, { Variables: {} }]);
    const tenancy = await change({ TenancyConfig: { TenantIsolationMode: "PER_TENANT" } });
    assert.equal(tenancy.TenancyConfig, undefined, "only a new function may have it");
  });

  test("lists come in pages, also if the last one of a page is removed before the next is asked for", async () => {
    const owner = await tenantClient("pages");
    const names = ["one", "two", "three", "four", "five"];
    for (const name of names) await create({ FunctionName: name }, owner);
    await publishTwice(owner, "one");
    const page = async (more: object) => owner.send(new ListFunctionsCommand(more));
    const seen: string[] = [];
    let Marker: string | undefined;
    do {
      const { Functions = [], NextMarker } = await page({ MaxItems: 2, Marker });
      seen.push(...Functions.map(({ FunctionName }) => FunctionName!));
      if (seen.length === 2) await owner.send(new DeleteFunctionCommand({ FunctionName: seen[1] }));
      Marker = NextMarker;
    } while (Marker !== undefined);
    assert.deepEqual(seen, names.toSorted());
    const versions = await page({ FunctionVersion: "ALL" });
    const shown = versions.Functions!.filter(({ FunctionName }) => FunctionName === "one").map(({ Version }) => Version);
    assert.deepEqual(shown, ["$LATEST", "1", "2"]);
    const inPages: (string | undefined)[] = [];
    for (let marker: string | undefined, first = true; first || marker !== undefined; first = false) {
      const { Functions = [], NextMarker } = await page({ FunctionVersion: "ALL", MaxItems: 1, Marker: marker });
      inPages.push(...Functions.map(({ FunctionArn }) => FunctionArn));
      marker = NextMarker;
    }
    assert.deepEqual(
      inPages,
      versions.Functions!.map(({ FunctionArn }) => FunctionArn),
    );
    const { Versions = [], NextMarker } = await owner.send(new ListVersionsByFunctionCommand({ FunctionName: "one", MaxItems: 2 }));
    const rest = await owner.send(new ListVersionsByFunctionCommand({ FunctionName: "one", Marker: NextMarker }));
    assert.deepEqual(
      [...Versions, ...rest.Versions!].map(({ Version }) => Version),
      ["$LATEST", "1", "2"],
    );
    assert.equal((await owner.send(new GetAccountSettingsCommand({}))).AccountUsage?.FunctionCount, 4);
    for (const [MaxItems, text] of [
      [0, /'maxItems' .*greater than or equal to 1/],
      [10_001, /'maxItems' .*less than or equal to 10000/],
    ] as const)
      await refused(page({ MaxItems }), validation, text);
    await refused(owner.send(new ListLayersCommand({ MaxItems: 51 })), validation, /'maxItems' .*less than or equal to 50/);
    await refused(page({ Marker: "nonsense" }), invalid, /Invalid Marker/);
  });

  async function publishTwice(by: LambdaClient, FunctionName: string): Promise<void> {
    for (const Description of ["a", "b"]) {
      await by.send(new UpdateFunctionConfigurationCommand({ FunctionName, Description }));
      await settled(FunctionName, by);
      await by.send(new PublishVersionCommand({ FunctionName }));
    }
  }

  test("a version is published once for each state of a function, and has the description that it was given", async () => {
    const name = await create({ Description: "of the function" });
    const publish = (more = {}) => lambda.send(new PublishVersionCommand({ FunctionName: name, ...more }));
    const first = await publish({ Description: "of the version" });
    assert.deepEqual([first.Version, first.Description, first.State], ["1", "of the version", "Active"]);
    assert.equal((await publish({ Description: "another" })).Version, "1", "nothing has changed");
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: nodeEcho("other") }));
    await settled(name);
    const second = await publish();
    assert.deepEqual([second.Version, second.Description], ["2", "of the function"]);
    assert.notEqual(second.CodeSha256, first.CodeSha256);
    await refused(publish({ RevisionId: first.RevisionId }), "PreconditionFailedException", /does not match the latest Revision Id/, 412);
    await refused(publish({ CodeSha256: "other" }), invalid, /^CodeSHA256 \(other\) is different from current CodeSHA256 in \$LATEST/);
    await refused(publish({ PublishTo: "LATEST_PUBLISHED" }), invalid, /PublishTo is not supported/);
  });

  test("aliases have any name that AWS allows, and send a share of the calls to one more version at most", async () => {
    const name = await create();
    await publishTwice(lambda, name);
    const put = (more: object) =>
      lambda.send(new CreateAliasCommand({ FunctionName: name, Name: `alias-${++made}`, FunctionVersion: "1", ...more }));
    for (const Name of ["With_under-score9", "a".repeat(128), "live", "lambda-version-1", "-"])
      assert.equal((await put({ Name })).AliasArn, `${arnOf(name)}:${Name}`);
    const { Aliases = [] } = await lambda.send(new ListAliasesCommand({ FunctionName: name, FunctionVersion: "1" }));
    assert.equal(Aliases.length, 5);
    const weighted = await put({ RoutingConfig: { AdditionalVersionWeights: { "2": 0.25 } } });
    assert.deepEqual(weighted.RoutingConfig, { AdditionalVersionWeights: { "2": 0.25 } });
    const weights = (AdditionalVersionWeights: Record<string, number>, more = {}) =>
      put({ RoutingConfig: { AdditionalVersionWeights }, ...more });
    await refused(weights({ "1": 0.5 }), invalid, /Function version 1 is already included in routing configuration/);
    await refused(weights({ "1": 0.1, "2": 0.1 }), invalid, "Number of items in AdditionalVersionWeights cannot be greater than 1");
    await refused(
      weights({ "2": 0.5 }, { FunctionVersion: "$LATEST" }),
      invalid,
      /\$LATEST is not supported for an alias pointing to more than 1 version/,
    );
    await refused(weights({ "7": 0.5 }), notFound, `Function not found: ${arnOf(name)}:7`);
    await refused(
      weights({ "2": 1.5 }),
      validation,
      /'\{2=1\.5\}' at 'routingConfig.additionalVersionWeights' .*less than or equal to 1\.0/,
    );
    await refused(
      put({ FunctionVersion: "stable" }),
      validation,
      /'functionVersion' .*pattern: \(\\\$LATEST\(\\\.PUBLISHED\)\?\|\[0-9\]\+\)$/,
    );
    await refused(put({ Name: "live" }), "ResourceConflictException", `Alias already exists: ${arnOf(name)}:live`, 409);
    await refused(
      lambda.send(new GetAliasCommand({ FunctionName: name, Name: "none" })),
      notFound,
      `Cannot find alias arn: ${arnOf(name)}:none`,
    );
  });

  test("what makes an event source mapping is checked", async () => {
    const name = await create();
    const queue = `arn:aws:sqs:${region}:${account}:queue`;
    const map = (more: object) => lambda.send(new CreateEventSourceMappingCommand({ FunctionName: name, EventSourceArn: queue, ...more }));
    await refused(map({ BatchSize: 10_001 }), validation, /'batchSize' .*less than or equal to 10000/);
    await refused(
      map({ ScalingConfig: { MaximumConcurrency: 1 } }),
      validation,
      /'scalingConfig.maximumConcurrency' .*greater than or equal to 2/,
    );
    await refused(map({ BatchSize: 11 }), invalid, /Maximum batch window in seconds must be greater than 0/);
    await refused(map({ EventSourceArn: undefined }), invalid, "Unrecognized event source.");
    await refused(map({ EventSourceArn: `arn:aws:kinesis:${region}:${account}:stream/s` }), invalid, /Value null at 'startingPosition'/);
    await refused(map({ FunctionName: "none" }), invalid, "Function does not exist");
    await refused(map({}), invalid, /AWS\.SimpleQueueService\.NonExistentQueue/);
  });

  test("configurations of code signing are kept, and one that enforces signatures lets no code in", async () => {
    const made_ = await lambda.send(
      new CreateCodeSigningConfigCommand({
        AllowedPublishers: { SigningProfileVersionArns: [profile] },
        Description: "ours",
        Tags: { a: "b" },
      }),
    );
    const config = made_.CodeSigningConfig!;
    const CodeSigningConfigArn = config.CodeSigningConfigArn!;
    assert.match(CodeSigningConfigArn, /^arn:aws:lambda:us-east-1:0{12}:code-signing-config:csc-[a-z0-9]{17}$/);
    assert.deepEqual(config.CodeSigningPolicies, { UntrustedArtifactOnDeployment: "Warn" });
    assert.deepEqual((await lambda.send(new GetCodeSigningConfigCommand({ CodeSigningConfigArn }))).CodeSigningConfig, config);
    assert.deepEqual((await lambda.send(new ListCodeSigningConfigsCommand({}))).CodeSigningConfigs, [config]);
    assert.deepEqual((await lambda.send(new ListTagsCommand({ Resource: CodeSigningConfigArn }))).Tags, { a: "b" });
    await lambda.send(new TagResourceCommand({ Resource: CodeSigningConfigArn, Tags: { c: "d" } }));
    assert.deepEqual((await lambda.send(new ListTagsCommand({ Resource: CodeSigningConfigArn }))).Tags, { a: "b", c: "d" });
    const name = await create({ CodeSigningConfigArn });
    assert.deepEqual(pick(await lambda.send(new GetFunctionCodeSigningConfigCommand({ FunctionName: name }))), {
      CodeSigningConfigArn,
      FunctionName: name,
    });
    const users = async () => (await lambda.send(new ListFunctionsByCodeSigningConfigCommand({ CodeSigningConfigArn }))).FunctionArns;
    assert.deepEqual(await users(), [arnOf(name)]);
    await refused(
      lambda.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn })),
      "ResourceConflictException",
      /is used by functions/,
      409,
    );
    const updateCode = () => lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: nodeEcho(`unsigned ${++made}`) }));
    await updateCode();
    await settled(name);
    const CodeSigningPolicies = { UntrustedArtifactOnDeployment: "Enforce" } as const;
    await lambda.send(new UpdateCodeSigningConfigCommand({ CodeSigningConfigArn, CodeSigningPolicies }));
    const text = /^Lambda cannot deploy the function\. .*Check the provided signature/;
    await refused(updateCode(), "CodeVerificationFailedException", text, 400);
    await refused(lambda.send(creation("unsigned", { CodeSigningConfigArn })), "CodeVerificationFailedException", text);
    await lambda.send(new DeleteFunctionCodeSigningConfigCommand({ FunctionName: name }));
    assert.deepEqual(pick(await lambda.send(new GetFunctionCodeSigningConfigCommand({ FunctionName: name }))), {});
    await updateCode();
    assert.deepEqual(await users(), []);
    await lambda.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn }));
    await refused(
      lambda.send(new GetCodeSigningConfigCommand({ CodeSigningConfigArn })),
      notFound,
      `The Lambda code signing configuration ${CodeSigningConfigArn} can not be found.`,
      404,
    );
    await refused(
      lambda.send(new PutFunctionCodeSigningConfigCommand({ CodeSigningConfigArn, FunctionName: name })),
      "CodeSigningConfigNotFoundException",
      /cannot be found/,
      404,
    );
    await refused(
      lambda.send(new CreateCodeSigningConfigCommand({ AllowedPublishers: { SigningProfileVersionArns: [] } })),
      validation,
      /'allowedPublishers.signingProfileVersionArns' .*greater than or equal to 1/,
    );
  });

  test("how a runtime is renewed is kept for the newest code and for each version", async () => {
    const name = await create();
    await lambda.send(new PublishVersionCommand({ FunctionName: name }));
    const get = async (Qualifier?: string) => {
      const shown = pick(await lambda.send(new GetRuntimeManagementConfigCommand({ FunctionName: name, Qualifier })));
      return [shown["UpdateRuntimeOn"], shown["RuntimeVersionArn"] ?? null];
    };
    const put = (more: object) =>
      lambda.send(new PutRuntimeManagementConfigCommand({ FunctionName: name, UpdateRuntimeOn: "Auto", ...more }));
    assert.deepEqual(await get(), ["Auto", null]);
    const RuntimeVersionArn = `arn:aws:lambda:${region}::runtime:0123`;
    await put({ UpdateRuntimeOn: "Manual", RuntimeVersionArn });
    await put({ UpdateRuntimeOn: "FunctionUpdate", Qualifier: "1" });
    assert.deepEqual(
      [await get(), await get("1")],
      [
        ["Manual", RuntimeVersionArn],
        ["FunctionUpdate", null],
      ],
    );
    await refused(put({ UpdateRuntimeOn: "Manual" }), invalid, /RuntimeVersionArn is required/);
    await refused(put({ UpdateRuntimeOn: "Sometimes" }), validation, /'updateRuntimeOn' .*\[Auto, Manual, FunctionUpdate\]/);
    await refused(put({ Qualifier: "7" }), notFound, `Function not found: ${arnOf(name)}:7`);
  });

  test("permissions have the forms that AWS documents, and a whole policy takes the place of all of them", async () => {
    const name = await create();
    const add = (more: object) =>
      lambda.send(
        new AddPermissionCommand({
          FunctionName: name,
          StatementId: "s1",
          Action: "lambda:InvokeFunction",
          Principal: "s3.amazonaws.com",
          ...more,
        }),
      );
    for (const [more, text] of [
      [{ SourceArn: "no-arn" }, /'sourceArn' .*pattern: arn:/],
      [{ SourceAccount: "1" }, /'sourceAccount' .*pattern/],
      [{ EventSourceToken: "with blank" }, /'eventSourceToken' .*pattern/],
      [{ PrincipalOrgID: "o-1" }, /'principalOrgID' .*greater than or equal to 12/],
      [{ StatementId: "s.1" }, /'statementId' .*pattern/],
      [{ Action: "s3:Get" }, /'action' .*pattern: \(lambda:\[\*\]\|lambda:\[a-zA-Z\]\+\|\[\*\]\)/],
    ] as const)
      await refused(add(more), validation, text);
    await add({ SourceAccount: account, SourceArn: "arn:aws:s3:::bucket" });
    await refused(add({}), "ResourceConflictException", /The statement id \(s1\) provided already exists/, 409);
    const ResourceArn = arnOf(name);
    const statement = {
      Sid: "whole",
      Effect: "Allow",
      Principal: { AWS: ["123456789012"] },
      Action: ["lambda:GetFunction"],
      Resource: ResourceArn,
    };
    const policy = (more: object) => JSON.stringify({ Version: "2012-10-17", Statement: [{ ...statement, ...more }] });
    const put = (Policy: string, RevisionId?: string) => lambda.send(new PutResourcePolicyCommand({ ResourceArn, Policy, RevisionId }));
    const { RevisionId } = await lambda.send(new GetResourcePolicyCommand({ ResourceArn }));
    const replaced = await put(policy({}), RevisionId);
    assert.deepEqual((JSON.parse(replaced.Policy!) as { Statement: unknown }).Statement, [statement]);
    assert.equal((await lambda.send(new GetPolicyCommand({ FunctionName: name }))).Policy, replaced.Policy);
    await refused(put(policy({}), RevisionId), "PreconditionFailedException", /Revision Id/);
    for (const [text, why] of [
      [policy({ Effect: "Deny" }), /must be Allow/],
      [policy({ NotAction: "lambda:*" }), /NotAction in policies is not supported/],
      [policy({ Resource: "*" }), /The Resource of whole must be arn:/],
      [policy({ Action: "s3:*" }), /must be actions of Lambda/],
      [policy({ Principal: { AWS: [] } }), /The Principal of whole/],
      [policy({ Condition: { StringEquals: {} } }), /has a test without a key/],
      ["{", /no JSON/],
      ["{}", /no Statement/],
    ] as const)
      await refused(put(text), invalid, why);
    await lambda.send(new DeleteResourcePolicyCommand({ ResourceArn }));
    await refused(lambda.send(new GetPolicyCommand({ FunctionName: name })), notFound, "The resource you requested does not exist.");
  });

  test("URLs, tags and asynchronous invocations have AWS's limits", async () => {
    const name = await create();
    const url = (Cors: object) => lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: name, AuthType: "NONE", Cors }));
    await refused(url({ MaxAge: 86_401 }), validation, /'cors.maxAge' .*less than or equal to 86400/);
    await refused(url({ AllowMethods: ["OPTIONS"] }), validation, /'cors.allowMethods' .*length less than or equal to 6/);
    await refused(
      url({ AllowOrigins: Array.from({ length: 101 }, () => "*") }),
      validation,
      /'cors.allowOrigins' .*less than or equal to 100/,
    );
    const tag = (Tags: Record<string, string>) => lambda.send(new TagResourceCommand({ Resource: arnOf(name), Tags }));
    await refused(tag({ key: "v".repeat(257) }), validation, /'tags' .*Map value/);
    await refused(
      tag({ "mayfly:app": "another" }),
      invalid,
      /can be given when the function is created, and stays: this function is in the app made-/,
    );
    await refused(
      lambda.send(new ListTagsCommand({ Resource: `${arnOf(name)}:1` })),
      invalid,
      /Tags on function aliases and versions are not supported/,
    );
    const event = (more: object) => lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: name, ...more }));
    await refused(event({ MaximumRetryAttempts: 3 }), validation, /'maximumRetryAttempts' .*less than or equal to 2/);
    await refused(event({ MaximumEventAgeInSeconds: 59 }), validation, /'maximumEventAgeInSeconds' .*greater than or equal to 60/);
    await refused(event({}), invalid, "You must specify at least one of error handling or destination setting.");
    await refused(lambda.send(new InvokeCommand({ FunctionName: name, TenantId: "a#b" })), validation, /'tenantId' .*pattern/);
    await refused(
      lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: -1 })),
      validation,
      /greater than or equal to 0/,
    );
  });

  test("what this server has none of is not found, and what would make it is refused", async () => {
    const name = await create();
    assert.deepEqual((await lambda.send(new ListCapacityProvidersCommand({}))).CapacityProviders, []);
    await refused(
      lambda.send(new GetCapacityProviderCommand({ CapacityProviderName: "ours" })),
      notFound,
      `Capacity provider not found: arn:aws:lambda:${region}:${account}:capacity-provider:ours`,
    );
    await refused(
      lambda.send(
        new CreateCapacityProviderCommand({
          CapacityProviderName: "ours",
          VpcConfig: { SubnetIds: ["subnet-1"], SecurityGroupIds: [] },
          PermissionsConfig: { CapacityProviderOperatorRoleArn: role },
        }),
      ),
      invalid,
      /not supported on this server/,
    );
    await refused(
      lambda.send(new GetFunctionScalingConfigCommand({ FunctionName: name, Qualifier: "1" })),
      notFound,
      `Function not found: ${arnOf(name)}:1`,
    );
    assert.deepEqual((await lambda.send(new ListDurableExecutionsByFunctionCommand({ FunctionName: name }))).DurableExecutions, []);
    const DurableExecutionArn = `${arnOf(name)}:1/durable-execution/name/id`;
    await refused(lambda.send(new GetDurableExecutionCommand({ DurableExecutionArn })), notFound, /Durable execution not found/);
  });

  test("zip files count up to the tenant's limit, and are gone with the tenant", async () => {
    const owner = await tenantClient("small");
    const content = Buffer.from(Array.from({ length: 700_000 }, (_, at) => (at * 7_919 * at) % 251));
    const large = (salt: string) => zip([{ name: "values.bin", content: Buffer.concat([content, Buffer.from(salt)]) }]);
    assert.equal((await mayfly(["tenant", "limit", "small", "--code-mb", "1", "--api", server.apiUrl, "--state", stateDir])).code, 0);
    const publish = (salt: string) => owner.send(new PublishLayerVersionCommand({ LayerName: "large", Content: { ZipFile: large(salt) } }));
    await publish("a");
    await refused(
      publish("b"),
      "CodeStorageExceededException",
      /^Code storage limit exceeded: .*the code of all apps of the tenant would take 2 MB; 1 are allowed/,
      400,
    );
    assert.equal((await owner.send(new ListLayerVersionsCommand({ LayerName: "large" }))).LayerVersions?.length, 1);
    assert.equal((await mayfly(["tenant", "remove", "small", "--force", "--yes", "--api", server.apiUrl, "--state", stateDir])).code, 0);
    const again = await tenantClient("small");
    assert.deepEqual((await again.send(new ListLayersCommand({}))).Layers, []);
  });

  async function tenantClient(tenant: string): Promise<LambdaClient> {
    const run = async (args: string[]) => {
      const { code, stdout, stderr } = await mayfly([...args, "--api", server.apiUrl, "--state", stateDir, "--json"]);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    await run(["tenant", "create", tenant]);
    const { id, secret } = JSON.parse(await run(["key", "create", `of-${tenant}`, "--role", "tenant-admin", "--tenant", tenant])) as {
      id: string;
      secret: string;
    };
    return clientOf({ accessKeyId: id, secretAccessKey: secret });
  }
});

/** An answer without what the SDK adds. */
function pick(answer: { $metadata: unknown }): Record<string, unknown> {
  return Object.fromEntries(Object.entries(answer).filter(([key]) => key !== "$metadata"));
}
