package mayfly.json;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.util.HashMap;
import java.util.Map;

/** What the type variables of a class mean in one use of it: in `List<Order>`, that the E of List is Order. */
public final class Types {
  private final Map<TypeVariable<?>, Type> meanings = new HashMap<>();

  /** @param use a class, or a class with arguments */
  public Types(Type use) {
    learn(use);
  }

  /** The class without its arguments. */
  static Class<?> rawOf(Type type) {
    if (type instanceof Class<?> plain) return plain;
    if (type instanceof ParameterizedType parameterized) return (Class<?>) parameterized.getRawType();
    if (type instanceof GenericArrayType array) return rawOf(array.getGenericComponentType()).arrayType();
    if (type instanceof WildcardType wildcard) return rawOf(wildcard.getUpperBounds()[0]);
    return rawOf(((TypeVariable<?>) type).getBounds()[0]);
  }

  /** The argument with which a class uses a generic class or interface that it inherits, such as the I of its RequestHandler. */
  public static Type argument(Class<?> user, Class<?> generic, int index) {
    return new Types(user).resolve(generic.getTypeParameters()[index]);
  }

  /** The type without the variables of the class. A variable without a meaning becomes its bound. */
  public Type resolve(Type type) {
    if (type instanceof TypeVariable<?> variable) {
      Type meaning = meanings.get(variable);
      return meaning == null ? rawOf(variable) : meaning;
    }
    if (type instanceof WildcardType wildcard) return resolve(wildcard.getUpperBounds()[0]);
    if (type instanceof GenericArrayType array) return rawOf(resolve(array.getGenericComponentType())).arrayType();
    if (!(type instanceof ParameterizedType parameterized)) return type;
    Type[] arguments = parameterized.getActualTypeArguments();
    for (int at = 0; at < arguments.length; at++) arguments[at] = resolve(arguments[at]);
    return new Applied((Class<?>) parameterized.getRawType(), arguments);
  }

  private void learn(Type use) {
    if (use == null) return;
    Class<?> raw = rawOf(use);
    if (use instanceof ParameterizedType parameterized) {
      TypeVariable<?>[] variables = raw.getTypeParameters();
      Type[] arguments = parameterized.getActualTypeArguments();
      for (int at = 0; at < variables.length; at++) meanings.put(variables[at], resolve(arguments[at]));
    }
    learn(raw.getGenericSuperclass());
    for (Type each : raw.getGenericInterfaces()) learn(each);
  }

  /** A class with arguments that have no variables any more. */
  private record Applied(Class<?> raw, Type[] arguments) implements ParameterizedType {
    @Override
    public Type[] getActualTypeArguments() {
      return arguments.clone();
    }

    @Override
    public Type getRawType() {
      return raw;
    }

    @Override
    public Type getOwnerType() {
      return raw.getDeclaringClass();
    }
  }
}
