package mayfly.handlers;

/** What handlers are told of the app. */
public record AppFacts(String name, int memoryMb) {}
