import assert from "node:assert/strict";
import { test } from "node:test";
import { inShort, ofTemplate } from "../testing/translated.ts";

/** A SAM template with what such templates usually have. */
const SAM = `
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
  Secret: {Type: String, NoEcho: true}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Mappings:
  Levels: {dev: {log: debug}, prod: {log: warn}}
Globals:
  Function:
    Runtime: python3.12
    Timeout: 5
    MemorySize: 256
    Layers: [arn:aws:lambda:eu-west-1:1:layer:powertools:1]
    Environment: {Variables: {STAGE: !Ref Stage, LEVEL: !FindInMap [Levels, !Ref Stage, log]}}
  Api:
    Cors: {AllowOrigin: "'https://a.example'", AllowMethods: "'*'"}
  HttpApi:
    Auth: {DefaultAuthorizer: customers, Authorizers: {customers: {JwtConfiguration: {issuer: "https://login.example/", audience: [shop]}}}}
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: orders/
      Handler: app.lambda_handler
      Environment: {Variables: {TABLE: !Ref Table, KEY: "{{resolve:secretsmanager:shop:SecretString:key}}"}}
      Policies: [DynamoDBCrudPolicy: {TableName: !Ref Table}]
      Events:
        List: {Type: Api, Properties: {Path: /orders, Method: get}}
        One: {Type: Api, Properties: {Path: "/orders/{id}", Method: ANY}}
        Nightly: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  Account:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: esbuild, BuildProperties: {EntryPoints: [src/account.ts], Minify: true}}
    Properties:
      CodeUri: account
      Handler: account.handler
      Runtime: nodejs20.x
      Timeout: 30
      Events:
        Any: {Type: HttpApi}
        Open: {Type: HttpApi, Properties: {Path: /open, Method: POST, Auth: {Authorizer: NONE}}}
  Jar:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: target/shop.jar, Handler: "shop.Pay::handleRequest", Runtime: java21, FunctionUrlConfig: {AuthType: NONE}, VpcConfig: {SubnetIds: [a]}}
  Inline:
    Type: AWS::Serverless::Function
    Properties: {InlineCode: "def handler(event, context): return 'hi'", Handler: index.handler, FunctionUrlConfig: {AuthType: AWS_IAM}}
  OnlyProd:
    Type: AWS::Serverless::Function
    Condition: IsProd
    Properties: {CodeUri: ., Handler: a.b}
  Table: {Type: AWS::DynamoDB::Table}
  Rights: {Type: AWS::IAM::Policy}
`;

test("functions of SAM have what Globals say under their own, and Api and HttpApi events are routes", () => {
  const { functions } = ofTemplate(SAM);
  const shared = { STAGE: "dev", LEVEL: "debug" };
  assert.deepEqual(functions.map(inShort), [
    {
      name: "Orders",
      runtime: "python",
      handler: "app.lambda_handler",
      routes: ["GET /orders", "ANY /orders/{id}"],
      environment: shared,
      access: "public",
    },
    {
      name: "Account",
      runtime: "node",
      handler: "account.handler",
      routes: ["$default", "POST /open"],
      environment: shared,
      access: { issuer: "https://login.example/", audience: ["shop"] },
    },
    { name: "Jar", runtime: "java", handler: "shop.Pay::handleRequest", routes: [], environment: shared, access: "public" },
    { name: "Inline", runtime: "python", handler: "index.handler", routes: [], environment: shared, access: "aws" },
  ]);
  assert.deepEqual(
    functions.map(({ code, timeoutMs, secrets }) => [code.kind === "inline" ? code.text : code.path, timeoutMs, secrets]),
    [
      ["orders/", 5_000, ["KEY"]],
      ["account", 30_000, []],
      ["target/shop.jar", 5_000, []],
      ["def handler(event, context): return 'hi'", 5_000, []],
    ],
  );
  const { code } = functions[1]!;
  assert.equal(code.kind === "folder" ? code.entry : undefined, "src/account.ts");
  assert.deepEqual(
    functions.map(({ cors }) => cors),
    [{ origins: ["https://a.example"] }, undefined, undefined, undefined],
  );
});

