// Does a value have the shape of its message? The shapes are JSON Schemas written from the server's own types.

const PRIMITIVES = {
  string: (value) => typeof value === "string",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  null: (value) => value === null,
};

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function fitsObject(schema, value, all) {
  if (!isObject(value)) return false;
  const known = schema.properties ?? {};
  if ((schema.required ?? []).some((name) => !Object.hasOwn(value, name))) return false;
  return Object.entries(value).every(([name, item]) => {
    if (Object.hasOwn(known, name)) return fits(known[name], item, all);
    const other = schema.additionalProperties;
    return other === undefined || other === true || (other !== false && fits(other, item, all));
  });
}

function fitsString(schema, value) {
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value)) return false;
  return schema.maxLength === undefined || [...value].length <= schema.maxLength;
}

export function fits(schema, value, all) {
  if (schema.$ref) return fits(all[schema.$ref.replace("#/$defs/", "")], value, all);
  if (schema.anyOf) return schema.anyOf.some((one) => fits(one, value, all));
  if (schema.enum) return schema.enum.includes(value);
  if (schema.type === "object") return fitsObject(schema, value, all);
  if (schema.type === "array") return Array.isArray(value) && value.every((item) => fits(schema.items ?? {}, item, all));
  if (schema.type === undefined) return true;
  if (!PRIMITIVES[schema.type](value)) return false;
  if (schema.type === "string") return fitsString(schema, value);
  return !(value < schema.minimum) && !(value > schema.maximum);
}
