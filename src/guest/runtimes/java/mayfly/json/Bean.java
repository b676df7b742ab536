package mayfly.json;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Date;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a class's values consist of. A record has its components; any other class has the properties of its public getters and setters, and its public fields.
 */
public final class Bean {
  private static final ClassValue<Bean> known =
      new ClassValue<>() {
        @Override
        protected Bean computeValue(Class<?> type) {
          return new Bean(type);
        }
      };

  /** One named value: `get` and `set` are a Method or a Field, or null if it cannot be read or written. */
  private static final class Property {
    final String name;
    java.lang.reflect.AccessibleObject get;
    java.lang.reflect.AccessibleObject set;
    Type type;

    Property(String name) {
      this.name = name;
    }
  }

  /** The package of `aws-lambda-java-events`. */
  private static final String EVENTS = "com.amazonaws.services.lambda.runtime.events.";

  private final Class<?> type;
  /** Found when a value is first made: most beans are only written, or have a constructor without parameters. */
  private volatile Immutable immutable;
  private final Map<String, Property> properties = new LinkedHashMap<>();
  /** For JSON that spells a name in another way. */
  private final Map<String, Property> loosely = new LinkedHashMap<>();

  private Bean(Class<?> type) {
    this.type = type;
    if (type.isRecord()) addComponents();
    else {
      for (Class<?> one = type; one != null && one != Object.class; one = one.getSuperclass()) addFields(one);
      List<Method> methods = Written.methods(type);
      for (Method method : methods) addGetter(method);
      for (Method method : methods) addSetter(method);
    }
    properties.values().removeIf(property -> property.get == null && property.set == null);
    // One that can be written comes before one that can only be read: of SNS's events, there are getSNS and setSns.
    for (Property property : properties.values()) loosely.merge(Names.loosely(property.name), property, (one, other) -> one.set == null ? other : one);
  }

  public static Bean of(Class<?> type) {
    return known.get(type);
  }

  /** Whether a class is the app's own, so that its values are told by what they consist of. */
  public static boolean describes(Class<?> type) {
    return !type.isArray() && !Scalars.isJavas(type);
  }

  public boolean has(String name) {
    return properties.containsKey(name);
  }

