/** The replies of the API about what an app keeps and what it is allowed, as far as pages show them. As replies.ts: a test holds them against the API's own types. */

export interface LimitsReply {
  currency: string;
  limits: { spend: number | null; requests: number | null; cpuSeconds: number | null };
}

export interface QueueReply {
  name: string;
  app: string | null;
  fifo: boolean;
  visible: number;
  inFlight: number;
  delayed: number;
  bytes: number;
  retentionS: number;
  deadLetters: { queue: string; maxReceives: number } | null;
  sharedWith: string[];
}

export interface QueueListReply {
  queues: QueueReply[];
}

export interface QueueMessagesReply {
  messages: {
    id: string;
    body: string;
    group?: string | undefined;
    from?: string | undefined;
    receives: number;
    sentAt: string;
    visibleAt: string;
  }[];
}

export interface KeyValueStoresReply {
  stores: { name: string; entries: number; bytes: number }[];
}

export interface KeyListReply {
  keys: { key: string; version: number; expiration: number | null; bytes: number }[];
  cursor: string | null;
}

export interface KeyValueReply {
  value: string;
  base64: boolean;
  version: number;
  expiration: number | null;
  /** What JSON can hold. */
  metadata?: unknown;
}

export interface BucketListReply {
  buckets: { name: string; called: string | null; objects: number; bytes: number; versioning: string; createdAt: string }[];
}

export interface ObjectListReply {
  objects: { key: string; bytes: number; modifiedAt: string; type: string | null }[];
  prefixes: string[];
  next: string | null;
}

export interface DatabaseListReply {
  databases: { name: string; bytes: number }[];
}

export interface SqlCopiesReply {
  copies: { at: number; bytes: number }[];
}

export interface FunctionReply {
  invocation: string | null;
  status: number;
  headers: [string, string][];
  /** In base64. */
  body: string;
  bytes: number;
  error: string | null;
  ms: number;
  timing: { queue: number; start: number; bind: number; run: number } | null;
}