test("parameters choose, and a condition that does not hold leaves a function out", () => {
  const prod = ofTemplate(SAM, { parameters: new Map([["Stage", "prod"]]) });
  assert.equal(prod.functions.at(-1)!.name, "OnlyProd");
  assert.equal(prod.functions[0]!.environment.get("LEVEL"), "warn");
  assert.throws(() => ofTemplate(SAM, { parameters: new Map([["Nope", "x"]]) }), /it has no parameter Nope/);
  const said = ofTemplate(SAM)
    .passedOver.map(({ at, why }) => `${at}: ${why}`)
    .join("\n");
  for (const expected of [
    /^Resources\.OnlyProd: Its condition IsProd does not hold\./m,
    /^Resources\.Orders\.Properties\.Events\.Nightly: Nothing here starts functions by Schedule yet\./m,
    /^Resources\.Orders\.Properties\.Environment\.Variables\.TABLE: The variable TABLE is left out/m,
    /^Resources\.Orders\.Properties\.Environment\.Variables\.KEY: .*a store of secrets/m,
    /^Resources\.Orders\.Properties\.Policies: There are no roles/m,
    /^Resources\.Orders\.Properties\.Layers: There are no layers/m,
    /^Resources\.Jar\.Properties\.VpcConfig: Machines have no network of Amazon's/m,
    /^Resources\.Table: AWS::DynamoDB::Table is not made/m,
    /^Resources\.Rights: AWS::IAM::Policy is not made\. There are no roles/m,
  ])
    assert.match(said, expected);
});

test("what a function cannot run without stops the deploy, unless the function is left out", () => {
  const of =
    (resources: string, options = {}) =>
    () =>
      ofTemplate(`Resources: ${resources}`, options);
  const sam = (properties: string) => of(`{F: {Type: "AWS::Serverless::Function", Properties: ${properties}}}`);
  assert.throws(sam("{Handler: a.b, CodeUri: .}"), /Resources\.F\.Properties\.Runtime: it is missing/);
  assert.throws(
    sam("{Handler: a.b, CodeUri: !Ref Bucket, Runtime: nodejs20.x}"),
    /CodeUri: it is required here, and its value Bucket cannot be known/,
  );
  assert.throws(sam("{Handler: a.b, CodeUri: 's3://b/k', Runtime: nodejs20.x}"), /its code is at s3:\/\/b\/k, which is not fetched/);
  assert.throws(sam("{PackageType: Image, ImageUri: x}"), /PackageType: the function is a container image.*--except F/);
  assert.throws(sam("{Handler: a.b, CodeUri: ., Runtime: dotnet8}"), /the runtime is "dotnet8"/);
  const nested = '{Net: {Type: "AWS::CloudFormation::Stack", Properties: {TemplateURL: net.yaml}}}';
  assert.throws(of(nested), /Resources\.Net: it is a nested stack.*--except Net/);
  assert.deepEqual(of(nested, { except: new Set(["Net"]) })().functions, []);
  assert.throws(of('{App: {Type: "AWS::Serverless::Application"}}'), /it is a nested stack/);
  assert.throws(() => ofTemplate("a: 1"), /Resources: it is missing/);
  const image = '{F: {Type: "AWS::Serverless::Function", Properties: {PackageType: Image}}}';
  assert.deepEqual(of(image, { except: new Set(["F"]) })().functions, []);
});

