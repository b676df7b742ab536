/**
 * Patterns and events for the recorded answers of TestEventPattern, by the names of the tests. The recordings hold neither: what each is about is told by its name, and whether the
 * event fits by its end, `_NEG` for one that does not. Where a pattern is wrong, its error quotes it.
 */
interface Tried {
  pattern: object;
  /** What the event has besides what every event has. */
  event: object;
}

const detail = (pattern: object, event: object): Tried => ({ pattern: { detail: pattern }, event: { detail: event } });
const state = (rule: unknown, value: unknown): Tried => detail({ state: [rule] }, { state: value });
const but = (what: unknown, value: unknown): Tried => state({ "anything-but": what }, value);
const without = (what: unknown): Tried => detail({ state: [{ "anything-but": what }] }, { other: "x" });

const affixes: Readonly<Record<string, string[]>> = { prefix: ["init", "test"], suffix: ["ing", "ed"] };

/** What every kind of comparison that can stand inside of anything-but is tried with. */
function nested(how: "prefix" | "suffix" | "wildcard", one: unknown, list: unknown[], fits: string, other: string): Record<string, Tried> {
  const name = `content_anything_${how}`;
  return {
    [name]: but({ [how]: one }, fits),
    [`${name}_NEG`]: but({ [how]: one }, other),
    [`${name}_list`]: but({ [how]: list }, fits),
    [`${name}_list_NEG`]: but({ [how]: list }, other),
    [`${name}_list_int`]: but({ [how]: list }, 12),
    [`${name}_int`]: but({ [how]: one }, 12),
    [`${name}_int_value`]: but({ [how]: one }, 12),
    [`${name}_null`]: but({ [how]: one }, null),
    [`${name}_list_null`]: but({ [how]: list }, null),
    [`${name}_missing_NEG`]: without({ [how]: one }),
    [`${name}_list_missing_NEG`]: without({ [how]: list }),
  };
}