  /** The values by name, in a fixed order, without those that are null: AWS Lambda leaves them out as well. @throws IllegalArgumentException if a getter throws */
  public Map<String, Object> valuesOf(Object value) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (Property property : properties.values()) {
      Object one = property.get == null ? null : read(property, value);
      if (one != null) values.put(property.name, one);
    }
    return values;
  }

  /** A value of this class, made of JSON's. @param resolved gives a type of the class's code its meaning in this use of the class */
  Object make(Map<?, ?> values, Types resolved) {
    Constructor<?> plain = type.isRecord() ? null : plainConstructor();
    if (plain != null) return fill(instance(plain), values, Set.of(), resolved);
    if (immutable == null) immutable = type.isRecord() ? Immutable.ofRecord(type) : Immutable.of(type);
    Set<Object> used = new HashSet<>();
    Object made = immutable.make(values, resolved, used);
    return type.isRecord() ? made : fill(made, values, used, resolved);
  }

  private void addComponents() {
    for (RecordComponent component : type.getRecordComponents()) {
      Property property = property(component.getName());
      property.get = component.getAccessor();
      property.type = component.getGenericType();
      property.get.setAccessible(true);
    }
  }

  private void addFields(Class<?> of) {
    for (Field field : of.getDeclaredFields()) {
      if (!Modifier.isPublic(field.getModifiers()) || Modifier.isStatic(field.getModifiers()) || Modifier.isTransient(field.getModifiers())) continue;
      Property property = property(field.getName());
      if (property.get != null) continue;
      field.setAccessible(true);
      property.get = field;
      property.type = field.getGenericType();
      if (!Modifier.isFinal(field.getModifiers())) property.set = field;
    }
  }

  private static boolean isOther(Method method, int parameters) {
    return Modifier.isStatic(method.getModifiers()) || method.getDeclaringClass() == Object.class || method.getParameterCount() != parameters;
  }

  private void addGetter(Method method) {
    if (isOther(method, 0) || method.getReturnType() == void.class) return;
    String name = method.getName();
    boolean isBoolean = method.getReturnType() == boolean.class || method.getReturnType() == Boolean.class;
    String named = Names.after("get", name) != null ? Names.after("get", name) : isBoolean ? Names.after("is", name) : null;
    // A Groovy or Kotlin class has such a method as well.
    if (named == null || named.equals("metaClass")) return;
    method.setAccessible(true);
    Property property = property(named);
    property.get = method;
    if (property.type == null || property.set == null) property.type = method.getGenericReturnType();
  }

  private void addSetter(Method method) {
    if (isOther(method, 1) || Names.after("set", method.getName()) == null) return;
    Property property = property(Names.after("set", method.getName()));
    // Of several setters, the one of the getter's type is meant.
    if (property.set instanceof Method && property.get instanceof Method getter && getter.getReturnType() != method.getParameterTypes()[0]) return;
    method.setAccessible(true);
    property.set = method;
    property.type = method.getGenericParameterTypes()[0];
  }

  private Property property(String name) {
    return properties.computeIfAbsent(name, Property::new);
  }

  private static Object read(Property property, Object from) {
    try {
      return property.get instanceof Method getter ? getter.invoke(from) : ((Field) property.get).get(from);
    } catch (InvocationTargetException error) {
      throw new IllegalArgumentException("the getter of \"" + property.name + "\" threw " + error.getCause(), error.getCause());
    } catch (IllegalAccessException error) {
      throw new IllegalArgumentException(error.getMessage(), error);
    }
  }

  /** Null if the class has none. */
  private Constructor<?> plainConstructor() {
    if (type.isInterface() || Modifier.isAbstract(type.getModifiers())) {
      throw new IllegalArgumentException("no value can be made of " + type.getName() + ", because it is abstract");
    }
    try {
      return type.getDeclaredConstructor();
    } catch (NoSuchMethodException error) {
      return null;
    }
  }

  private Object instance(Constructor<?> constructor) {
    try {
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (InvocationTargetException error) {
      throw new IllegalArgumentException("the constructor of " + type.getName() + " threw " + error.getCause(), error.getCause());
    } catch (ReflectiveOperationException error) {
      throw new IllegalArgumentException(error.getMessage(), error);
    }
  }

  /** Names that the class does not have are ignored. @param used names whose values it has already */
  private Object fill(Object instance, Map<?, ?> values, Set<Object> used, Types resolved) {
    for (Map.Entry<?, ?> entry : values.entrySet()) {
      Property property = used.contains(entry.getKey()) ? null : find((String) entry.getKey());
      if (property == null || property.set == null) continue;
      Object value = Conversion.convert(given(entry.getValue(), property), resolved.resolve(property.type), property.name);
      try {
        if (property.set instanceof Method setter) setter.invoke(instance, value);
        else ((Field) property.set).set(instance, value);
      } catch (InvocationTargetException error) {
        throw new IllegalArgumentException("the setter of \"" + property.name + "\" threw " + error.getCause(), error.getCause());
      } catch (IllegalAccessException error) {
        throw new IllegalArgumentException(error.getMessage(), error);
      }
    }
    return instance;
  }

  private Property find(String name) {
    Property property = properties.get(name);
    return property != null && property.set != null ? property : loosely.get(Names.loosely(name));
  }

  /** Events of AWS tell dates in seconds. */
  private Object given(Object value, Property property) {
    boolean isInSeconds = property.type == Date.class && value instanceof Number && type.getName().startsWith(EVENTS);
    return isInSeconds ? Math.round(((Number) value).doubleValue() * 1_000) : value;
  }
}