/** As CDK writes it: JSON, ids with hashes, assets, and functions of its own beside those of the app. */
const CDK = JSON.stringify({
  Resources: {
    OrdersHandlerAB12CD34: {
      Type: "AWS::Lambda::Function",
      Properties: {
        Code: { S3Bucket: { "Fn::Sub": "cdk-assets-${AWS::AccountId}" }, S3Key: "aaaa.zip" },
        Handler: "index.handler",
        Runtime: "nodejs22.x",
        Role: { "Fn::GetAtt": ["RoleAA", "Arn"] },
        Environment: { Variables: { TABLE: { Ref: "TableAA" }, LEVEL: "info" } },
        Architectures: ["arm64"],
      },
      DependsOn: ["RoleAA"],
      Metadata: { "aws:cdk:path": "Shop/Orders/Handler/Resource", "aws:asset:path": "asset.aaaa", "aws:asset:property": "Code" },
    },
    ReportEF56: {
      Type: "AWS::Lambda::Function",
      Properties: { Code: { S3Bucket: "b", S3Key: "bbbb.zip" }, Handler: "report.main", Runtime: "python3.13" },
      Metadata: { "aws:cdk:path": "Shop/Report/Resource" },
    },
    LogRetentionAA: {
      Type: "AWS::Lambda::Function",
      Properties: { Code: { S3Key: "cccc.zip" }, Handler: "index.handler", Runtime: "nodejs22.x" },
    },
    Retention: { Type: "Custom::LogRetention", Properties: { ServiceToken: { "Fn::GetAtt": ["LogRetentionAA", "Arn"] } } },
    ApiAA: { Type: "AWS::ApiGatewayV2::Api" },
    Route1: {
      Type: "AWS::ApiGatewayV2::Route",
      Properties: { RouteKey: "GET /orders/{id}", Target: { "Fn::Join": ["", ["integrations/", { Ref: "IntegrationAA" }]] } },
    },
    IntegrationAA: {
      Type: "AWS::ApiGatewayV2::Integration",
      Properties: { IntegrationUri: { "Fn::GetAtt": ["OrdersHandlerAB12CD34", "Arn"] } },
    },
    RestAA: { Type: "AWS::ApiGateway::RestApi" },
    ReportsAA: {
      Type: "AWS::ApiGateway::Resource",
      Properties: { ParentId: { "Fn::GetAtt": ["RestAA", "RootResourceId"] }, PathPart: "reports" },
    },
    ProxyAA: { Type: "AWS::ApiGateway::Resource", Properties: { ParentId: { Ref: "ReportsAA" }, PathPart: "{proxy+}" } },
    MethodAA: {
      Type: "AWS::ApiGateway::Method",
      Properties: {
        HttpMethod: "ANY",
        ResourceId: { Ref: "ProxyAA" },
        AuthorizationType: "NONE",
        Integration: {
          Uri: { "Fn::Join": ["", ["arn:", { Ref: "AWS::Partition" }, ":path/", { "Fn::GetAtt": ["ReportEF56", "Arn"] }, "/invocations"]] },
        },
      },
    },
    RoleAA: { Type: "AWS::IAM::Role" },
    TableAA: { Type: "AWS::DynamoDB::Table" },
  },
});

test("functions of CDK are called by their constructs, find their code by its asset, and have the routes of their gateways", () => {
  const { functions, passedOver } = ofTemplate(CDK, {}, { "bbbb.zip": "asset.bbbb" });
  assert.deepEqual(functions.map(inShort), [
    {
      name: "Orders-Handler",
      runtime: "node",
      handler: "index.handler",
      routes: ["GET /orders/{id}"],
      environment: { LEVEL: "info" },
      access: "public",
    },
    { name: "Report", runtime: "python", handler: "report.main", routes: ["ANY /reports/{proxy+}"], environment: {}, access: "public" },
  ]);
  assert.deepEqual(
    functions.map(({ code }) => (code.kind === "folder" ? code.path : code.kind)),
    ["asset.aaaa", "asset.bbbb"],
  );
  const said = passedOver.map(({ at, why }) => `${at}: ${why}`).join("\n");
  assert.match(said, /^Resources\.LogRetentionAA: The function serves CloudFormation alone/m);
  assert.match(said, /^Resources\.Retention: Custom::LogRetention is not made/m);
  assert.match(said, /TABLE is left out/);
  assert.throws(
    () => ofTemplate(CDK, { only: new Set(["Report"]) }),
    /Resources\.ReportEF56\.Properties\.Code: its code is in a bucket of Amazon's/,
  );
});

test("a path of API Gateway that leads in a circle is refused", () => {
  const circle = JSON.parse(CDK) as { Resources: Record<string, { Properties: object }> };
  circle.Resources["ReportsAA"]!.Properties = { ParentId: { Ref: "ProxyAA" }, PathPart: "x" };
  assert.throws(() => ofTemplate(JSON.stringify(circle)), /leads in a circle/);
});

test("DurableConfig makes a function durable, of its own or by Globals", () => {
  const { functions } = ofTemplate(`
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: nodejs22.x, Handler: a.b, CodeUri: ., DurableConfig: {ExecutionTimeout: 60}}}
Resources:
  Usual: {Type: AWS::Serverless::Function}
  Own: {Type: AWS::Serverless::Function, Properties: {DurableConfig: {RetentionPeriodInDays: 7}}}
  Plain: {Type: AWS::Lambda::Function, Properties: {Runtime: nodejs22.x, Handler: a.b, Code: .}}
`);
  assert.deepEqual(
    functions.map(({ durable }) => durable),
    [{ timeoutS: 60, retentionDays: undefined }, { timeoutS: 60, retentionDays: 7 }, undefined],
  );
});