export const tried: Readonly<Record<string, Tried>> = {
  arrays: { pattern: { resources: ["b", "c"] }, event: { resources: ["a", "b"] } },
  arrays_NEG: { pattern: { resources: ["c", "d"] }, event: { resources: ["a", "b"] } },
  arrays_empty_null_NEG: { pattern: { resources: [null] }, event: { resources: [] } },
  boolean: detail({ done: [true, false] }, { done: false }),
  boolean_NEG: detail({ done: [true] }, { done: "true" }),
  complex_many_rules: {
    pattern: {
      source: [{ exists: true }],
      "detail-type": [{ prefix: "shop." }],
      detail: {
        amount: [200],
        kind: ["a", "b", { prefix: "c" }],
        user: [{ "anything-but": ["root", "admin"] }],
        host: [{ "anything-but": { prefix: "test" } }],
        ip: [{ cidr: "10.1.2.0/24" }],
        low: [{ numeric: ["<=", 20] }],
        high: [{ numeric: [">", 20, "<", 50] }],
      },
    },
    event: {
      "detail-type": "shop.order",
      detail: { amount: 200, kind: "cheap", user: "ann", host: "a test", ip: "10.1.2.77", low: 20, high: 49 },
    },
  },
  complex_multi_match: {
    pattern: {
      time: [{ prefix: "2026-11-30" }],
      detail: { state: [{ "anything-but": "new" }], c: [{ numeric: [">", 0, "<=", 5] }], x: [{ "anything-but": [100, 200] }] },
    },
    event: { detail: { state: "paid", c: 5, x: 150 } },
  },
  complex_multi_match_NEG: {
    pattern: { time: [{ prefix: "2026-11-30" }], detail: { state: [{ "anything-but": "new" }], c: [{ numeric: [">", 0, "<=", 5] }] } },
    event: { detail: { state: "paid", c: 6 } },
  },
  complex_multi_key_event: detail({ place: [{ prefix: "x" }] }, { place: "xy" }),
  complex_or: {
    pattern: { $or: [{ source: ["none"] }, { detail: { c: [{ numeric: [">", 0] }] } }] },
    event: { detail: { c: 1 } },
  },
  complex_or_NEG: {
    pattern: { $or: [{ source: ["none"] }, { detail: { c: [{ numeric: [">", 0] }] } }] },
    event: { detail: { c: 0 } },
  },
  content_anything_but_ignorecase: but({ "equals-ignore-case": "new" }, "newer"),
  content_anything_but_ignorecase_NEG: but({ "equals-ignore-case": "new" }, "NEW"),
  content_anything_but_ignorecase_list: but({ "equals-ignore-case": ["new", "paid"] }, "sent"),
  content_anything_but_ignorecase_list_NEG: but({ "equals-ignore-case": ["new", "paid"] }, "Paid"),
  content_anything_but_ignorecase_list_missing_NEG: without({ "equals-ignore-case": ["new", "paid"] }),
  content_anything_but_ignorecase_missing_NEG: without({ "equals-ignore-case": "new" }),
  content_anything_but_ignorecase_list_null: but({ "equals-ignore-case": ["new", "paid"] }, null),
  content_anything_but_ignorecase_null: but({ "equals-ignore-case": "new" }, null),
  content_anything_but_number: but(123, 456),
  content_anything_but_number_NEG: but(123, 123),
  content_anything_but_number_list: but([100, 200], 300),
  content_anything_but_number_list_NEG: but([100, 200], 200),
  content_anything_but_number_zero: but(0, 1),
  content_anything_but_string: but("new", "paid"),
  content_anything_but_string_NEG: but("new", "new"),
  content_anything_but_string_list: but(["new", "paid"], "sent"),
  content_anything_but_string_list_NEG: but(["new", "paid"], "paid"),
  content_anything_but_string_list_missing_NEG: without(["new", "paid"]),
  content_anything_but_string_list_null: but(["new", "paid"], null),
  content_anything_but_string_missing_NEG: without("new"),
  content_anything_but_string_null: but("new", null),
  ...nested("prefix", "init", affixes["prefix"]!, "paid", "initial"),
  ...nested("suffix", "ing", affixes["suffix"]!, "new", "waiting"),
  ...nested("wildcard", "*/init/*", ["*/init/*", "*/dir/*"], "a/b/c", "a/init/c"),
  content_anything_wildcard_empty: but({ wildcard: "" }, "a/b"),
  content_exists: detail({ state: [{ exists: true }] }, { state: "x" }),
  content_exists_NEG: detail({ state: [{ exists: true }] }, { other: "x" }),
  content_exists_false: detail({ state: [{ exists: false }] }, { other: "x" }),
  content_exists_false_NEG: detail({ state: [{ exists: false }] }, { state: "x" }),
  content_ignorecase: { pattern: { "detail-type": [{ "equals-ignore-case": "order PAID" }] }, event: { "detail-type": "Order paid" } },
  content_ignorecase_NEG: { pattern: { "detail-type": [{ "equals-ignore-case": "order PAID" }] }, event: { "detail-type": "Order sent" } },
  content_ignorecase_empty: state({ "equals-ignore-case": "" }, ""),
  content_ignorecase_empty_NEG: state({ "equals-ignore-case": "" }, "x"),
  content_ip_address: state({ cidr: "10.0.0.0/24" }, "10.0.0.255"),
  content_ip_address_NEG: state({ cidr: "10.0.0.0/24" }, "10.0.1.0"),
  content_ip_address_bad_type_NEG: state({ cidr: "10.0.0.0/24" }, 10),
  content_ip_address_v6: state({ cidr: "2001:db8:1234:1a00::/56" }, "2001:db8:1234:1a55::7"),
  content_ip_address_v6_NEG: state({ cidr: "2001:db8:1234:1a00::/56" }, "2001:db8:1234:1b00::7"),
  content_ip_address_EXC: state({ cidr: "bad-filter" }, "10.0.0.1"),
  content_ip_address_v6_bad_ip_EXC: state({ cidr: "xxxx:db8:1234:1a00::/56" }, "10.0.0.1"),
  content_numeric_and: state({ numeric: [">", 0, "<=", 5] }, 5),
  content_numeric_and_NEG: state({ numeric: [">", 0, "<=", 5] }, 0),
  content_prefix: { pattern: { time: [{ prefix: "2026-11-30" }] }, event: {} },
  content_prefix_NEG: { pattern: { time: [{ prefix: "2026-12" }] }, event: {} },
  content_suffix: { pattern: { file: [{ suffix: ".png" }] }, event: { file: "a.png" } },
  content_suffix_NEG: { pattern: { file: [{ suffix: ".png" }] }, event: { file: "a.jpg" } },
  content_suffix_ignorecase_NEG: state({ suffix: { "equals-ignore-case": ".PNG" } }, "a.jpg"),
  content_wildcard_complex_EXC: state({ wildcard: "*:*:*:*:*:bus/*" }, "a:b:c:d:e:bus/f"),
  content_wildcard_nonrepeating: state({ wildcard: "/home/*/notes.txt" }, "/home/ann/dir/notes.txt"),
  content_wildcard_nonrepeating_NEG: state({ wildcard: "/home/*/notes.txt" }, "/home/ann/dir/mynotes.txt"),
  content_wildcard_repeating: state({ wildcard: "/home/*/dir/dir/dir/notes.txt" }, "/home/ann/dir/dir/dir/dir/notes.txt"),
  content_wildcard_repeating_NEG: state({ wildcard: "/home/*/dir/dir/dir/notes.txt" }, "/home/ann/dir/dir/notes.txt"),
  content_wildcard_simplified: state({ wildcard: "/home/*/notes.txt" }, "/home/ann/dir/dir/notes.txt"),
  dot_joining_event: detail({ state: { status: ["running"] } }, { "state.status": "running" }),
  dot_joining_event_NEG: detail({ state: { status: ["running"] } }, { "state.status": { status: "running" } }),
  dot_joining_pattern: detail({ "state.status": ["running"] }, { state: { status: "running" } }),
  dot_joining_pattern_NEG: detail({ "state.status": { status: ["running"] } }, { state: { status: "running" } }),
  exists_list_empty_NEG: { pattern: { resources: [{ exists: true }] }, event: { resources: [] } },
  list_within_dict: detail({ jobs: { id: [{ exists: true }] } }, { jobs: [{ a: 1 }, { id: "x" }, { b: 2 }] }),
  minimal: { pattern: { id: [{ exists: true }] }, event: {} },
  nested_json_NEG: { pattern: { detail: { a: ["b"] } }, event: { detail: '{"a":"b"}' } },
  null_value: detail({ answer: [null] }, { answer: null }),
  null_value_NEG: detail({ answer: [null] }, { answer: "null" }),
  number_comparison_float: { pattern: { number: [300] }, event: { number: 3e2 } },
  "numeric-int-float": { pattern: { number: [{ numeric: [">", 100] }] }, event: { number: 100.5 } },
  "numeric-null_NEG": { pattern: { number: [{ numeric: [">", 100] }] }, event: { number: null } },
  "numeric-string_NEG": { pattern: { number: [{ numeric: [">", 100] }] }, event: { number: "200" } },
  operator_multiple_list: { pattern: { key: [{ exists: true }, { prefix: "no" }, { suffix: "no" }] }, event: { key: "value" } },
  "or-anything-but": {
    pattern: { image: { name: { S: [{ "anything-but": ["rose"] }, { exists: false }] } } },
    event: { image: { name: { S: "lily" } } },
  },
  "or-exists": { pattern: { image: { name: { S: [{ "anything-but": ["rose"] }, { exists: false }] } } }, event: { image: { name: {} } } },
  "or-exists-parent": {
    pattern: { image: { name: { S: [{ "anything-but": ["rose"] }, { exists: false }] } } },
    event: { image: { other: 1 } },
  },
  "or-numeric-anything-but_NEG": {
    pattern: { image: { size: { N: [{ numeric: [">", 100] }, { "anything-but": "101" }] } } },
    event: { image: { size: { N: "101" } } },
  },
  prefix: { pattern: { keys: { a: [{ prefix: "ORDER" }], b: [{ prefix: "ITEM" }] } }, event: { keys: { a: "ORDER#7", b: "ITEM#9" } } },
  sample1: { pattern: { source: ["shop"], detail: { n: [1, 2] } }, event: { detail: { n: 2 } } },
  string: detail({ name: ["ann"] }, { name: "ann" }),
  string_empty: detail({ name: [""] }, { name: "" }),
};
