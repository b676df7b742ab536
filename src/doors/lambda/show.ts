/** Records as AWS shows them. */
import { functionArn, layerArn, runtimeVersionArn, type Account } from "../../control/lambda/names.ts";
import type { AliasRecord, EventInvokeRecord, FunctionRecord, LayerRecord, UrlRecord, VersionRecord } from "../../store/lambda/records.ts";

/** For example 2026-01-31T12:00:00.000+0000. */
export function amazonTime(at: number): string {
  return new Date(at).toISOString().replace("Z", "+0000");
}

export interface ShownAs {
  arn: string;
  version: string;
}

/** The configuration of a function, with its state and runtime, which lists leave out. */
function configuration(account: Account, record: FunctionRecord | VersionRecord, as: ShownAs): object {
  const { state, reason, settings } = record;
  return {
    ...listed(record, as),
    SnapStart: { ...settings.SnapStart, OptimizationStatus: "Off" },
    RuntimeVersionConfig: { RuntimeVersionArn: runtimeArn(account, record) },
    State: state,
    ...(reason !== undefined && { StateReason: reason.text, StateReasonCode: reason.code }),
    ...updateOf(record),
  };
}

function runtimeArn({ region }: Account, record: FunctionRecord | VersionRecord): string {
  const given = "runtimeVersionArn" in record ? record.runtimeVersionArn : null;
  return given ?? runtimeVersionArn(region, record.settings.Runtime);
}

function updateOf(record: FunctionRecord | VersionRecord): object {
  if (!("update" in record)) return record.state === "Active" ? { LastUpdateStatus: "Successful" } : {};
  const { update, updateReason } = record;
  return {
    ...(update !== null && { LastUpdateStatus: update }),
    ...(updateReason !== undefined && { LastUpdateStatusReason: updateReason.text, LastUpdateStatusReasonCode: updateReason.code }),
  };
}

export function listed({ settings, code, lastModified, revisionId }: FunctionRecord | VersionRecord, { arn, version }: ShownAs): object {
  const { Runtime, SnapStart, ...rest } = settings;
  return {
    FunctionName: arn.split(":")[6],
    FunctionArn: arn,
    Runtime,
    ...rest,
    CodeSize: code?.size ?? 0,
    CodeSha256: code?.sha256 ?? "",
    LastModified: amazonTime(lastModified),
    RevisionId: revisionId,
    Version: version,
    SnapStart: { ...SnapStart, OptimizationStatus: "Off" },
  };
}

export function newest(account: Account, record: FunctionRecord, qualifier?: string): object {
  return configuration(account, record, { arn: functionArn(account, record.name, qualifier), version: "$LATEST" });
}

export function versionShown(account: Account, name: string, version: VersionRecord, qualifier = String(version.version)): object {
  return configuration(account, version, { arn: functionArn(account, name, qualifier), version: String(version.version) });
}

export function aliasShown(
  account: Account,
  name: string,
  { name: alias, version, description, weights, revisionId }: AliasRecord,
): object {
  return {
    AliasArn: functionArn(account, name, alias),
    Name: alias,
    FunctionVersion: version,
    Description: description,
    ...(Object.keys(weights).length > 0 && { RoutingConfig: { AdditionalVersionWeights: weights } }),
    RevisionId: revisionId,
  };
}

export function layerShown(account: Account, layer: LayerRecord): object {
  const { name, version, description, licenseInfo, runtimes, architectures, createdAt } = layer;
  return {
    LayerVersionArn: layerArn(account, name, version),
    Version: version,
    Description: description,
    CreatedDate: amazonTime(createdAt),
    ...(runtimes !== null && { CompatibleRuntimes: runtimes }),
    ...(architectures !== null && { CompatibleArchitectures: architectures }),
    ...(licenseInfo !== null && { LicenseInfo: licenseInfo }),
  };
}

/** Milliseconds since the epoch as the seconds that AWS's JSON has. */
function seconds(at: number): number {
  return at / 1_000;
}

export function eventInvokeShown(account: Account, name: string, qualifier: string, record: EventInvokeRecord): object {
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig, lastModified } = record;
  return {
    FunctionArn: functionArn(account, name, qualifier),
    LastModified: seconds(lastModified),
    ...(MaximumRetryAttempts !== undefined && { MaximumRetryAttempts }),
    ...(MaximumEventAgeInSeconds !== undefined && { MaximumEventAgeInSeconds }),
    DestinationConfig: { OnSuccess: DestinationConfig?.OnSuccess ?? {}, OnFailure: DestinationConfig?.OnFailure ?? {} },
  };
}

/** @param address where the URL is answered, with {id} for what names it */
export function urlShown(
  account: Account,
  name: string,
  qualifier: string | undefined,
  url: UrlRecord,
  address: (id: string) => string,
): object {
  return {
    FunctionUrl: address(url.id),
    FunctionArn: functionArn(account, name, qualifier),
    AuthType: url.authType,
    ...(url.cors !== null && { Cors: url.cors }),
    CreationTime: new Date(url.createdAt).toISOString(),
  };
}
