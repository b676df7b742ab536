package mayfly.handlers;

import java.util.Map;

/**
 * What handlers are told of the app.
 *
 * @param concurrency the most invocations that the machine gets at a time; 0 if that is not known
 * @param lambda the LambdaMessage of a function that was made by AWS Lambda's API; empty for others
 */
public record AppFacts(String name, int memoryMb, int concurrency, Map<?, ?> lambda) {}
