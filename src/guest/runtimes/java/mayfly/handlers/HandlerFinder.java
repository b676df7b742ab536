package mayfly.handlers;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.util.Comparator;
import mayfly.json.Types;
import mayfly.json.Written;

/** Finds what a handler's name means: `package.Class`, which implements one of AWS Lambda's interfaces, or `package.Class::method`. */
public final class HandlerFinder {
  private HandlerFinder() {}

  /** A handler that was found. */
  public sealed interface Found permits OfValues, OfStreams {}

  /** @param input the type of its input */
  record OfValues(Type input, Values call) implements Found {}

  record OfStreams(Streams call) implements Found {}

  interface Values {
    Object call(Object input, Context context) throws Throwable;
  }

  interface Streams {
    void call(InputStream input, OutputStream output, Context context) throws Throwable;
  }

  /** Loads the class, and makes an instance of it. Throws what its initialisation throws, and IllegalArgumentException if it is no handler. */
  public static Found find(String handler, ClassLoader loader) throws Throwable {
    String[] parts = handler.split("::", 2);
    Class<?> type;
    try {
      type = Class.forName(parts[0], true, loader);
    } catch (ClassNotFoundException error) {
      throw new ClassNotFoundException(
          "there is no class " + parts[0] + " in the app's code; the handler is \"" + handler + "\", and must be package.Class or package.Class::method");
    }
    boolean isOfInterface = parts.length == 1 || parts[1].equals("handleRequest");
    if (isOfInterface && RequestStreamHandler.class.isAssignableFrom(type)) {
      return new OfStreams(((RequestStreamHandler) instance(type))::handleRequest);
    }
    if (isOfInterface && RequestHandler.class.isAssignableFrom(type)) {
      @SuppressWarnings("unchecked")
      RequestHandler<Object, Object> instance = (RequestHandler<Object, Object>) instance(type);
      return new OfValues(Types.argument(type, RequestHandler.class, 0), instance::handleRequest);
    }
    if (parts.length == 1) {
      throw new IllegalArgumentException(
          type.getName() + " implements neither RequestHandler nor RequestStreamHandler; name a method of it: \"" + handler + "::method\"");
    }
    return byMethod(type, method(type, parts[1]));
  }

  /** Of several methods of the name, the one with the most parameters is meant, and of these the one with a Context: AWS Lambda's rule. */
  private static Method method(Class<?> type, String name) {
    return Written.methods(type).stream()
        .filter(each -> each.getName().equals(name) && isHandler(each.getParameterTypes()))
        .max(Comparator.comparingInt(Method::getParameterCount).thenComparing(each -> takesContext(each.getParameterTypes())))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    type.getName() + " has no public method " + name + " that takes an input, streams in and out, or nothing, and then a Context if it wants one"));
  }

  private static boolean isHandler(Class<?>[] parameters) {
    int own = parameters.length - (takesContext(parameters) ? 1 : 0);
    return own <= 1 || isOfStreams(parameters) && own == 2;
  }

  private static boolean takesContext(Class<?>[] parameters) {
    return parameters.length > 0 && parameters[parameters.length - 1] == Context.class;
  }

  private static boolean isOfStreams(Class<?>[] parameters) {
    return parameters.length >= 2 && parameters[0] == InputStream.class && parameters[1] == OutputStream.class;
  }

  private static Found byMethod(Class<?> type, Method method) throws Throwable {
    method.setAccessible(true);
    Object instance = Modifier.isStatic(method.getModifiers()) ? null : instance(type);
    Class<?>[] parameters = method.getParameterTypes();
    boolean takesContext = takesContext(parameters);
    if (isOfStreams(parameters)) {
      return new OfStreams(
          (input, output, context) -> {
            if (takesContext) call(method, instance, input, output, context);
            else call(method, instance, input, output);
          });
    }
    if (parameters.length == (takesContext ? 1 : 0)) {
      return new OfValues(Object.class, (input, context) -> takesContext ? call(method, instance, context) : call(method, instance));
    }
    Type input = new Types(type).resolve(method.getGenericParameterTypes()[0]);
    return new OfValues(input, (value, context) -> takesContext ? call(method, instance, value, context) : call(method, instance, value));
  }

  private static Object call(Method method, Object instance, Object... values) throws Throwable {
    try {
      return method.invoke(instance, values);
    } catch (InvocationTargetException error) {
      throw error.getCause();
    }
  }

  private static Object instance(Class<?> type) throws Throwable {
    Constructor<?> constructor;
    try {
      constructor = type.getDeclaredConstructor();
    } catch (NoSuchMethodException error) {
      throw new IllegalArgumentException("the handler's class " + type.getName() + " has no constructor without parameters", error);
    }
    constructor.setAccessible(true);
    try {
      return constructor.newInstance();
    } catch (InvocationTargetException error) {
      throw error.getCause();
    }
  }
}
