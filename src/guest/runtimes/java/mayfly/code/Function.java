package mayfly.code;

import mayfly.handlers.HandlerFinder;
import mayfly.handlers.Runner;
import mayfly.invocation.Current;
import mayfly.invocation.Invocation;

/**
 * A function of an app, and from the first call on, what runs it. Its class is loaded and an instance made once, outside of any invocation, when it is first needed; if that fails, it is tried again at the next call.
 */
public final class Function {
  /** Makes what runs a handler. */
  public interface MakeRunner {
    Runner make(HandlerFinder.Found handler, ClassLoader loader);
  }

  private final String handler;
  private final ClassLoader loader;
  private final MakeRunner make;
  private volatile Runner runner;

  Function(String handler, ClassLoader loader, MakeRunner make) {
    this.handler = handler;
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
      runner = make.make(HandlerFinder.find(handler, loader), loader);
      return runner;
    } finally {
      thread.setContextClassLoader(before);
      Current.set(current);
    }
  }
}
