package mayfly.code;

import java.net.URL;
import java.net.URLClassLoader;

/**
 * The classes of an app. Its parents show Java's own classes and the interfaces of AWS Lambda and of CRaC that the agent brings, and nothing of the agent, so that an app's classes can have any name and any version.
 */
final class AppLoader extends URLClassLoader {
  static {
    registerAsParallelCapable();
  }

  AppLoader(URL[] path) {
    super("app", path, new Shared());
  }

  /** The same classes, of which none is loaded yet: one whose initialisation has failed stays unusable in its loader. */
  AppLoader again() {
    return new AppLoader(getURLs());
  }

  private static final class Shared extends ClassLoader {
    private static final String INTERFACES = "com.amazonaws.services.lambda.runtime.";
    private static final String HOOKS = "org.crac.";

    static {
      registerAsParallelCapable();
    }

    Shared() {
      super("mayfly", ClassLoader.getPlatformClassLoader());
    }

    /** What of that package the agent does not bring, the app may have. */
    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      if (!name.startsWith(INTERFACES) && !name.startsWith(HOOKS)) throw new ClassNotFoundException(name);
      return AppLoader.class.getClassLoader().loadClass(name);
    }
  }
}
