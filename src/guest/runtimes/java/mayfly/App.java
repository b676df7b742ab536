package mayfly;

import java.io.Closeable;
import java.io.IOException;
import java.util.Map;
import mayfly.code.Environment;
import mayfly.code.Function;
import mayfly.code.Functions;
import mayfly.code.TaskFiles;
import mayfly.handlers.AppFacts;
import mayfly.handlers.LambdaRunner;
import mayfly.handlers.LambdaRunner.Machinery;
import mayfly.handlers.Runner;
import mayfly.invocation.Invocation;
import mayfly.snapshot.GlobalContext;
import mayfly.wire.Protocol;

/** The app that a machine is bound to: its functions, and how an invocation reaches one. */
public final class App implements Closeable {
  private final Machinery machinery;
  private final Functions functions;
  /** Whether nobody but the platform calls it. */
  private final boolean isRehearsal;

  /**
   * @param message the BindMessage
   * @param data what followed it
   * @throws IllegalArgumentException if a function is of a kind that this agent cannot run
   */
  public App(Map<?, ?> message, byte[] data, Machinery machinery) throws IOException, ReflectiveOperationException {
    this.machinery = machinery;
    String name = (String) message.get("app");
    isRehearsal = name.equals(Protocol.REHEARSAL_APP) || name.equals(Protocol.WARM_FUNCTION);
    TaskFiles.removeEarlier();
    Environment.set(message);
    GlobalContext.instance.clear();
    int from = TaskFiles.write(data, (Map<?, ?>) message.get("files"));
    int memoryMb = ((Number) message.get("memoryMb")).intValue();
    int concurrency = message.get("concurrency") instanceof Number most ? most.intValue() : 0;
    functions =
        new Functions(
            message,
            data,
            from,
            (handler, loader, lambda) -> new LambdaRunner(handler, loader, new AppFacts(name, memoryMb, concurrency, lambda), machinery));
  }

  public boolean has(String name) {
    return functions.get(name) != null;
  }

  /** Loads a function ahead of its first call, which fails in the same way if this does. Throws what the app's code throws. */
  public void preload(String name) throws Throwable {
    functions.get(name).loaded();
  }

  /** Loads all functions, one after the other. Throws what the app's code throws. */
  public void initialise() throws Throwable {
    for (Function function : functions.all()) function.loaded();
  }

  /** Must be called by the crew's leader, with a function of the app. @param readyAt when the request came, by System.nanoTime() */
  public void run(Invocation invocation, long readyAt) {
    if (isRehearsal) invocation.rehearse();
    Function function = functions.get(invocation.head().function);
    Runner runner = function.runner();
    if (runner != null) runner.begin(invocation, readyAt);
    // Loading takes time, so another thread does it.
    else machinery.crew().handOver(() -> loadAndRun(function, invocation, readyAt), null, readyAt);
  }

  private void loadAndRun(Function function, Invocation invocation, long readyAt) {
    Runner runner;
    try {
      runner = function.loaded();
    } catch (Throwable error) {
      machinery.failures().loadFailed(invocation, error);
      return;
    }
    runner.begin(invocation, readyAt);
  }

  /** Gives the classes up: nothing of this app is to be used any more. */
  @Override
  public void close() throws IOException {
    functions.close();
  }
}
