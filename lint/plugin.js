/**
 * A plugin for oxlint with one rule, guarded-listeners: a listener on somebody else's socket, request or reply may throw, and what it throws there ends
 * the whole server. So it is wrapped in guarded() of src/base/errors/guarded.ts, or so plain that it cannot throw, or has a comment that says why it may stay:
 *
 *     // oxlint-disable-next-line mayfly/guarded-listeners -- the reason
 *
 * Callbacks of timers (setTimeout, setInterval, setImmediate, queueMicrotask, process.nextTick, a Clock's after and every) are not looked at. Nobody
 * calls them with something of his: no bytes, no error, at a time that we chose. One that throws has met a state that a listener or a message let in
 * unchecked, and that is what the rule, the schemas and the fuzz tests are for; wrapping it would only keep a server going whose state is wrong, where
 * a crash brings a new one within seconds. A timer that does hand on what a stranger sent belongs into guarded() all the same, as in src/doors/http/turns.ts.
 */
const LISTEN = new Set(["addEventListener", "on", "once", "addListener", "prependListener", "prependOnceListener", "setTimeout"]);
const SERVE = /^(createServer|createHttpServer|createHttpsServer|createTcpServer|createTlsServer|createSecureServer|connect|request|get)$/;

/** Methods that do not throw, whatever the state of what they belong to. */
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

/** Of a promise's own making. */
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
        if (!isListening && !(called !== undefined && SERVE.test(called))) return;
        const listeners = isListening ? given.slice(1, 2) : given.filter(isFunction);
        for (const listener of listeners) if (!isSafe(listener)) context.report({ node: listener, messageId: "bare" });
      },
    };
  },
};

/** A name that a `const` around it gives to what is safe. */
function isSafeConstant({ name, parent }) {
  for (let around = parent; around; around = around.parent) {
    const statements = Array.isArray(around.body) ? around.body : [];
    const constants = statements.flatMap((one) => (one.type === "VariableDeclaration" && one.kind === "const" ? one.declarations : []));
    const found = constants.find(({ id }) => id.type === "Identifier" && id.name === name);
    if (found?.init) return isSafe(found.init);
  }
  return false;
}

/** `this.#onData`, where the class has `#onData = guarded(…)`. */
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
  if (listener.type === "CallExpression") return listener.callee.type === "Identifier" && listener.callee.name === "guarded";
  if (listener.type === "Identifier") return SETTLE.has(listener.name) || isSafeConstant(listener);
  if (listener.type === "MemberExpression") return SETTLE.has(listener.property.name) || isGuardedField(listener);
  // Of a timer's milliseconds, for example: no listener at all.
  if (!isFunction(listener)) return listener.type === "Literal";
  return !listener.async && isPlain(listener.body);
}

/** Whether it can throw, as far as its form tells. */
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
