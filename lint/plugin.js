/**
 * A plugin for oxlint with one rule, guarded-listeners. A listener on a peer's socket, request or reply may throw, and an uncaught error
 * there ends the whole server. So a listener must be wrapped in guarded() of src/base/errors/guarded.ts, or be so plain that it can't
 * throw, or have a comment that says why it may stay unwrapped:
 *
 * // oxlint-disable-next-line mayfly/guarded-listeners -- the reason
 *
 * The same holds for callbacks of timers (setTimeout, setInterval, setImmediate, queueMicrotask, process.nextTick): one may throw because the host lacks
 * something for a moment, such as descriptors. Callbacks of a Clock's after() and every() need no wrapper, because the worker's clock contains what they throw
 * (src/base/clock/contained.ts). Use that clock where there is one, and soon() of src/base/clock/soon.ts instead of queueMicrotask.
 */
const LISTEN = new Set(["addEventListener", "on", "once", "addListener", "prependListener", "prependOnceListener", "setTimeout"]);
const SERVE = /^(createServer|createHttpServer|createHttpsServer|createTcpServer|createTlsServer|createSecureServer|connect|request|get)$/;

/** They take the callback first. */
const TIMERS = new Set(["setTimeout", "setInterval", "setImmediate", "queueMicrotask"]);

/** Methods that do not throw, whatever the state of their object. */
const PLAIN = new Set([
  "destroy",
  "destroySoon",
  "resetAndDestroy",
  "delete",
  "pause",
  "resume",
  "unref",
  "push",
  "abort",
  "cancel",
  "clear",
  "resolve",
  "reject",
]);

/** What makes a listener that does not throw. */
const GUARDS = new Set(["guarded", "guardedOf"]);

/** The functions with which a promise settles itself. */
const SETTLE = new Set(["resolve", "reject"]);

const rule = {
  meta: {
    type: "problem",
    messages: {
      bare: "This listener may throw, which would end the server: wrap it in guarded() (src/base/errors/guarded.ts), or say in a comment why it cannot.",
    },
  },
  create(context) {
    return {
      CallExpression({ callee, arguments: given }) {
        const method = callee.type === "MemberExpression" && !callee.computed ? callee.property.name : undefined;
        const isListening = method !== undefined && LISTEN.has(method) && given.length >= 2;
        const called = callee.type === "Identifier" ? callee.name : method;
        // A socket's own setTimeout() with a time alone has no callback.
        const isTimer = callee.type === "Identifier" ? TIMERS.has(callee.name) : method === "nextTick";
        if (!isListening && !isTimer && !(called !== undefined && SERVE.test(called))) return;
        const listeners = isListening ? given.slice(1, 2) : isTimer ? given.slice(0, 1) : given.filter(isFunction);
        for (const listener of listeners) if (!isSafe(listener)) context.report({ node: listener, messageId: "bare" });
      },
    };
  },
};

/** Whether the name is a `const` whose value is safe. */
function isSafeConstant({ name, parent }) {
  for (let around = parent; around; around = around.parent) {
    const statements = Array.isArray(around.body) ? around.body : [];
    const constants = statements.flatMap((one) => (one.type === "VariableDeclaration" && one.kind === "const" ? one.declarations : []));
    const found = constants.find(({ id }) => id.type === "Identifier" && id.name === name);
    if (found?.init) return isSafe(found.init);
  }
  return false;
}

/** Whether the listener is `this.#onData` and the class has `#onData = guarded(…)`. */
function isGuardedField({ object, property, parent }) {
  if (object.type !== "ThisExpression") return false;
  let around = parent;
  while (around && around.type !== "ClassBody") around = around.parent;
  const field = around?.body.find((member) => member.type === "PropertyDefinition" && member.key.name === property.name);
  return field?.value?.type === "CallExpression" && isSafe(field.value);
}

function isFunction({ type }) {
  return type === "ArrowFunctionExpression" || type === "FunctionExpression";
}

function isSafe(listener) {
  if (listener.type === "CallExpression") return listener.callee.type === "Identifier" && GUARDS.has(listener.callee.name);
  if (listener.type === "Identifier") return SETTLE.has(listener.name) || isSafeConstant(listener);
  if (listener.type === "MemberExpression") return SETTLE.has(listener.property.name) || isGuardedField(listener);
  // A literal, such as a timer's milliseconds, is not a listener.
  if (!isFunction(listener)) return listener.type === "Literal";
  return !listener.async && isPlain(listener.body);
}

/** Whether the function's form shows that it can't throw. */
function isPlain(node) {
  switch (node?.type) {
    case undefined:
    case "Literal":
    case "Identifier":
    case "ThisExpression":
    case "PrivateIdentifier":
    case "TemplateElement":
      return true;
    case "BlockStatement":
      return node.body.every(isPlain);
    case "ExpressionStatement":
    case "ChainExpression":
    case "TSNonNullExpression":
    case "TSAsExpression":
      return isPlain(node.expression);
    case "ArrayExpression":
      return node.elements.every(isPlain);
    case "ObjectExpression":
      return node.properties.every(({ value }) => isPlain(value));
    case "ReturnStatement":
    case "UnaryExpression":
      return isPlain(node.argument);
    case "AssignmentExpression":
    case "LogicalExpression":
    case "BinaryExpression":
      return isPlain(node.left) && isPlain(node.right);
    case "ConditionalExpression":
    case "IfStatement":
      return isPlain(node.test) && isPlain(node.consequent) && isPlain(node.alternate ?? undefined);
    case "MemberExpression":
      return isPlain(node.object);
    case "TemplateLiteral":
      return node.expressions.every(isPlain);
    case "NewExpression":
      return node.callee.type === "Identifier" && node.callee.name === "Error" && node.arguments.every(isPlain);
    case "CallExpression":
      return isPlainCall(node);
    default:
      return false;
  }
}

function isPlainCall({ callee, arguments: given }) {
  if (!given.every(isPlain)) return false;
  if (callee.type === "Identifier") return SETTLE.has(callee.name);
  return callee.type === "MemberExpression" && !callee.computed && PLAIN.has(callee.property.name) && isPlain(callee.object);
}

export default { meta: { name: "mayfly" }, rules: { "guarded-listeners": rule } };
