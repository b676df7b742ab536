package mayfly.code;

import java.util.Map;
import mayfly.handlers.HandlerFinder;
import mayfly.handlers.Runner;
import mayfly.invocation.Current;
import mayfly.invocation.Invocation;

/**
 * A function of an app, and from the first call on, what runs it. Its class is loaded and an instance made once, outside of any invocation, when it is first needed; if that fails, it is tried again at the next call.
 */
public final class Function {
  /** Makes what runs a handler. `lambda` is the LambdaMessage of a function that was made by AWS Lambda's API; empty for others. */
  public interface MakeRunner {
    Runner make(HandlerFinder.Found handler, ClassLoader loader, Map<?, ?> lambda);
  }

  private final String handler;
  private final Map<?, ?> lambda;
  private final ClassPaths paths;
  private final MakeRunner make;
  private AppLoader loader;
  private volatile Runner runner;

  Function(String handler, Map<?, ?> lambda, AppLoader loader, ClassPaths paths, MakeRunner make) {
    this.handler = handler;
    this.lambda = lambda;
    this.paths = paths;
    this.loader = loader;
    this.make = make;
  }

  /** Null until loaded() has returned. */
  public Runner runner() {
    return runner;
  }

  /** Throws what the app's code throws. */
  public synchronized Runner loaded() throws Throwable {
    if (runner != null) return runner;
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    Invocation current = Current.get();
    // What is printed belongs to the app, and not to the invocation that came first.
    Current.set(null);
    thread.setContextClassLoader(loader);
    try {
      runner = make.make(HandlerFinder.find(handler, loader), loader, lambda);
      return runner;
    } catch (ExceptionInInitializerError error) {
      loader = paths.again(loader);
      throw error.getCause() == null ? error : error.getCause();
    } catch (Error error) {
      // A class may have failed by it, and would be no more than absent the next time.
      loader = paths.again(loader);
      throw error;
    } finally {
      thread.setContextClassLoader(before);
      Current.set(current);
      // The code may have interrupted the thread in which it ran.
      Thread.interrupted();
    }
  }
}
